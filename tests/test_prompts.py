"""The prompts render, say what is true of the code, and fail loudly when something is missing."""

from __future__ import annotations

import inspect

import pytest

import prompts
from evolve.domains import domain
from evolve.sandbox import Limits
from evolve.sandbox.program import STANDARD_IMPORTS, host_imports
from games import load_suite
from solvers.cfr import interface

VARIABLES = {
    "interface": inspect.getsource(interface),
    "imports": (*STANDARD_IMPORTS, *host_imports("solvers.cfr.host")),
    "limits": Limits(),
    "games": load_suite("cfr-train").games,
    "horizon": 1000,
    "reference": "dcfr",
    "floor": 1e-7,
}


def test_the_system_prompt_has_every_part_and_the_true_interface() -> None:
    text = prompts.render("cfr/system", **VARIABLES)
    headings = [line for line in text.splitlines() if line.startswith("# ")]
    assert headings == ["# Role", "# Interface", "# Sandbox", "# Task"]
    assert inspect.getsource(interface.Infosets) in text
    assert inspect.getsource(interface.RegretMinimizer) in text
    assert "1024 MiB" in text
    for game in load_suite("cfr-train").games:
        assert f"- {game}\n" in text
    assert "{{" not in text
    assert "{%" not in text


def test_every_domain_has_its_prompts() -> None:
    assert {name.split("/")[0] for name in prompts.template_names()} == {domain("cfr").name}
    assert "cfr/system" in prompts.template_names()


@pytest.mark.parametrize("missing", sorted(VARIABLES))
def test_a_missing_variable_is_an_error_that_names_it(missing: str) -> None:
    rest = {name: value for name, value in VARIABLES.items() if name != missing}
    with pytest.raises(prompts.PromptError, match=f"'{missing}' is undefined"):
        prompts.render("cfr/system", **rest)


@pytest.mark.parametrize("name", ["cfr/nothing", "../pyproject", "cfr", ""])
def test_an_unknown_prompt_is_an_error_that_lists_them(name: str) -> None:
    with pytest.raises(prompts.PromptError, match=r"the prompts are .*cfr/system"):
        prompts.render(name)
