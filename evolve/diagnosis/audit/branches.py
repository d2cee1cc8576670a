"""Branches of a program that are taken: a copy that tells them, and the reading of what it told.

The copy prints a number the first time that a branch is taken. What it prints begins with a word that was
drawn for it, so that no program prints the same by chance.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """A copy of a program that tells which branches it takes.

    Attributes
    ----------
    source : str
        Its source.
    word : str
        Begins what it prints.
    lines : dict
        The line of the original at which each branch begins, by its number.
    """

    source: str
    word: str
    lines: Mapping[int, int]

    def taken(self, log: str | None) -> frozenset[int]:
        """Return the branches that were taken, by what was printed."""
        found = re.findall(rf"^{re.escape(self.word)} (\d+)$", log or "", re.MULTILINE)
        return frozenset(int(number) for number in found) & frozenset(self.lines)


def telling(tree: ast.Module, word: str) -> Told:
    """Return a copy of a program that tells which branches it takes.

    Parameters
    ----------
    word
        Letters and digits that do not occur in the program.
    """
    marker = _Marker(f"_{word}")
    changed = marker.visit(copy.deepcopy(tree))
    kept = f"_{word}_kept"
    helper = ast.parse(
        f"{kept} = set()\n"
        f"def _{word}(k, value=None):\n"
        f"    if k not in {kept}:\n"
        f"        {kept}.add(k)\n"
        f"        print({word!r}, k)\n"
        f"    return value\n"
    ).body
    place = 0
    for place, statement in enumerate(changed.body):  # noqa: B007  after the docstring and the future
        first = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        if not (first or future):
            break
    changed.body[place:place] = helper
    return Told(ast.unparse(ast.fix_missing_locations(changed)), word, marker.lines)


class _Marker(ast.NodeTransformer):
    """Puts a call at the beginning of every branch."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.lines: dict[int, int] = {}

    def _number(self, line: int) -> int:
        self.lines[len(self.lines)] = line
        return len(self.lines) - 1

    def _call(self, line: int, *values: ast.expr) -> ast.Call:
        return ast.Call(ast.Name(self._name, ast.Load()), [ast.Constant(self._number(line)), *values], [])

    def _marked(self, body: list[ast.stmt]) -> None:
        body.insert(0, ast.Expr(self._call(body[0].lineno)))

    def visit_If(self, node: ast.If) -> ast.AST:
        """Mark both sides of a condition."""
        self.generic_visit(node)
        self._marked(node.body)
        if node.orelse and not (len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)):
            self._marked(node.orelse)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        """Mark the body of a loop."""
        self.generic_visit(node)
        self._marked(node.body)
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        """Mark the body of a loop."""
        self.generic_visit(node)
        self._marked(node.body)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        """Mark what is done about an exception."""
        self.generic_visit(node)
        self._marked(node.body)
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        """Mark a case."""
        self.generic_visit(node)
        self._marked(node.body)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """Mark both values of a conditional expression."""
        self.generic_visit(node)
        node.body = self._call(node.body.lineno, node.body)
        node.orelse = self._call(node.orelse.lineno, node.orelse)
        return node
