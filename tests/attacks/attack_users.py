"""How to start the attack runner as root and as an unprivileged user."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
UNPRIVILEGED = 65534
PACKAGES = ("nashforge", "numpy", "numba", "llvmlite", "landlockpy", "seccompy", "platformdirs", "filelock")
# Wheels keep shared libraries of a package in a folder beside it.
LIBRARIES = ("numpy.libs",)


@contextmanager
def command(user: str) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """Yield the runner's command and options of ``subprocess.run`` for ``"root"`` or ``"unprivileged"``."""
    root = os.geteuid() == 0
    if user == "root" and not root:
        pytest.skip("the tests do not run as root")
    places = dict.fromkeys(str(_package(name).parent) for name in PACKAGES)
    environment = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join([str(HERE), *places]), "LANG": "C.UTF-8"}
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    start = [sys.executable, str(HERE / "attack_runner.py")]
    if user == "root" or not root:
        yield start, {"env": environment, "cwd": "/"}
        return
    options: dict[str, Any] = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": [], "cwd": "/"}
    if _works(start, options | {"env": environment}):
        yield start, options | {"env": environment}
        return
    # The interpreter or the packages lie where only root can read them: copy what is needed.
    with tempfile.TemporaryDirectory(prefix="nashforge-unprivileged-") as folder:
        os.chmod(folder, 0o755)
        start, environment = _copy(Path(folder))
        yield start, options | {"env": environment}


def _package(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(next(iter(spec.submodule_search_locations)))


def _works(start: list[str], options: dict[str, Any]) -> bool:
    code = f"import {', '.join(PACKAGES)}; open({start[1]!r}).close()"
    try:
        return subprocess.run([start[0], "-c", code], capture_output=True, **options).returncode == 0
    except OSError:
        return False


def _copy(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Copy interpreter, standard library, packages and runner to a folder that everyone can read."""
    version = sysconfig.get_config_var("py_version_short")
    base = Path(sys.base_prefix)
    (folder / "bin").mkdir()
    shutil.copy(base / "bin" / f"python{version}", folder / "bin")
    skip = shutil.ignore_patterns(
        "site-packages",
        "test",
        "tests",
        "idlelib",
        "tkinter",
        "lib2to3",
        "ensurepip",
        "config-*",
        "turtledemo",
    )
    shutil.copytree(sysconfig.get_path("stdlib"), folder / "lib" / f"python{version}", ignore=skip)
    for library in (base / "lib").glob("libpython*.so*"):
        shutil.copy(library, folder / "lib")
    packages = folder / "packages"
    skip = shutil.ignore_patterns("tests")
    for name in PACKAGES:
        shutil.copytree(_package(name), packages / name, ignore=skip)
    for name in LIBRARIES:
        beside = _package("numpy").parent / name
        if beside.exists():
            shutil.copytree(beside, packages / name)
    for file in HERE.glob("attack_*.py"):
        shutil.copy(file, packages)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONHOME": str(folder),
        "PYTHONPATH": str(packages),
        "LD_LIBRARY_PATH": str(folder / "lib"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return [str(folder / "bin" / f"python{version}"), str(packages / "attack_runner.py")], environment
