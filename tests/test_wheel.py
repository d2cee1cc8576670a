"""What ``pip install .`` installs is complete: a wheel is built, unpacked elsewhere and used from there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("games", "solvers", "evolve", "prompts", "archive", "cli")
DATA = (".toml", ".txt", ".jinja", ".mako", ".ini", ".js", ".css")


def built(source: Path, out: Path, build: str = "build_wheel") -> Path:
    """A wheel built from a copy of the sources, since building leaves files behind."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("nashforge", *PACKAGES):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignore, symlinks=True)
    code = f"from setuptools import build_meta; print(build_meta.{build}({str(out)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the sources as they are."""
    return built(tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's contents, as an installer lays them out."""
    place = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    return place


def nashforge(installed: Path, folder: Path, *words: str) -> str:
    """Run the installed command in another folder and return what it prints."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(installed),
        "PYTHONSAFEPATH": "1",
        "NASHFORGE_DATABASE": str(folder / "nashforge.db"),
        "NASHFORGE_CACHE": str(folder / "cache"),
    }
    code = (
        "import sys, importlib.metadata as m, nashforge\n"
        f"assert nashforge.__file__.startswith({str(installed)!r}), nashforge.__file__\n"
        f"entry, = m.distribution('nashforge').entry_points.select(name='nashforge')\n"
        f"sys.argv = {['nashforge', *words]!r}\n"
        "entry.load()()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_every_module_and_data_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        (license_name,) = (name for name in archive.namelist() if name.endswith("licenses/LICENSE"))
        assert archive.read(license_name) == (ROOT / "LICENSE").read_bytes()
    there = {
        f"nashforge/{path.relative_to(ROOT).as_posix()}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".py", *DATA) or path.name == "py.typed"
    }
    own = {f"nashforge/{path.name}" for path in (ROOT / "nashforge").iterdir() if path.is_file()}
    assert held == there | own
    assert "nashforge/archive/migrations/script.py.mako" in held


def test_the_installed_command_works_anywhere(installed: Path, tmp_path: Path) -> None:
    assert "nashforge run cfr" in nashforge(installed, tmp_path, "--help")
    suites = json.loads(nashforge(installed, tmp_path, "suites", "--json"))
    assert {"cfr-train", "cfr-test", "cfr-11", "cfr-18"} <= {suite["name"] for suite in suites}
    rules = json.loads(nashforge(installed, tmp_path, "rules", "--json"))
    assert "vad_cfr" in {rule["name"] for rule in rules}


@pytest.mark.skipif(sys.platform != "linux", reason="searches need the sandbox")
def test_the_installed_package_searches(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(
        'name = "tiny"\npurpose = "Quick."\ngames = ["kuhn_poker"]\n', encoding="utf-8"
    )
    words = ["run", "cfr", "--max-evaluations", "3", "--horizon", "20", "--workers", "1", "--json"]
    suites = [f"--{split}suite=tiny.toml" for split in ("", "validation-", "test-")]
    result = json.loads(nashforge(installed, tmp_path, *words, *suites).splitlines()[-1])
    assert result["evaluations"] == 3
    assert result["stop_reason"] == "max_evaluations"
    (row,) = json.loads(nashforge(installed, tmp_path, "runs", "--json"))
    assert row["run"] == result["run"]


def test_a_clone_is_imported_from_the_folder_that_it_is_in(tmp_path: Path) -> None:
    """As `make install` installs it: a folder named nashforge is no package, and hides none."""
    clone, place = tmp_path / "nashforge", tmp_path / "place"
    clone.mkdir()
    with zipfile.ZipFile(built(clone, tmp_path, "build_editable")) as archive:
        archive.extractall(place)
    code = (
        f"import site; site.addsitedir({str(place)!r})\n"
        "import nashforge; print(nashforge.__file__, 'solve' in nashforge.__all__)"
    )
    for folder in (tmp_path, clone, place):
        done = subprocess.run(
            [sys.executable, "-S", "-E", "-c", code], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.stdout == f"{clone / 'nashforge' / '__init__.py'} True\n", done.stderr
