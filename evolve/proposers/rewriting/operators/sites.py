"""Sites of expressions in a program, where others can be put in their place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import FIELDS, called, walk, walk_statements


@dataclass(frozen=True)
class Slot:
    """Place of an expression in the node that holds it: a field, and an index where the field is a list."""

    parent: ast.AST
    field: str
    place: int | None

    def write(self, node: ast.expr) -> None:
        """Put another expression there."""
        if self.place is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.place] = node


def slots(parent: ast.AST) -> Iterator[tuple[Slot, ast.expr]]:
    """Yield the expressions that a node holds, and where."""
    for field in FIELDS[parent.__class__]:
        child = getattr(parent, field, None)
        if isinstance(child, ast.expr):
            yield Slot(parent, field, None), child
        for place, node in enumerate(child if isinstance(child, list) else ()):
            if isinstance(node, ast.expr):
                yield Slot(parent, field, place), node


@dataclass(frozen=True)
class Site:
    """An expression of a program.

    Attributes
    ----------
    method : str
        The method it stands in.
    statement : ast.stmt
        The innermost statement it stands in.
    slot : Slot
        What holds it.
    node : ast.expr
        The expression.
    """

    method: str
    statement: ast.stmt
    slot: Slot
    node: ast.expr


STRUCTURAL = frozenset({"axis", "axes", "axisa", "axisb", "shape", "dtype", "ndmin", "ord", "k"})
"""Keywords whose values say how an array is laid out, which no edit changes."""


def structural(node: ast.AST) -> bool:
    """Whether what a node holds is no quantity: an axis, a shape, the range of a comprehension."""
    return isinstance(node, ast.comprehension) or (isinstance(node, ast.keyword) and node.arg in STRUCTURAL)


def sites(program: Program) -> list[Site]:
    """Return all expressions of the methods that could be replaced by others, in a fixed order."""
    return [
        site
        for method, function in program.methods.items()
        if method != "start" and not method.startswith("__")
        for _, _, statement in walk_statements(function.body)
        for site in _inside(method, statement)
    ]


def _inside(method: str, statement: ast.stmt) -> Iterator[Site]:
    """Yield the expressions of a statement, those of the statements inside it and of what it tells aside."""
    if isinstance(statement, ast.Raise):
        return
    for root, node in slots(statement):
        kept = set(_kept(node))
        if root.place is not None or root.field in ("target", "iter") or node in kept:
            continue
        yield Site(method, statement, root, node)
        for parent in walk(node):
            if isinstance(parent, ast.Attribute | ast.Subscript | ast.Lambda) or structural(parent):
                continue
            for slot, inner in slots(parent):
                held = isinstance(parent, ast.keyword) and called(inner)
                if inner not in kept and slot.field != "func" and not held:
                    yield Site(method, statement, slot, inner)


def _kept(node: ast.expr) -> Iterator[ast.AST]:
    """Yield what no edit changes in an expression: formatted strings, and what its parts are bound to."""
    for part in walk(node):
        if isinstance(part, ast.JoinedStr):
            yield from walk(part)
        elif isinstance(part, ast.comprehension | ast.NamedExpr):
            yield from walk(part.target)
