"""Files to touch for something new: one for a rule and a meta-solver, two for a command.

Measures, proposers and the domains of third parties, one file each: see `test_measures`, `test_proposers` and
`test_docs`, which runs the pages about them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.lines import PACKAGES, ROOT

COMMAND = '''"""``nashforge hello``."""

import typer


def hello() -> None:
    """Say hello."""
    typer.echo("hello from a new command")
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the sources, and of what was compiled of them: with their times, it stays valid."""
    for package in (*PACKAGES, "nashforge"):
        shutil.copytree(ROOT / package, tmp_path / package, symlinks=True)
    return tmp_path


def nashforge(tree: Path, *words: str) -> str:
    """Return what the command line of a tree prints."""
    done = subprocess.run(
        [sys.executable, "-m", "nashforge", *words],
        cwd=tree,
        env={"PYTHONPATH": f"{tree}", "HOME": f"{tree}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("domain", "folder", "like"),
    [
        ("cfr", "solvers/cfr/rules", "cfr_plus"),
        ("psro", "solvers/psro/meta_solvers", "uniform"),
        ("rqe", "solvers/learners/rules", "extragradient"),
        ("mfg", "solvers/meanfield/rules", "fixed_point"),
        ("rrps", "solvers/rrps/library", "markov"),
    ],
)
def test_a_program_of_the_library_is_one_file(tree: Path, domain: str, folder: str, like: str) -> None:
    text = (tree / folder / f"{like}.py").read_text()
    (tree / folder / "brand_new.py").write_text(text)
    assert "brand_new" in nashforge(tree, "rules", "--domain", domain, "--json")


def test_a_command_is_one_file_and_its_name(tree: Path) -> None:
    (tree / "cli/commands/hello.py").write_text(COMMAND)
    main = tree / "cli/main.py"
    main.write_text(main.read_text().replace('"solve equilibrium ', '"hello solve equilibrium '))
    assert "hello" in nashforge(tree, "--help")
    assert nashforge(tree, "hello") == "hello from a new command\n"
