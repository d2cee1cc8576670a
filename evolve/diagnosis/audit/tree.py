"""A program's syntax tree as probes need it: its constants by name, the functions' parameters, the lines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

Number = int | float

MOST_BITS = 1023
"""Of whole numbers that are compared with others as floats: no size or moment is as large."""


class Code:
    """A program that was parsed.

    Parameters
    ----------
    source
        Its text.

    Raises
    ------
    SyntaxError
        If it is no Python.
    RecursionError, MemoryError
        If it is nested too deeply; whatever reads the tree may raise the former, too.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        try:
            self.tree = ast.parse(source)
        except ValueError as error:
            raise SyntaxError(str(error)) from error

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imported(self) -> dict[str, str]:
        """The modules that imported names stand for: ``np`` for ``numpy``."""
        found: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found[alias.asname or alias.name.partition(".")[0]] = alias.name
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"
        return found

    @cached_property
    def constants(self) -> dict[str, Number]:
        """Numbers that names of the module or of a class stand for, if they are given once."""
        found: dict[str, Number] = {}
        several: set[str] = set()
        for body in self._bodies():
            for statement in body:
                target, value = _assigned(statement)
                number = None if value is None else number_in(value)
                if target is None:
                    continue
                if number is None or target in found:
                    several.add(target)
                else:
                    found[target] = number
        return {name: number for name, number in found.items() if name not in several}

    @cached_property
    def denied(self) -> frozenset[str]:
        """Attributes that a class sets to False."""
        several = (_assigned(statement) for body in self._bodies() for statement in body)
        return frozenset(
            name
            for name, value in several
            if name is not None and isinstance(value, ast.Constant) and value.value is False
        )

    def _bodies(self) -> Iterator[list[ast.stmt]]:
        yield self.tree.body
        for node in self.nodes:
            if isinstance(node, ast.ClassDef):
                yield node.body

    @cached_property
    def functions(self) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, ...]:
        """All functions and methods."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
        return tuple(node for node in self.nodes if isinstance(node, kinds))

    def number(self, node: ast.expr) -> Number | None:
        """Return the number that an expression is, by a literal or by a name for one."""
        found = number_in(node)
        if found is not None:
            return found
        if isinstance(node, ast.Name):
            return self.constants.get(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            return self.constants.get(node.attr)
        return None

    def numbers(self, node: ast.expr) -> list[Number]:
        """Return the numbers that an expression is, or holds as a literal collection."""
        one = self.number(node)
        if one is not None:
            return [one]
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return [number for item in node.elts for number in self.numbers(item)]
        if isinstance(node, ast.Dict):
            return [number for key in node.keys if key is not None for number in self.numbers(key)]
        return []

    def text(self, node: ast.AST) -> str:
        """Return the source of a node in one line, shortened."""
        try:
            words = " ".join(ast.unparse(node).split())
        except ValueError:  # Python writes whole numbers of at most some thousand digits
            return "a number of thousands of digits"
        return words if len(words) <= 60 else f"{words[:59]}…"


def number_in(node: ast.expr) -> Number | None:
    """Return the number of a literal, with its sign; bools are none, nor is what no float can hold."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = number_in(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        small = isinstance(node.value, float) or node.value.bit_length() <= MOST_BITS
        return node.value if small and not isinstance(node.value, bool) else None
    return None


def _assigned(statement: ast.stmt) -> tuple[str | None, ast.expr | None]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
        return (target.id, value) if isinstance(target, ast.Name) else (None, None)
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id, statement.value
    return None, None
