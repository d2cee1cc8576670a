"""Which expressions are equal for all actions of an information set, and their value an information set.

The analysis of `nashforge.evolve.proposers.rewriting.analysis.inference` tells numbers, arrays over
information sets and arrays over sequences apart. Of the latter, those that `Infosets.spread` makes, and what
is computed from them entry by entry, hold one value an information set: they are *level*.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from nashforge.evolve.proposers.rewriting.analysis.inference import Analysis
from nashforge.evolve.proposers.rewriting.analysis.values import ANY, SCALAR
from nashforge.evolve.proposers.rewriting.grammars.cfr.grammar import INFOSET, SEQUENCE
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    bound,
    called,
    clone,
    dotted,
    fill,
    literal,
    reads,
)

LEVEL = "level"
"""Shape: an array over sequences that is equal for all actions of an information set."""

_ELEMENTWISE = frozenset((
    "np.abs", "np.absolute", "np.fabs", "np.sign", "np.sqrt", "np.square", "np.exp", "np.expm1",
    "np.exp2", "np.log", "np.log1p", "np.log2", "np.log10", "np.tanh", "np.sinh", "np.cosh",
    "np.sin", "np.cos", "np.tan", "np.arctan", "np.power", "np.float_power", "np.maximum",
    "np.minimum", "np.fmax", "np.fmin", "np.add", "np.subtract", "np.multiply", "np.divide",
    "np.true_divide", "np.negative", "np.reciprocal", "np.clip", "np.where", "np.isfinite",
    "np.logical_and", "np.logical_or", "np.logical_not", "np.greater", "np.less",
    "np.greater_equal", "np.less_equal", "np.equal", "np.not_equal", "np.floor", "np.ceil",
    "np.rint", "np.asarray", "np.array", "np.copy", "np.nan_to_num", "np.hypot", "np.cbrt",
    "np.mod",
))  # fmt: skip
_NUMBERS = frozenset(("float", "int", "round", "abs", "min", "max", "bool", "pow"))
_REDUCTIONS = frozenset(("sum", "mean", "max", "min", "std", "var", "median", "any", "all", "dot"))


@dataclass(frozen=True)
class Local:
    """What is known of a local variable.

    Attributes
    ----------
    shape : str
        Its shape.
    lowered : ast.expr or None
        Of a level array: an expression of its value an information set, as long as that still holds.
    """

    shape: str
    lowered: ast.expr | None = None


class Shapes:
    """Shapes of the expressions of a method.

    Parameters
    ----------
    analysis
        Of the program; it knows the attributes.
    outside
        Numbers at the level of the module, by name.
    functions
        Functions at the level of the module, by name.
    """

    def __init__(self, analysis: Analysis, outside: set[str], functions: dict[str, ast.FunctionDef]) -> None:
        self.analysis, self.outside, self.functions = analysis, outside, functions
        self.locals: dict[str, Local] = {}

    def of(self, node: ast.expr) -> str:
        """Return the shape of an expression; ``any`` where it is not known."""
        if literal(node) is not None or isinstance(node, ast.Constant):
            return SCALAR
        match node:
            case ast.Name():
                known = self.locals.get(node.id)
                return known.shape if known is not None else SCALAR if node.id in self.outside else ANY
            case ast.Attribute():
                return self.analysis.shape(node)
            case ast.BinOp() if not isinstance(node.op, ast.MatMult):
                return self._joined([node.left, node.right])
            case ast.UnaryOp():
                return self.of(node.operand)
            case ast.Compare():
                return self._joined([node.left, *node.comparators])
            case ast.BoolOp():
                return self._joined(node.values)
            case ast.IfExp():
                return self._joined([node.body, node.orelse])
            case ast.Call():
                return self._call(node)
        return ANY

    def _joined(self, parts: Sequence[ast.expr]) -> str:
        shapes = {self.of(part) for part in parts} - {SCALAR}
        if len(shapes) <= 1:
            return shapes.pop() if shapes else SCALAR
        return SEQUENCE if shapes == {LEVEL, SEQUENCE} else ANY

    def _call(self, node: ast.Call) -> str:
        name = called(node)
        if name.startswith("self.infosets."):
            helper = name.removeprefix("self.infosets.")
            if helper in ("spread", "uniform", "zeros"):
                return LEVEL
            return INFOSET if helper in ("sum", "max", "min", "mean") else SEQUENCE
        plain = not node.keywords
        if name in _ELEMENTWISE and plain:
            return self._joined(node.args)
        if name in ("np.zeros", "np.ones", "np.full") and node.args:
            size = dotted(node.args[0])
            return {"self.infosets.count": INFOSET, "self.infosets.sequences": LEVEL}.get(size, ANY)
        if name in ("np.zeros_like", "np.ones_like") and len(node.args) == 1:
            shape = self.of(node.args[0])
            return LEVEL if shape == SEQUENCE else shape
        numbers = all(self.of(argument) == SCALAR for argument in node.args)
        if plain and numbers and (name in _NUMBERS or name.startswith("math.")):
            return SCALAR
        if plain and name.startswith("np.") and name[3:] in _REDUCTIONS and len(node.args) == 1:
            return SCALAR
        if name in self.functions and plain:
            known = _is_elementwise(self.functions[name], self.outside)
            return self._joined(node.args) if known else ANY
        if isinstance(node.func, ast.Attribute) and plain and not node.args:
            if node.func.attr == "copy":
                return self.of(node.func.value)
            if node.func.attr in _REDUCTIONS and self.of(node.func.value) != ANY:
                return SCALAR
        return self.analysis.shape(node)

    def lowered(self, node: ast.expr) -> ast.expr:
        """Return an expression of the value an information set of a level one; a number stays as it is."""
        if self.of(node) != LEVEL:
            return clone(node)
        match node:
            case ast.Name():
                known = self.locals[node.id].lowered
                if known is not None:
                    return clone(known)
            case ast.BinOp():
                return ast.BinOp(self.lowered(node.left), node.op, self.lowered(node.right))
            case ast.UnaryOp():
                return ast.UnaryOp(node.op, self.lowered(node.operand))
            case ast.Compare():
                return ast.Compare(
                    self.lowered(node.left), node.ops, [self.lowered(part) for part in node.comparators]
                )
            case ast.IfExp():
                return ast.IfExp(clone(node.test), self.lowered(node.body), self.lowered(node.orelse))
            case ast.Call():
                name = called(node)
                if name == "self.infosets.spread" and len(node.args) == 1:
                    return clone(node.args[0])
                if name == "self.infosets.zeros" or name in ("np.zeros", "np.zeros_like"):
                    return ast.Constant(0.0)
                if (name in _ELEMENTWISE or name in self.functions) and not node.keywords:
                    return ast.Call(clone(node.func), [self.lowered(part) for part in node.args], [])
        # All its actions have the same value, which is the largest, to the last bit.
        return fill("self.infosets.max(x)", x=node)

    def forget(self, changed: set[str]) -> None:
        """Drop what no longer holds once some variables were changed."""
        for name, known in self.locals.items():
            if known.lowered is not None and reads(known.lowered) & changed:
                self.locals[name] = Local(known.shape)


def _is_elementwise(function: ast.FunctionDef, outside: set[str]) -> bool:
    """Whether a function computes each entry of its result from the same entry of its arguments."""
    allowed = (
        ast.Return, ast.Assign, ast.Expr, ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare,
        ast.Call, ast.Attribute, ast.operator, ast.unaryop, ast.cmpop, ast.expr_context,
    )  # fmt: skip
    names = {argument.arg for argument in function.args.args} | bound(function) | outside | {"np", "math"}
    for node in (part for statement in function.body for part in ast.walk(statement)):
        if not isinstance(node, allowed) or isinstance(node, ast.MatMult):
            return False
        if isinstance(node, ast.Name) and node.id not in names:
            return False
        if isinstance(node, ast.Attribute) and dotted(node).split(".")[0] not in ("np", "math"):
            return False
        if isinstance(node, ast.Call):
            name = called(node)
            if node.keywords or not (name in _ELEMENTWISE or name.startswith("math.")):
                return False
    return True
