"""Values that are sums of known arrays with known coefficients: ``keep * average + add * reach * policy``.

An expression of the method ``accumulate`` is read as such a sum if nothing but sums, products with weights
that are equal for all actions of an information set, and choices between such values are done to its arrays.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import partial

from nashforge.evolve.domains.translation import TranslationError
from nashforge.evolve.proposers.rewriting.analysis.values import SCALAR
from nashforge.evolve.proposers.rewriting.syntax.formatting import shortened
from nashforge.evolve.proposers.rewriting.syntax.trees import called, clone, fill, literal, reads
from nashforge.evolve.proposers.rewriting.translation.shapes import LEVEL, Form, Shapes

AVERAGE, REACH, POLICY, PLAYED = "average", "reach", "policy", "reach * policy"
"""The arrays of a form. The last is the product of two: what the policy just played adds to the average."""

ONE = ast.Constant(1)

_SAME = frozenset(("np.array", "np.asarray", "np.copy", "np.ascontiguousarray"))
_OPERATORS: Mapping[str, ast.operator] = {
    "np.add": ast.Add(),
    "np.subtract": ast.Sub(),
    "np.multiply": ast.Mult(),
    "np.divide": ast.Div(),
    "np.true_divide": ast.Div(),
}


ZERO = Form({})


class Reader:
    """Reads expressions of ``accumulate`` as forms.

    Parameters
    ----------
    shapes
        What is known of its expressions and variables.
    """

    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes

    def hides(self, node: ast.AST) -> bool:
        """Whether a tree reads the average, or what is made from it."""
        return bool(self.hidden & reads(node))

    @property
    def hidden(self) -> set[str]:
        """The variables that today's interface does not give to a program."""
        return {name for name, known in self.shapes.locals.items() if known.hidden}

    def form(self, node: ast.expr) -> Form | None:
        """Return the form of an expression, or None if it is none."""
        if literal(node) == 0 or called(node) == "self.infosets.zeros":
            return ZERO
        match node:
            case ast.Name():
                known = self.shapes.locals.get(node.id)
                return None if known is None else known.form
            case ast.BinOp():
                return self._binary(node.left, node.op, node.right)
            case ast.UnaryOp(op=ast.UAdd()):
                return self.form(node.operand)
            case ast.UnaryOp(op=ast.USub()):
                inner = self.form(node.operand)
                return None if inner is None else inner.map(lambda part: ast.UnaryOp(ast.USub(), part))
            case ast.IfExp():
                return self._chosen(node.body, node.orelse, lambda a, b: ast.IfExp(clone(node.test), a, b))
            case ast.Call():
                return self._call(node)
        return None

    def _call(self, node: ast.Call) -> Form | None:
        if node.keywords:
            return None
        match called(node), node.args:
            case name, [left, right] if name in _OPERATORS:
                return self._binary(left, _OPERATORS[name], right)
            case name, [inner] if name in _SAME:
                return self.form(inner)
            case (("np.zeros_like" | "np.zeros"), [_]):
                return ZERO if self.shapes.of(node) == LEVEL else None
            case "np.where", [condition, first, second]:
                test = self._coefficient(condition)
                return None if test is None else self._chosen(first, second, partial(_where, test))
        copied = isinstance(node.func, ast.Attribute) and node.func.attr == "copy" and not node.args
        return self.form(node.func.value) if copied and isinstance(node.func, ast.Attribute) else None

    def _coefficient(self, node: ast.expr) -> ast.expr | None:
        """Return what multiplies arrays, a number or one value an information set; None if it is no such."""
        if self.hides(node) or self.shapes.of(node) not in (SCALAR, LEVEL):
            return None
        return self.shapes.lowered(node)

    def _binary(self, left: ast.expr, operation: ast.operator, right: ast.expr) -> Form | None:
        match operation:
            case ast.Add() | ast.Sub():
                return _sum(self.form(left), operation, self.form(right))
            case ast.Mult():
                return self._product(left, right)
            case ast.Div():
                divided, divisor = self.form(left), self._coefficient(right)
                if divided is None or divisor is None:
                    return None
                return divided.map(lambda part: ast.BinOp(part, ast.Div(), clone(divisor)))
        return None

    def _product(self, left: ast.expr, right: ast.expr) -> Form | None:
        first, second = self.form(left), self.form(right)
        if first is not None and second is not None:
            crossed = _crossed(first, second)
            if crossed is not None:
                return crossed
        # Reach is equal for all actions of an information set: it may be a weight, too.
        for form, other in ((second, left), (first, right)):
            weight = self._coefficient(other)
            if form is not None and weight is not None:
                return form.map(partial(_times, clone(weight)))
        return None

    def _chosen(
        self, first: ast.expr, second: ast.expr, choose: Callable[[ast.expr, ast.expr], ast.expr]
    ) -> Form | None:
        one, other = self.form(first), self.form(second)
        if one is None or other is None:
            return None
        arrays = dict.fromkeys([*one.terms, *other.terms])
        return Form({array: choose(clone(one[array]), clone(other[array])) for array in arrays})

    def result(self, node: ast.expr) -> tuple[ast.expr, ast.expr]:
        """Return ``keep`` and ``add`` of what the method returns.

        Raises
        ------
        TranslationError
            If it is no sum of the old average and of the policy weighted by reach.
        """
        form = self.form(node)
        if form is None:
            raise TranslationError(f"{told(node)} {self._why(node)}")
        if form.terms.keys() - {AVERAGE, PLAYED}:
            raise TranslationError(
                f"{told(node)} adds something else than the policy weighted by reach, of which averages are "
                "made now"
            )
        return clone(form[AVERAGE]), clone(form[PLAYED])

    def _why(self, node: ast.expr) -> str:
        """Say what makes an expression no form: the weight that makes a product none, if there is one."""
        for part in reversed(list(ast.walk(node))):  # the smallest first
            if not isinstance(part, ast.BinOp) or not isinstance(part.op, ast.Mult | ast.Div):
                continue
            for weight, other in ((part.left, part.right), (part.right, part.left)):
                plain = self.form(weight) is None and not self.hides(weight)
                if plain and self._coefficient(weight) is None and self.form(other) is not None:
                    return (
                        f"has the weight {shortened(weight, 80)}, which may differ between the actions of an "
                        "information set"
                    )
        return "is not of the form keep * average + add * reach * policy"


def told(node: ast.expr) -> str:
    """Return how an expression is named in a message."""
    return f"`{shortened(node, 80)}`"


def _where(test: ast.expr, first: ast.expr, second: ast.expr) -> ast.expr:
    return fill("np.where(t, a, b)", t=test, a=first, b=second)


def _times(left: ast.expr, right: ast.expr) -> ast.expr:
    if literal(left) == 1:
        return right
    return left if literal(right) == 1 else ast.BinOp(left, ast.Mult(), right)


def _crossed(first: Form, second: Form) -> Form | None:
    """Return the product of reach and policy, with their coefficients; None for any other product."""
    for one, other in ((first, second), (second, first)):
        if one.terms.keys() <= {REACH} and other.terms.keys() <= {POLICY}:
            if not (one.terms and other.terms):
                return ZERO
            return Form({PLAYED: _times(clone(one[REACH]), clone(other[POLICY]))})
    return None


def _sum(first: Form | None, operation: ast.operator, second: Form | None) -> Form | None:
    if first is None or second is None:
        return None
    terms = {array: clone(node) for array, node in first.terms.items()}
    for array, node in second.terms.items():
        added = clone(node)
        if array in terms:
            terms[array] = ast.BinOp(terms[array], operation, added)
        else:
            terms[array] = added if isinstance(operation, ast.Add) else ast.UnaryOp(ast.USub(), added)
    return Form(terms)
