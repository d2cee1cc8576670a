"""The library's CFR rules, one file each: seeds of the search, baselines and documentation at once."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from games.naming import choice

_FOLDER = Path(__file__).parent


class UnknownRuleError(ValueError):
    """No rule of the library has the name that was given."""


@cache
def rule_names() -> tuple[str, ...]:
    """Return the names of all rules of the library."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.py") if path.stem != "__init__"))


def rule_source(name: str) -> str:
    """Return the source of a rule.

    Raises
    ------
    UnknownRuleError
        If the library has no rule of that name.
    """
    if name not in rule_names():
        raise UnknownRuleError(
            f"there is no rule {name!r} in the library; {choice(name, rule_names())} (your own rule is "
            "the path of a file)"
        )
    return (_FOLDER / f"{name}.py").read_text(encoding="utf-8")


def rule_title(name: str) -> str:
    """Return the first line of a rule's documentation."""
    return (ast.get_docstring(ast.parse(rule_source(name))) or "").splitlines()[0]
