"""A directory full of modules that others wrote: none of them may run because somebody works there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import nashforge
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.executors.processes import DIRECTORY, python_command, python_environment

EFG = 'EFG 2 R "a file" { "A" "B" }\n""\np "" 1 1 "" { "l" "r" } 0\nt "" 1 "" { 1 -1 }\nt "" 2 "" { 2 -2 }\n'
NASHFORGE = Path(sys.executable).with_name("nashforge")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a module for every name that Python, our dependencies and we ourselves import."""
    folder = tmp_path_factory.mktemp("hostile")
    names = set(sys.stdlib_module_names) | set(metadata.packages_distributions()) | {"celeryconfig"}
    names |= {path.name for path in Path(__file__).resolve().parents[1].iterdir() if path.is_dir()}
    for name in names:
        if name.isidentifier():
            code = f"open({str(folder / 'ran')!r}, 'a').write({name!r} + chr(10))\n"
            (folder / f"{name}.py").write_text(code)
    (folder / "my.efg").write_text(EFG)
    return folder


def ran(hostile: Path) -> str:
    """Return which of the modules ran."""
    mark = hostile / "ran"
    return mark.read_text() if mark.exists() else ""


def test_the_directory_has_teeth(hostile: Path) -> None:
    control = subprocess.run([sys.executable, "-c", "import heapq"], cwd=hostile, check=True)
    assert control.returncode == 0
    assert ran(hostile) == "heapq\n"
    (hostile / "ran").unlink()


@pytest.mark.skipif(not NASHFORGE.exists(), reason="the command is not installed")
def test_commands_run_nothing_from_the_current_directory(hostile: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "NASHFORGE_DATABASE": str(tmp_path / "a.db"), "NASHFORGE_CACHE": "cache"}
    environment.pop("PYTHONPATH", None)
    words = ["evaluate", "cfr_plus", "--game", "efg_game(filename=my.efg)", "-n", "5", "--json"]
    done = subprocess.run(
        [NASHFORGE, *words], cwd=hostile, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert ran(hostile) == ""
    # The file was found though the worker is elsewhere, and is called as it was given.
    assert "efg_game(filename=my.efg)" in done.stdout
    assert all(row["status"] == "ok" for row in json.loads(done.stdout))
    assert (hostile / "cache").is_dir()


@pytest.mark.parametrize("python_path", ["", ".", os.pathsep, "./", os.pathsep + "/nowhere"])
def test_workers_have_no_current_directory_in_their_path(
    hostile: Path, monkeypatch: pytest.MonkeyPatch, python_path: str
) -> None:
    monkeypatch.chdir(hostile)
    monkeypatch.setenv("PYTHONPATH", python_path)
    executor = LocalExecutor(1)
    try:
        worker = executor._start()
        process = Path(f"/proc/{worker.process.pid}")
        if process.exists():
            assert os.readlink(process / "cwd") == DIRECTORY
        assert worker.process.stdin is not None
        worker.process.stdin.close()  # it has nothing to do, and ends
        worker.process.wait(60)
        assert worker.complaint() == "it left no message"
    finally:
        executor.close()
    assert ran(hostile) == ""


def test_own_processes_find_what_this_one_finds(hostile: Path, tmp_path: Path) -> None:
    code = "import heapq, json, os, sys, nashforge\nsay = [sys.path, sys.argv, os.getcwd(), heapq.__file__]"
    (tmp_path / "mine.py").write_text(f"{code}\nprint(json.dumps(say))\n")
    environment = python_environment({**os.environ, "PYTHONPATH": f"{os.pathsep}{tmp_path}{os.pathsep}."})
    done = subprocess.run(
        python_command("mine", "--flag"), cwd=DIRECTORY, env=environment, capture_output=True, text=True
    )
    path, arguments, place, heapq = json.loads(done.stdout)
    assert "" not in path
    assert DIRECTORY not in path
    assert str(tmp_path) in path
    assert arguments == [str(tmp_path / "mine.py"), "--flag"]
    assert place == DIRECTORY
    assert heapq == sys.modules["heapq"].__file__


def test_own_processes_find_the_package_where_this_one_has_it() -> None:
    [root] = [word for word in python_command("mine") if os.path.isabs(word) and word != sys.executable]
    assert (Path(root) / "nashforge" / "__init__.py").samefile(nashforge.__file__)


def test_relative_paths_are_made_absolute(hostile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hostile)
    made = python_environment({"PYTHONPATH": "sub:/abs:.:", "NASHFORGE_CACHE": ".", "HOME": "home"})
    assert made["PYTHONPATH"] == f"{hostile / 'sub'}:/abs"
    assert made["NASHFORGE_CACHE"] == str(hostile)
    assert made["HOME"] == "home"
