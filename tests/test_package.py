"""The one package that is installed: its public names, and that nothing of a user's can get in its way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import nashforge

ROOT = Path(__file__).resolve().parents[1]
HOSTILE = "raise SystemExit('a file of the user was imported')\n"


def test_every_public_name_is_there() -> None:
    assert dir(nashforge) == sorted(nashforge.__all__)
    for name in nashforge.__all__:
        assert getattr(nashforge, name) is not None
    assert nashforge.solve("kuhn_poker", iterations=10).exploitability > 0


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = {"numpy", "pyspiel", "pydantic", "sqlalchemy"}
    code = f"import sys, nashforge; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.slow
def test_files_of_the_user_are_in_nobodys_way(tmp_path: Path) -> None:
    for name in ("games", "solvers", "evolve", "prompts", "cli"):
        (tmp_path / f"{name}.py").write_text(HOSTILE)
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "__init__.py").write_text(HOSTILE)
    code = (
        "import nashforge as nf\n"
        "assert nf.solve('kuhn_poker', iterations=5).exploitability > 0\n"
        "from nashforge.cli.main import main\n"
        "import sys\n"
        "sys.argv = ['nashforge', 'rules']\n"
        "main()\n"
    )
    for path in (f"{ROOT}", f"{tmp_path}:{ROOT}"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={"PYTHONPATH": path, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "cfr_plus" in done.stdout


@pytest.mark.slow
def test_importing_a_module_changes_nothing_of_the_process() -> None:
    """No processor is chosen, no linear program solved, no object frozen and no signal taken by an import."""
    code = (
        "import gc, importlib, os, pkgutil, signal, sys\n"
        "import numba, numpy, pyspiel, scipy.optimize\n"
        "def state():\n"
        "    handlers = [signal.getsignal(number) for number in signal.valid_signals()]\n"
        "    return os.sched_getaffinity(0), gc.get_freeze_count(), gc.isenabled(), os.getcwd(), handlers\n"
        "solved = []\n"
        "scipy.optimize.linprog = lambda *words, **options: solved.append(words)\n"
        "before = state()\n"
        "import nashforge\n"
        "for found in pkgutil.walk_packages(nashforge.__path__, 'nashforge.'):\n"
        "    if not any(part in found.name for part in ('migrations', '__main__')):\n"
        "        importlib.import_module(found.name)\n"
        "assert 'nashforge.solvers.psro.host' in sys.modules\n"
        "print(state() == before, solved)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "True []\n"
