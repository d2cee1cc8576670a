"""Every single removal that makes a program smaller."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import partial

from nashforge.evolve.proposers.rewriting.operators.sites import sites
from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.formatting import shortened
from nashforge.evolve.proposers.rewriting.syntax.program import Program

_PEELED = ("np.sqrt", "np.abs", "np.tanh", "np.exp", "np.sign", "np.square", "np.log1p")
_short = partial(shortened, longest=60)

Reduction = tuple[str, Callable[[], None]]


def reductions(program: Program) -> Iterator[Reduction]:
    """Yield every single removal."""
    counts = _loop_counts(program)
    for name, node in program.constants.items():
        value = trees.literal(node)
        for simple in (1,) if name in counts else (1.0, 0.0):
            if value is not None and value != simple:
                apply = partial(program.constants.__setitem__, name, ast.Constant(simple))
                yield f"set {name} from {value:g} to {simple:g}", apply
    for method, function in program.methods.items():
        if method != "start":
            yield from _statements(function.body, method)
    for site in sites(program):
        for smaller in _smaller(site.node):
            told = f"replace {_short(site.node)} by {_short(smaller)} in {site.method}()"
            yield told, partial(site.slot.write, smaller)


def _loop_counts(program: Program) -> set[str]:
    """Return the class constants that say how often loops run, and so must be whole."""
    return {
        name
        for function in program.methods.values()
        for node in trees.walk(function)
        if trees.called(node) == "range"
        for part in trees.walk(node)
        if (name := trees.self_attribute(part)) is not None
    }


def _smaller(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the parts of an expression that could stand in its place."""
    if isinstance(node, ast.BinOp):
        if trees.literal(node.right) is None or not isinstance(node.op, ast.Add | ast.Sub):
            yield node.left
        if isinstance(node.op, ast.Add | ast.Mult):
            yield node.right
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Call) and not node.keywords:
        name = trees.called(node)
        if name == "np.where" and len(node.args) == 3:
            yield node.args[1]
            yield node.args[2]
        elif name in ("np.maximum", "np.minimum", "max", "min"):
            yield from (argument for argument in node.args if trees.literal(argument) is None)
        elif name in _PEELED or name == "np.clip":
            yield node.args[0]


def _statements(body: list[ast.stmt], method: str) -> Iterator[Reduction]:
    for statement in body:
        if isinstance(statement, ast.If):
            yield f"do not branch in {method}()", _unbranch(body, statement, statement.orelse)
            if not any(isinstance(inner, ast.Return) for inner in statement.body):
                yield f"do not branch in {method}()", _unbranch(body, statement, statement.body)
        pair = trees.assignment(statement)
        if pair is not None and pair[0].startswith("self."):
            yield f"do not update {pair[0][5:]} in {method}()", _unbranch(body, statement, [])
        for block in trees.blocks(statement):
            yield from _statements(block, method)


def _unbranch(body: list[ast.stmt], statement: ast.stmt, instead: list[ast.stmt]) -> Callable[[], None]:
    def apply() -> None:
        place = next(index for index, other in enumerate(body) if other is statement)
        body[place : place + 1] = instead

    return apply
