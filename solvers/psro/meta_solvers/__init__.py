"""The library's meta-solvers, one file each: seeds of the search, baselines and documentation at once."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from games.naming import choice

_FOLDER = Path(__file__).parent


class UnknownSolverError(ValueError):
    """No meta-solver of the library has the name that was given."""


@cache
def solver_names() -> tuple[str, ...]:
    """Return the names of all meta-solvers of the library."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.py") if path.stem != "__init__"))


def solver_source(name: str) -> str:
    """Return the source of a meta-solver.

    Raises
    ------
    UnknownSolverError
        If the library has no meta-solver of that name.
    """
    if name not in solver_names():
        raise UnknownSolverError(
            f"there is no meta-solver {name!r} in the library; {choice(name, solver_names())} (your own is "
            "the path of a file)"
        )
    return (_FOLDER / f"{name}.py").read_text(encoding="utf-8")


def solver_title(name: str) -> str:
    """Return the first line of a meta-solver's documentation."""
    return (ast.get_docstring(ast.parse(solver_source(name))) or "").splitlines()[0]
