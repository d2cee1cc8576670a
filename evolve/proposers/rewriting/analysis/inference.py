"""Abstract interpretation of a program: shapes and bounds of all its expressions, and what could go wrong.

The interpreter runs ``start``, then the methods that the engine calls, in rounds until the bounds of the
state settle. It knows the array helpers of the grammar and the usual numpy functions; what it does not know
may be anything and is no issue. So a program without issues can still fail, but most mistakes of random edits
show: shapes that do not fit, divisions by zero, roots and fractional powers of negative numbers, overflow,
returns that are no policy. Of a permissive kind of class, only names that do not exist are issues.
"""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from dataclasses import dataclass, field
from operator import mul, truediv

from nashforge.evolve.proposers.rewriting.analysis import values as v
from nashforge.evolve.proposers.rewriting.analysis.functions import NUMPY_CONSTANTS, builtin, numpy_function
from nashforge.evolve.proposers.rewriting.analysis.values import TOP, Issue, Value
from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.program import Module, Program, defined_names

_ROUNDS = 8
_BUILTINS = frozenset(dir(builtins))
_LEAVING = (ast.Return, ast.Raise)
_Scope = dict[str, Value]


@dataclass
class Analysis:
    """Result of abstract interpretation.

    Attributes
    ----------
    values : dict
        Value of each expression of the methods, by ``id`` of its node.
    scopes : dict
        Variables known before each statement, by ``id`` of its node: locals, and attributes as ``self.x``.
    issues : Counter
        Number of issues by kind.
    """

    values: dict[int, Value] = field(default_factory=dict)
    scopes: dict[int, _Scope] = field(default_factory=dict)
    issues: Counter[str] = field(default_factory=Counter)

    def shape(self, node: ast.AST) -> str:
        """Return the shape of an expression."""
        return self.values.get(id(node), TOP).shape


def analyse(program: Program) -> Analysis:
    """Interpret a class of a program."""
    return _Interpreter(program).run()


def issues(module: Module) -> Counter[str]:
    """Return what could go wrong in a program, all its classes together."""
    found: Counter[str] = Counter()
    for program in module.programs:
        found += analyse(program).issues
    return found


class _Interpreter:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.kind = program.kind
        self.analysis = Analysis()
        self.recording = False
        self.first = True
        self.found: Counter[str] = Counter()
        self.depth = 0
        self.returned: Value | None = None
        self.globals = {name for node in program.preamble for name in defined_names(node)}
        self.globals |= {other.name for other in program.module.programs}

    def run(self) -> Analysis:
        scope: _Scope = {}
        for name, node in self.program.constants.items():
            scope[f"self.{name}"] = self.evaluate(node, {})
        for name in ("__init__", "start"):
            if name in self.program.methods:
                scope = self.method(name, [], scope)[1]
        self.analysis.issues |= self.found
        calls = [method for method in self.kind.methods if method.name in self.program.methods]
        mixed = False
        for round_ in range(_ROUNDS):
            before = dict(scope)
            self.first = round_ == 0
            self.found = Counter()
            for called in calls:
                scope = self.method(called.name, list(called.parameters.values()), scope)[1]
            self.analysis.issues |= self.found
            mixed |= any(_mixed(before[name].shape, scope[name].shape) for name in before)
            merged = {name: v.widen(before.get(name), value, round_) for name, value in scope.items()}
            settled = merged == before
            scope = merged
            if settled:
                break
        self.recording = True
        self.found = Counter()
        if mixed:
            self.issue("state changes its shape")
        scope = {name: value for name, value in scope.items() if name.startswith("self.")}
        for called in calls:
            returned, after = self.method(called.name, list(called.parameters.values()), scope)
            scope = {
                key: v.join(scope[key], value) if key in scope else value for key, value in after.items()
            }
            wrong = called.returns(returned)
            if wrong is not None:
                self.issue(wrong)
        self.analysis.issues |= self.found
        return self.analysis

    def issue(self, kind: str) -> None:
        if self.kind.permissive and not kind.startswith("undefined"):
            return
        # Later rounds know what the first one leaves behind: only the first can miss an attribute.
        if self.first or not kind.startswith("undefined attribute"):
            self.found[kind] += 1

    def method(self, name: str, arguments: list[Value], scope: _Scope) -> tuple[Value | None, _Scope]:
        """Run a method on the attributes in a scope; return its value and the attributes after it."""
        function = self.program.methods[name]
        inner = {key: value for key, value in scope.items() if key.startswith("self.")}
        parameters = [argument.arg for argument in function.args.args][1:]
        inner.update(zip(parameters, arguments + [TOP] * len(parameters)))
        outer, self.returned = self.returned, None
        inner = self.block(function.body, inner)
        returned, self.returned = self.returned, outer
        return returned, {key: value for key, value in inner.items() if key.startswith("self.")}

    def block(self, body: list[ast.stmt], scope: _Scope) -> _Scope:
        for statement in body:
            if self.recording:
                self.analysis.scopes[id(statement)] = dict(scope)
            scope = self.statement(statement, scope)
        return scope

    def statement(self, node: ast.stmt, scope: _Scope) -> _Scope:
        match node:
            case ast.Assign(targets=[target]):
                self.bind(target, self.evaluate(node.value, scope), scope)
            case ast.AugAssign():
                value = self.evaluate(ast.BinOp(node.target, node.op, node.value), scope)
                self.bind(node.target, value, scope)
            case ast.AnnAssign(value=ast.expr() as value_node):
                self.bind(node.target, self.evaluate(value_node, scope), scope)
            case ast.Return():
                value = self.evaluate(node.value, scope) if node.value is not None else TOP
                self.returned = value if self.returned is None else v.join(self.returned, value)
            case ast.If():
                self.evaluate(node.test, scope)
                branches = [self.block(body, dict(scope)) for body in (node.body, node.orelse)]
                bodies = zip(branches, (node.body, node.orelse))
                branches = [after for after, body in bodies if not (body and isinstance(body[-1], _LEAVING))]
                return _merge(branches) if branches else scope
            case ast.For() | ast.While():
                if isinstance(node, ast.For):
                    self.evaluate(node.iter, scope)
                    self.bind(node.target, self.element(node.iter), scope)
                else:
                    self.evaluate(node.test, scope)
                return _merge([scope, self.block(node.body, self.block(node.body, dict(scope)))])
            case ast.Expr():
                self.evaluate(node.value, scope)
            case ast.Pass():
                pass
            case _:
                for name in trees.bound(node):
                    scope[name] = TOP
        return scope

    def bind(self, target: ast.expr, value: Value, scope: _Scope) -> None:
        name = trees.target_variable(target)
        if name is not None:
            scope[name] = value
            return
        for inner in trees.target_variables(target):
            known = scope.get(inner, TOP)
            scope[inner] = Value(known.shape) if isinstance(target, ast.Subscript) else TOP

    def evaluate(self, node: ast.expr, scope: _Scope) -> Value:
        value = self.compute(node, scope)
        if self.recording:
            known = self.analysis.values.get(id(node))
            self.analysis.values[id(node)] = value if known is None else v.join(known, value)
        return value

    def compute(self, node: ast.expr, scope: _Scope) -> Value:
        known = trees.literal(node)
        if known is not None:
            return Value(v.SCALAR, known, known)
        match node:
            case ast.Constant():
                return Value(v.SCALAR, 0, 1) if isinstance(node.value, bool) else TOP
            case ast.Name():
                if not (node.id in scope or node.id in self.globals or node.id in _BUILTINS):
                    self.issue(f"undefined name {node.id}")
                return scope.get(node.id, TOP)
            case ast.Attribute():
                return self.attribute(node, scope)
            case ast.BinOp():
                return self.binary(node, scope)
            case ast.UnaryOp():
                operand = self.evaluate(node.operand, scope)
                if isinstance(node.op, ast.USub):
                    return operand.within(-operand.high, -operand.low)
                return operand.within(0, 1)
            case ast.Compare() | ast.BoolOp():
                sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else node.values
                return Value(self.shapes(*(self.evaluate(side, scope) for side in sides)), 0, 1)
            case ast.IfExp():
                self.evaluate(node.test, scope)
                return v.join(self.evaluate(node.body, scope), self.evaluate(node.orelse, scope))
            case ast.Call():
                return self.call(node, scope)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self.comprehension(node, dict(scope))
            case ast.Lambda():
                inner = dict.fromkeys((argument.arg for argument in node.args.args), TOP)
                self.evaluate(node.body, scope | inner)
                return TOP
            case ast.List() | ast.Tuple():
                return Value(v.LIST, parts=tuple(self.evaluate(part, scope) for part in node.elts))
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self.evaluate(child, scope)
                return TOP

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: _Scope
    ) -> Value:
        for part in node.generators:
            self.evaluate(part.iter, scope)
            self.bind(part.target, self.element(part.iter), scope)
            for condition in part.ifs:
                self.evaluate(condition, scope)
        for child in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.evaluate(child, scope)
        return Value(v.LIST) if isinstance(node, ast.ListComp) else TOP

    @staticmethod
    def element(iterated: ast.expr) -> Value:
        """Return what a loop over an expression runs through."""
        counts = isinstance(iterated, ast.Call) and trees.dotted(iterated.func) == "range"
        return Value(v.SCALAR, 0) if counts else TOP

    def shapes(self, *sides: Value) -> str:
        shape = v.join_shapes(*(side.shape for side in sides))
        if shape is None:
            self.issue("shapes do not fit")
            return v.ANY
        return shape

    def attribute(self, node: ast.Attribute, scope: _Scope) -> Value:
        name = trees.dotted(node)
        own = trees.self_attribute(node)
        if name.startswith("self.") and name[5:] in self.kind.attributes:
            return self.kind.attributes[name[5:]]
        if own in self.kind.objects or own in self.program.methods or name in self.kind.functions:
            return TOP
        if name in NUMPY_CONSTANTS:
            return NUMPY_CONSTANTS[name]
        if own is not None:
            if name not in scope:
                self.issue(f"undefined attribute {own}")
            return scope.get(name, TOP)
        self.evaluate(node.value, scope)
        return TOP

    def binary(self, node: ast.BinOp, scope: _Scope) -> Value:
        left, right = self.evaluate(node.left, scope), self.evaluate(node.right, scope)
        shape = self.shapes(left, right)
        issue: Issue = None
        low, high = -v.INF, v.INF
        match node.op:
            case ast.Add():
                low, high = left.low + right.low, left.high + right.high
            case ast.Sub():
                low, high = left.low - right.high, left.high - right.low
                if _same_variable(node.left, node.right):
                    low = high = 0.0
            case ast.Mult():
                low, high = v.corners(mul, left, right)
                if _same_variable(node.left, node.right):
                    low = max(low, 0.0)
            case ast.Div():
                if right.holds_zero():
                    issue = "division by zero"
                else:
                    low, high = v.corners(truediv, left, right)
            case ast.Pow():
                low, high, issue = v.power_bounds(left, right)
            case ast.Mod() if right.low > 0:
                low, high = 0.0, right.high
            case ast.MatMult():
                shape = v.ANY
            case _:
                pass
        if issue is None and low > -v.INF and high > v.LARGEST:
            issue = "overflow" if left.high < v.INF and right.high < v.INF else None
        if issue is not None:
            self.issue(issue)
        return Value(shape, low, high)

    def call(self, node: ast.Call, scope: _Scope) -> Value:
        arguments = [self.evaluate(argument, scope) for argument in node.args]
        named = {word.arg: self.evaluate(word.value, scope) for word in node.keywords}
        name = trees.dotted(node.func)
        owner, _, helper = name.removeprefix("self.").partition(".")
        if name.startswith("self.") and helper and owner in self.kind.objects:
            value, issue = self.kind.objects[owner](helper, arguments)
        elif name in self.kind.functions:
            value, issue = self.kind.functions[name], None
        elif name.startswith("np."):
            if "np" not in self.globals:
                self.issue("undefined name np")
            value, issue = numpy_function(
                name.removeprefix("np."), arguments, set(named) - {None}, self.kind.made
            )
        elif name.startswith("self.") and name[5:] in self.program.methods:
            return self.own(name[5:], arguments, scope)
        elif name.startswith("self.") and name.count(".") == 1:
            value, issue = TOP, f"undefined method {name[5:]}"
        elif isinstance(node.func, ast.Attribute):
            value, issue = self.evaluate(node.func.value, scope), None
            if node.func.attr != "copy":
                value = TOP
        elif name in self.globals:
            value, issue = TOP, None
        else:
            value, issue = builtin(name, arguments)
        if issue is not None:
            self.issue(issue)
        return value

    def own(self, name: str, arguments: list[Value], scope: _Scope) -> Value:
        if self.depth > 3:
            return TOP
        self.depth += 1
        returned, after = self.method(name, arguments, scope)
        self.depth -= 1
        scope.update(after)
        return TOP if returned is None else returned


def _mixed(before: str, after: str) -> bool:
    return before != after and not {before, after} & {v.SCALAR, v.ANY}


def _same_variable(first: ast.expr, second: ast.expr) -> bool:
    name = trees.dotted(first)
    return bool(name) and name == trees.dotted(second)


def _merge(branches: list[_Scope]) -> _Scope:
    merged = dict(branches[0])
    for branch in branches[1:]:
        for name, value in branch.items():
            merged[name] = v.join(merged[name], value) if name in merged else value
    return merged
