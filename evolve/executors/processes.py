"""Python processes of our own: they load no module from the directory that somebody happens to be in.

``python -m`` puts the current directory before the standard library, so that a file ``heapq.py`` beside a
program of unknown origin would run with all rights of the user. These processes start in the root directory,
without it in their path (``python -P``), and know from where this process has Nashforge.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from nashforge import errors

DIRECTORY = os.path.abspath(os.sep)
"""Where they start, so that no path that is relative by mistake leads anywhere that others can write."""

# At the end of the path, as an editable installation puts it: no folder of ours hides a module of Python's.
_BOOT = (
    "import runpy, sys; root, name = sys.argv[1:3]; del sys.argv[1:3]; "
    "root in sys.path or sys.path.append(root); runpy.run_module(name, run_name='__main__', alter_sys=True)"
)

_PATHS = (
    "NASHFORGE_BROKER_CA",
    "NASHFORGE_BROKER_CERT",
    "NASHFORGE_BROKER_KEY",
    "NASHFORGE_CACHE",
    "NASHFORGE_PRICES",
    "NUMBA_CACHE_DIR",
)
"""Variables with a path, which is relative to the directory of this process."""


def python_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module in a process of its own; start it in `DIRECTORY`."""
    root = str(Path(errors.__file__).resolve().parents[1])
    flags = ["-P", *(["-B"] if sys.dont_write_bytecode else [])]
    return [sys.executable, *flags, "-c", _BOOT, root, module, *arguments]


def python_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which `python_command` finds what this process finds.

    Paths are made absolute. Entries of ``PYTHONPATH`` that mean "wherever I am" (an empty one, as a colon too
    many makes it, or a dot) are left out.
    """
    made = {**environment, "PYTHONSAFEPATH": "1"}
    entries = made.pop("PYTHONPATH", "").split(os.pathsep)
    places = [place for entry in entries if (place := _absolute(entry)) is not None]
    if places:
        made["PYTHONPATH"] = os.pathsep.join(places)
    for name in _PATHS:
        if made.get(name):
            made[name] = _absolute(made[name], whatever=True) or made[name]
    return made


def _absolute(path: str, whatever: bool = False) -> str | None:
    """Return a path that means the same elsewhere; None for the current directory, unless it was named."""
    if os.path.isabs(path):
        return path
    if not whatever and os.path.normpath(path or os.curdir) == os.curdir:
        return None
    try:
        return os.path.abspath(path)
    except FileNotFoundError:  # the current directory is gone, and with it what is relative to it
        return None
