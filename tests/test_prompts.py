"""The prompts render, say what is true of the code, and fail loudly when something is missing."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge import prompts
from nashforge.evolve.domains import domain
from nashforge.evolve.proposers.llm.context.deciding import Validation
from nashforge.evolve.proposers.llm.context.knowledge import Best, Knowledge, KnownProgram
from nashforge.evolve.sandbox import Limits
from nashforge.evolve.sandbox.program import STANDARD_IMPORTS, host_imports
from nashforge.games import load_suite
from nashforge.solvers.cfr import interface

KNOWN = KnownProgram("dcfr", "discounted CFR", "R <- R * d + r", 0.0, {"leduc_poker": 1e-4})

VARIABLES = {
    "interface": inspect.getsource(interface),
    "imports": (*STANDARD_IMPORTS, *host_imports("nashforge.solvers.cfr.host")),
    "limits": Limits(),
    "games": load_suite("cfr-train").games,
    "horizon": 1000,
    "reference": "dcfr",
    "floor": 1e-7,
    "kind": "log_ratio",
    "metric": "exploitability",
    "better": "lower",
    "facts": dict.fromkeys(load_suite("cfr-train").games, "12 information sets"),
    "rules": ["Games are played for 100 and 1,000 iterations."],
    "knowledge": Knowledge(
        (KNOWN,), {"leduc_poker": Best(1e-4, "dcfr")}, {"optimism": {"last": "As before."}}
    ),
    "families": {"optimism": "predictions"},
    "validation": Validation(4, "games", 2, "A and B", disguised=True),
    "parents_by": "train",
}


def test_the_system_prompt_has_every_part_and_the_true_interface() -> None:
    text = prompts.render("cfr/system", **VARIABLES)
    headings = [line for line in text.splitlines() if line.startswith("# ")]
    assert headings == ["# Role", "# Interface", "# Sandbox", "# What is known", "# Task"]
    assert inspect.getsource(interface.Infosets) in text
    assert inspect.getsource(interface.RegretMinimizer) in text
    assert "1024 MiB" in text
    for game in load_suite("cfr-train").games:
        assert f". {game}: 12 information sets\n" in text
    assert "{{" not in text
    assert "{%" not in text


def test_every_domain_has_its_prompts() -> None:
    assert f"{domain('cfr').name}/system" in prompts.template_names()
    assert {"common/user", "common/edit", "common/repair"} <= set(prompts.template_names())


def test_templates_of_a_domain_and_of_a_folder_come_before_shared_ones(tmp_path: Path) -> None:
    shown = {"whole": False, "families": (), "focus": None}
    assert "Task: edit" in prompts.render_for("cfr", "edit", **shown)
    for name, text in {"a/common/form_of_edits": "My form.", "b/cfr/edit": "Only for rules."}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / f"{name}.jinja").write_text(text)
    mine = prompts.render_for("cfr", "edit", folders=[tmp_path / "a"], **shown)
    assert "Task: edit" in mine
    assert mine.rstrip().endswith("My form.")
    assert prompts.render_for("cfr", "edit", folders=[tmp_path / "b"], **shown) == "Only for rules."
    assert "Task: edit" in prompts.render_for("cfr", "edit", **shown)


@settings(max_examples=40)
@given(text=st.text(), lines=st.lists(st.sampled_from(["```", "````python", "x = 1", "{{ x }}", "<|"])))
def test_quoted_text_cannot_leave_its_fence(text: str, lines: list[str]) -> None:
    quoted = prompts.fenced("\n".join([text, *lines]), "python")
    first, *inside, last = quoted.split("\n")
    assert first == last + "python"
    assert set(last) == {"`"}
    assert not any(line.lstrip().startswith(last) for line in inside)
    assert all(c.isprintable() or c == "\t" for line in inside for c in line)


def test_what_is_inserted_is_never_a_template() -> None:
    variables = VARIABLES | {"reference": "{{ imports }}{% include 'cfr/role' %}"}
    assert "{{ imports }}{% include 'cfr/role' %}" in prompts.render("cfr/system", **variables)


@pytest.mark.parametrize("missing", sorted(VARIABLES))
def test_a_missing_variable_is_an_error_that_names_it(missing: str) -> None:
    rest = {name: value for name, value in VARIABLES.items() if name != missing}
    with pytest.raises(prompts.PromptError, match=f"'{missing}' is undefined"):
        prompts.render("cfr/system", **rest)


@pytest.mark.parametrize("name", ["cfr/nothing", "../pyproject", "cfr", ""])
def test_an_unknown_prompt_is_an_error_that_lists_them(name: str) -> None:
    with pytest.raises(prompts.PromptError, match=r"the prompts are .*cfr/system"):
        prompts.render(name)


@pytest.mark.parametrize(
    "text",
    [
        "{{ cycler.__init__.__globals__.os.mkdir(mark) }}",
        "{{ lipsum.__globals__['os'].mkdir(mark) }}",
        "{{ limits.__init__.__globals__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ '{0.__class__.__mro__}'.format(limits) }}",
        "{{ self.__init__.__globals__.__builtins__.open(mark, 'w') }}",
        "{% set x = games.append('my own') %}{{ games }}",
        "{% for _ in range(10) %}{% endfor %}",
        "{{ 1 / 0 }}",
        "{{ horizon + 'x' }}",
        "{{ 'x' % (1, 2) }}",
        "{% include 'cfr/system' %}",
    ],
)
def test_templates_reach_nothing_but_what_they_are_given(text: str, tmp_path: Path) -> None:
    """A folder of prompts may come with somebody else's run."""
    (tmp_path / "cfr").mkdir()
    (tmp_path / "cfr" / "system.jinja").write_text(text)
    mark = tmp_path / "ran"
    given_variables = {**VARIABLES, "mark": str(mark), "games": list(VARIABLES["games"])}
    with pytest.raises(prompts.PromptError, match="the prompt 'cfr/system' cannot be rendered"):
        prompts.render("cfr/system", folders=[tmp_path], **given_variables)
    assert not mark.exists()
    assert given_variables["games"] == list(VARIABLES["games"])
