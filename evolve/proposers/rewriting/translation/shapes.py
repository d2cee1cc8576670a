"""Shapes of expressions: numbers, arrays over sequences, and those that are equal at an information set.

The analysis of `nashforge.evolve.proposers.rewriting.analysis.inference` tells numbers, arrays over
information sets and arrays over sequences apart. Of the latter, those that `Infosets.spread` makes, and what
is computed from them entry by entry, hold one value an information set: they are *level*.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from nashforge.evolve.proposers.rewriting.analysis.inference import Analysis
from nashforge.evolve.proposers.rewriting.analysis.values import ANY, SCALAR
from nashforge.evolve.proposers.rewriting.grammars.cfr.grammar import INFOSET, SEQUENCE
from nashforge.evolve.proposers.rewriting.syntax import trees

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
_ENTRY_BY_ENTRY = (
    ast.Return, ast.Assign, ast.Expr, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare, ast.operator,
    ast.unaryop, ast.cmpop, ast.expr_context,
)  # fmt: skip
_REDUCTIONS = frozenset(("sum", "mean", "max", "min", "std", "var", "median", "any", "all", "dot"))


@dataclass(frozen=True)
class Form:
    """A sum of arrays; coefficients are numbers or hold one value an information set.

    Attributes
    ----------
    terms : dict
        The coefficient of each array; one that is missing is 0.
    """

    terms: Mapping[str, ast.expr]

    def __getitem__(self, array: str) -> ast.expr:
        return self.terms.get(array, ast.Constant(0))

    def reads(self) -> set[str]:
        """Return the variables that the coefficients are made of."""
        return trees.reads(*self.terms.values())

    def map(self, function: Callable[[ast.expr], ast.expr]) -> Form:
        """Return the form with a function applied to every coefficient."""
        return Form({array: function(trees.clone(node)) for array, node in self.terms.items()})


@dataclass(frozen=True)
class Local:
    """A local variable: its shape and its value, as far as they are known.

    Attributes
    ----------
    shape : str
        Its shape.
    lowered : ast.expr or None
        Of a level array: an expression of its value an information set, as long as that still holds.
    form : Form or None
        Its value as a sum of the arrays that averages are made of, if it is one.
    hidden : bool
        Whether today's interface does not give it to a program: the average, and what is made from it.
    """

    shape: str
    lowered: ast.expr | None = None
    form: Form | None = None
    hidden: bool = False


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
        if trees.literal(node) is not None or isinstance(node, ast.Constant):
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
        name, plain = trees.called(node), not node.keywords
        numbers = all(self.of(argument) == SCALAR for argument in node.args)
        match name.rpartition("."), node.args:
            case ("self.infosets", _, helper), _:
                kind = INFOSET if helper in ("sum", "max", "min", "mean") else SEQUENCE
                return LEVEL if helper in ("spread", "uniform", "zeros") else kind
            case _ if plain and (name in _ELEMENTWISE or self._elementwise(name)):
                return self._joined(node.args)
            case _ if name in self.functions and plain:
                return ANY
            case ("np", _, "zeros" | "ones" | "full"), [made, *_]:
                sizes = {"self.infosets.count": INFOSET, "self.infosets.sequences": LEVEL}
                return sizes.get(trees.dotted(made), ANY)
            case ("np", _, "zeros_like" | "ones_like"), [like]:
                return LEVEL if self.of(like) == SEQUENCE else self.of(like)
            case (module, _, function), _ if plain and numbers and (name in _NUMBERS or module == "math"):
                return SCALAR
            case ("np", _, function), [_] if plain and function in _REDUCTIONS:
                return SCALAR
        if isinstance(node.func, ast.Attribute) and plain and not node.args:
            if node.func.attr == "copy":
                return self.of(node.func.value)
            if node.func.attr in _REDUCTIONS and self.of(node.func.value) != ANY:
                return SCALAR
        return self.analysis.shape(node)

    def _elementwise(self, name: str) -> bool:
        """Whether a function of the module computes each entry of its result from those of its arguments."""
        function = self.functions.get(name)
        if function is None:
            return False
        names = {argument.arg for argument in function.args.args} | trees.bound(function) | self.outside
        for node in (part for statement in function.body for part in ast.walk(statement)):
            match node:
                case ast.MatMult():
                    return False
                case ast.Name():
                    good = node.id in names | {"np", "math"}
                case ast.Attribute():
                    good = trees.dotted(node).split(".")[0] in ("np", "math")
                case ast.Call():
                    good = trees.called(node) in _ELEMENTWISE or trees.called(node).startswith("math.")
                    good &= not node.keywords
                case _:
                    good = isinstance(node, _ENTRY_BY_ENTRY)
            if not good:
                return False
        return True

    def lowered(self, node: ast.expr) -> ast.expr:
        """Return an expression of the value an information set of a level one; a number stays as it is."""
        if self.of(node) != LEVEL:
            return trees.clone(node)
        match node:
            case ast.Name():
                known = self.locals[node.id].lowered
                if known is not None:
                    return trees.clone(known)
            case ast.BinOp():
                return ast.BinOp(self.lowered(node.left), node.op, self.lowered(node.right))
            case ast.UnaryOp():
                return ast.UnaryOp(node.op, self.lowered(node.operand))
            case ast.Compare():
                return ast.Compare(
                    self.lowered(node.left), node.ops, [self.lowered(part) for part in node.comparators]
                )
            case ast.IfExp():
                return ast.IfExp(trees.clone(node.test), self.lowered(node.body), self.lowered(node.orelse))
            case ast.Call():
                name = trees.called(node)
                if name == "self.infosets.spread" and len(node.args) == 1:
                    return trees.clone(node.args[0])
                if name == "self.infosets.zeros" or name in ("np.zeros", "np.zeros_like"):
                    return ast.Constant(0.0)
                if (name in _ELEMENTWISE or name in self.functions) and not node.keywords:
                    return ast.Call(trees.clone(node.func), [self.lowered(part) for part in node.args], [])
        # All its actions have the same value, which is the largest, to the last bit.
        return trees.fill("self.infosets.max(x)", x=node)

    def forget(self, changed: set[str]) -> None:
        """Drop what no longer holds once some variables were changed."""
        for name, known in self.locals.items():
            if known.lowered is not None and trees.reads(known.lowered) & changed:
                self.locals[name] = replace(known, lowered=None)
