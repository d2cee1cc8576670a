"""Rewrites expressions into simpler ones with the same value."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from nashforge.evolve.proposers.rewriting.analysis.inference import Analysis
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    called,
    clone,
    literal,
    number,
    same,
    self_attribute,
    substitute,
)


def fold(program: Program) -> None:
    """Simplify every expression of a program, in place."""
    assigned = set(program.state())
    known = {
        name: value
        for name, node in program.constants.items()
        if name not in assigned and (value := literal(node)) is not None
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
        name = self_attribute(node)
        return self.known.get(name) if name is not None else literal(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        left, right = self.value(node.left), self.value(node.right)
        folded = self.literals(node)
        if folded is not None:
            return folded
        match node.op:
            case ast.Mult():
                if left == 1:
                    return node.right
                if right == 1:
                    return node.left
                if literal(node.left) == -1:
                    return ast.UnaryOp(ast.USub(), node.right)
            case ast.Div() if right == 1:
                return node.left
            case ast.Pow() if right == 1:
                return node.left
            case ast.Add():
                if left == 0:
                    return node.right
                if right == 0:
                    return node.left
                if isinstance(node.right, ast.UnaryOp) and isinstance(node.right.op, ast.USub):
                    return ast.BinOp(node.left, ast.Sub(), node.right.operand)
            case ast.Sub():
                if right == 0:
                    return node.left
                if left == 0:
                    return ast.UnaryOp(ast.USub(), node.right)
                if isinstance(node.right, ast.UnaryOp) and isinstance(node.right.op, ast.USub):
                    return ast.BinOp(node.left, ast.Add(), node.right.operand)
        return node

    def literals(self, node: ast.BinOp) -> ast.expr | None:
        """Fold an operation on two literals if the result is short to write."""
        left, right = literal(node.left), literal(node.right)
        if left is None or right is None:
            return None
        match node.op:
            case ast.Add():
                result = left + right
            case ast.Sub():
                result = left - right
            case ast.Mult():
                result = left * right
            case ast.Div() if right != 0:
                result = left / right
            case _:
                return None
        return number(result) if len(repr(result)) <= 5 and literal(number(result)) == result else None

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        inner = node.operand
        if (
            isinstance(node.op, ast.USub)
            and isinstance(inner, ast.UnaryOp)
            and isinstance(inner.op, ast.USub)
        ):
            return inner.operand
        return inner if isinstance(node.op, ast.UAdd) else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = called(node)
        if node.keywords:
            return node
        if name in ("np.maximum", "np.minimum", "max", "min") and len(node.args) == 2:
            return self.extreme(node, name)
        if name in ("np.abs", "np.sign") and len(node.args) == 1 and called(node.args[0]) == name:
            return node.args[0]
        if name == "np.where" and len(node.args) == 3 and same(node.args[1], node.args[2]):
            # The condition only adds its shape, which matters if both values are scalars.
            return node.args[1] if not isinstance(node.args[1], ast.Constant) else node
        if name in self.positive and len(node.args) == 1:
            inner = node.args[0]
            if called(inner) == "np.maximum" and isinstance(inner, ast.Call) and len(inner.args) == 2:
                floors = [place for place, part in enumerate(inner.args) if literal(part) == 0]
                if floors:
                    node.args = [inner.args[1 - floors[0]]]
        return node

    def extreme(self, node: ast.Call, name: str) -> ast.expr:
        """Fold ``max(max(x, a), b)`` and the like."""
        first, second = node.args
        a, b = literal(first), literal(second)
        pick = max if name.endswith(("max", "maximum")) else min
        if a is not None and b is not None:
            return number(pick(a, b))
        if same(first, second):
            return first
        inner, bound = (first, b) if b is not None else (second, a)
        if bound is None or not isinstance(inner, ast.Call) or called(inner) != name or len(inner.args) != 2:
            return node
        bounds = [literal(part) for part in inner.args]
        for place in (0, 1):
            other = bounds[place]
            if other is not None:
                return ast.Call(clone(node.func), [inner.args[1 - place], number(pick(other, bound))], [])
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
        name = called(node)
        if name == "np.abs" and len(node.args) == 1:
            kept = node.args[0]
        elif name == "np.maximum" and len(node.args) == 2 and 0 in (literal(part) for part in node.args):
            kept = node.args[0] if literal(node.args[1]) == 0 else node.args[1]
        else:
            return None
        value = analysis.values.get(id(kept))
        if value is None or value.low < 0 or value.shape != analysis.shape(node):
            return None
        changed = True
        return substitute(kept, replace)

    for name, function in program.methods.items():
        if name in program.kind.interface:
            substitute(function, replace)
    return changed
