"""Documentation and properties of library programs, read from their sources."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nashforge.evolve.domains.base import Domain
    from nashforge.solvers.cfr.properties import Properties

DECLARATIONS = ("scale_free", "first_average")
"""What a class of the library says of itself, which is no constant of its formula."""


@dataclass(frozen=True)
class Description:
    """A library program for people.

    Attributes
    ----------
    title : str
        First line of its documentation, without the full stop.
    formula : str
        What is between the title and the source; may have several lines.
    citation : str
        Paper, authors, year; empty if none is given.
    constants : str
        The values that its source gives to what the formula leaves open; empty if there are none.
    """

    name: str
    title: str
    formula: str
    citation: str
    constants: str = ""


def described(name: str, source: str) -> Description:
    """Return what a program's documentation says: a title, a formula, and ``Source: ...``."""
    tree = ast.parse(source)
    text = ast.get_docstring(tree) or ""
    title, _, rest = text.partition("\n")
    formula, _, citation = rest.partition("Source:")
    formula = re.sub(r"\n{3,}", "\n\n", formula.strip("\n")).rstrip()
    return Description(
        name=name,
        title=title.strip().rstrip("."),
        formula=formula,
        citation=" ".join(citation.split()).rstrip("."),
        constants=constants(tree, formula),
    )


def constants(tree: ast.Module, formula: str) -> str:
    """Return the constants of a program, and schedules of names that its formula uses without saying them.

    Constants are numbers that the module or its class assigns; schedules are what a method assigns to a name
    of the formula, such as ``alpha = 1.0 + 1.5 * progress``, with the names that they use in turn.
    """
    fixed: dict[str, ast.expr] = {}
    local: dict[str, ast.expr] = {}
    for body in (tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))):
        fixed |= {name: value for name, value in _assigned(body) if _is_number(value)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            local |= dict(_assigned(node.body))
    told = {name: value for name, value in fixed.items() if name not in DECLARATIONS}
    said = set(re.findall(r"(\w+)(?:\([^()]*\))? =", formula))
    wanted = [name for name in re.findall(r"[^\W\d]\w+", formula) if name not in said]
    for name in wanted:
        if name not in told and name in local and _is_schedule(local[name], {*fixed, *local} - {name}):
            told[name] = local[name]
            wanted += [used.id for used in ast.walk(local[name]) if isinstance(used, ast.Name)]
    return ", ".join(f"{name} = {ast.unparse(value).replace('self.', '')}" for name, value in told.items())


def _assigned(body: list[ast.stmt]) -> list[tuple[str, ast.expr]]:
    """Return the names that single statements of a block assign, and to what."""
    return [
        (line.targets[0].id, line.value)
        for line in body
        if isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name)
    ]


def _is_number(value: ast.expr) -> bool:
    """Whether an expression is a number, or a tuple of numbers."""
    try:
        found = ast.literal_eval(value)
    except ValueError:
        return isinstance(value, ast.BinOp) and all(map(_is_number, (value.left, value.right)))
    return all(
        isinstance(one, int | float) and not isinstance(one, bool)
        for one in (found if isinstance(found, tuple) else (found,))
    )


def _is_schedule(value: ast.expr, known: set[str]) -> bool:
    """Whether an expression is made of numbers, known names, the iteration and the horizon alone."""
    for used in ast.walk(value):
        if isinstance(used, ast.Call) and not isinstance(used.func, ast.Name):
            return False
        if isinstance(used, ast.Name) and used.id not in {"self", "t", "min", "max", *known}:
            return False
        if isinstance(used, ast.Attribute) and used.attr not in {"horizon", *known}:
            return False
    return True


def properties_of(work: Domain, name: str) -> Properties | None:
    """Return the properties of a CFR rule of the library, declared or found by playing; None of others."""
    if work.kind is None or work.kind.name != "cfr":
        return None
    from nashforge.solvers.cfr.properties import properties

    return properties(work.source(name), work.horizon)


def scale_free(work: Domain, name: str) -> bool | None:
    """Return whether the unit of payoffs is nothing to a library program; None where nothing is known."""
    known = properties_of(work, name)
    if known is not None or work.kind is None or work.kind.name != "psro":
        return None if known is None else known.scale_free
    from nashforge.solvers.programs.session import find_class, load_module
    from nashforge.solvers.psro.interface import MetaSolver

    return find_class(load_module(work.source(name)), MetaSolver).scale_free
