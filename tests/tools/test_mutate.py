"""The tool tells what it should; that the list fits the tree is checked in tests/test_repository.py."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def mutate():
    """The tool, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("nashforge_mutate", ROOT / "tools" / "mutate.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_what_was_blind_is_on_the_list(mutate):
    changed = {(mutation.file, mutation.new.strip()) for mutation in mutate.load()}
    assert {
        ("evolve/search/scoreboard.py", "return best[-1]"),
        ("evolve/evaluation/stages.py", "return fitness is not None"),
        ("evolve/search/program_store.py", "known is not None and known[0] <= before"),
        ("evolve/sandbox/session.py", "pass"),
    } <= changed
    assert len(changed) >= 40


@pytest.fixture
def project(tmp_path):
    """A tiny tree under git: one module, one test that sees its result."""
    (tmp_path / "sums.py").write_text("def total(a, b):\n    return a + b + 0\n")
    (tmp_path / "test_sums.py").write_text(
        "from sums import total\n\n\ndef test_total():\n    assert total(2, 3) == 5\n"
    )
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    return tmp_path


def mutation(mutate, old, new, **changes):
    made = {"name": "m", "file": "sums.py", "old": old, "new": new, "tests": ("test_sums.py::test_total",)}
    return mutate.Mutation(**(made | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"old": "a - b"}, "occurs 0 times in sums.py"),
        ({"old": "a"}, "occurs 3 times"),
        ({"new": "a + b"}, "the same"),
        ({"file": "other.py"}, "no file other.py"),
        ({"tests": ()}, "at least one test"),
        ({"tests": ("test_others.py",)}, "no file of tests"),
        ({"tests": ("test_sums.py::test_difference",)}, "no test test_difference"),
    ],
)
def test_a_mutation_that_does_not_fit_is_refused(mutate, project, changes, message):
    given = {"old": "a + b", "new": "a - b"} | changes
    with pytest.raises(mutate.MutationError, match=message):
        mutation(mutate, **given).check(project)


@pytest.mark.slow
def test_mutations_are_killed_or_survive_and_the_checkout_stays_as_it_is(mutate, project):
    before = {path: path.read_bytes() for path in project.glob("*.py")}
    noticed = mutation(mutate, "a + b", "a - b", name="noticed")
    harmless = mutation(mutate, "+ 0", "- 0", name="harmless")
    no_python = mutation(mutate, "return", "retrun", name="no Python")
    endless = mutation(mutate, "return", "while True: pass\n    return", name="endless")
    with mutate.trees(project, 1) as [tree]:
        found = {m.name: o for m, o in mutate.try_all([noticed, harmless, no_python], [tree])}
        late = tree.attempt(endless, seconds=1.0)
    assert found["noticed"].word == mutate.KILLED
    assert found["noticed"].detail == "test_sums.py::test_total"
    assert found["harmless"].word == mutate.SURVIVED
    assert found["no Python"].word == mutate.BROKEN
    assert late.word == mutate.LATE
    assert {path: path.read_bytes() for path in project.glob("*.py")} == before


def test_a_copy_has_the_links_of_the_tree(mutate, project, tmp_path_factory):
    """``nashforge/`` is made of them."""
    (project / "parts").mkdir()
    (project / "parts" / "one.py").write_text("ONE = 1\n")
    (project / "whole").mkdir()
    (project / "whole" / "parts").symlink_to("../parts")
    copy = mutate.Tree(project, tmp_path_factory.mktemp("copy")).path
    assert (copy / "whole" / "parts").is_symlink()
    assert (copy / "whole" / "parts" / "one.py").read_text() == "ONE = 1\n"
