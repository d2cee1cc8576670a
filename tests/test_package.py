"""The one package that is installed: its public names, and that nothing of a user's can get in its way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
