"""Rewrites expressions into simpler ones with the same value."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from operator import add, mul, sub, truediv

from nashforge.evolve.proposers.rewriting.analysis.inference import Analysis
from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.program import Program

_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv,
}  # fmt: skip


def fold(program: Program) -> None:
    """Simplify every expression of a program, in place."""
    assigned = set(program.state())
    known = {
        name: value
        for name, node in program.constants.items()
        if name not in assigned and (value := trees.literal(node)) is not None
    }
    folder = _Folder(known, program.kind.positive)
    for function in program.methods.values():
        folder.visit(function)
    for name, node in program.constants.items():
        if not isinstance(node, ast.Constant):
            program.constants[name] = folder.visit(node)


class _Folder(ast.NodeTransformer):
    def __init__(self, known: Mapping[str, float], positive: frozenset[str]) -> None:
        self.known, self.positive = known, positive

    def value(self, node: ast.expr) -> float | None:
        """Return the number that a literal or a class constant stands for."""
        name = trees.self_attribute(node)
        return self.known.get(name) if name is not None else trees.literal(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        folded = self.literals(node)
        if folded is not None:
            return folded
        left, right = self.value(node.left), self.value(node.right)
        match node.op:
            case ast.Mult() if left == 1:
                return node.right
            case ast.Mult() | ast.Div() | ast.Pow() if right == 1:
                return node.left
            case ast.Mult() if trees.literal(node.left) == -1:
                return ast.UnaryOp(ast.USub(), node.right)
            case ast.Add() if left == 0:
                return node.right
            case ast.Add() | ast.Sub() if right == 0:
                return node.left
            case ast.Sub() if left == 0:
                return ast.UnaryOp(ast.USub(), node.right)
            case ast.Add() | ast.Sub():
                if isinstance(node.right, ast.UnaryOp) and isinstance(node.right.op, ast.USub):
                    turned = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
                    return ast.BinOp(node.left, turned, node.right.operand)
        return node

    def literals(self, node: ast.BinOp) -> ast.expr | None:
        """Fold an operation on two literals if the result is short to write."""
        left, right, operation = (
            trees.literal(node.left),
            trees.literal(node.right),
            _ARITHMETIC.get(type(node.op)),
        )
        if left is None or right is None or operation is None or (operation is truediv and right == 0):
            return None
        result = operation(left, right)
        return (
            trees.number(result)
            if len(repr(result)) <= 5 and trees.literal(trees.number(result)) == result
            else None
        )

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.UnaryOp(op=ast.USub(), operand=inner)):
                return inner
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return inner
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if node.keywords:
            return node
        match trees.called(node), node.args:
            case ("np.maximum" | "np.minimum" | "max" | "min") as name, [_, _]:
                return self.extreme(node, name)
            case ("np.abs" | "np.sign") as name, [inner] if trees.called(inner) == name:
                return inner
            case "np.where", [_, first, second] if trees.same(first, second):
                # The condition only adds its shape, which matters if both values are scalars.
                return first if not isinstance(first, ast.Constant) else node
            case name, [ast.Call(args=[_, _] as parts) as inner] if (
                name in self.positive and trees.called(inner) == "np.maximum"
            ):
                floors = [place for place, part in enumerate(parts) if trees.literal(part) == 0]
                if floors:
                    node.args = [parts[1 - floors[0]]]
        return node

    def extreme(self, node: ast.Call, name: str) -> ast.expr:
        """Fold ``max(max(x, a), b)`` and the like."""
        first, second = node.args
        a, b = trees.literal(first), trees.literal(second)
        pick = max if name.endswith(("max", "maximum")) else min
        if a is not None and b is not None:
            return trees.number(pick(a, b))
        if trees.same(first, second):
            return first
        inner, bound = (first, b) if b is not None else (second, a)
        if (
            bound is None
            or not isinstance(inner, ast.Call)
            or trees.called(inner) != name
            or len(inner.args) != 2
        ):
            return node
        for other, rest in ((trees.literal(part), inner.args[1 - k]) for k, part in enumerate(inner.args)):
            if other is not None:
                return ast.Call(trees.clone(node.func), [rest, trees.number(pick(other, bound))], [])
        return node


def fold_signs(program: Program, analysis: Analysis) -> bool:
    """Drop, in place, the absolute value and the positive part of what is never negative.

    Only signs are used, which hold for any number of iterations. Returns whether anything changed.
    """
    changed = False

    def replace(node: ast.AST) -> ast.AST | None:
        nonlocal changed
        if not isinstance(node, ast.Call) or node.keywords:
            return None
        name = trees.called(node)
        if name == "np.abs" and len(node.args) == 1:
            kept = node.args[0]
        elif (
            name == "np.maximum" and len(node.args) == 2 and 0 in (trees.literal(part) for part in node.args)
        ):
            kept = node.args[0] if trees.literal(node.args[1]) == 0 else node.args[1]
        else:
            return None
        value = analysis.values.get(id(kept))
        if value is None or value.low < 0 or value.shape != analysis.shape(node):
            return None
        changed = True
        return trees.substitute(kept, replace)

    for name, function in program.methods.items():
        if name in program.kind.interface:
            trees.substitute(function, replace)
    return changed
