"""Where expressions stand in a program, and how to put others in their place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import FIELDS, called, walk, walk_statements


@dataclass(frozen=True)
class Site:
    """An expression and the slot that holds it.

    Attributes
    ----------
    method : str
        The method it stands in.
    statement : ast.stmt
        The innermost statement it stands in.
    parent : ast.AST
        The node that holds it.
    field, place
        The slot of the parent: a field, and an index where the field is a list.
    node : ast.expr
        The expression.
    """

    method: str
    statement: ast.stmt
    parent: ast.AST
    field: str
    place: int | None
    node: ast.expr

    def write(self, node: ast.expr) -> None:
        """Put another expression in its place."""
        if self.place is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.place] = node


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
    """Yield the expressions of a statement, those of the statements inside it aside."""
    for field in FIELDS[statement.__class__]:
        root = getattr(statement, field, None)
        if not isinstance(root, ast.expr) or field in ("target", "iter"):
            continue
        yield Site(method, statement, statement, field, None, root)
        for parent in walk(root):
            if isinstance(parent, ast.Attribute | ast.Subscript | ast.Lambda) or structural(parent):
                continue
            for name in FIELDS[parent.__class__]:
                child = getattr(parent, name, None)
                if name == "func" or (isinstance(parent, ast.keyword) and called(child or parent)):
                    continue
                if isinstance(child, ast.expr):
                    yield Site(method, statement, parent, name, None, child)
                elif isinstance(child, list):
                    for place, part in enumerate(child):
                        if isinstance(part, ast.expr):
                            yield Site(method, statement, parent, name, place, part)
