"""Finds and removes what has no effect on what a program returns: dead state, locals, constants."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.syntax.program import Program, called_methods
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    assignment,
    bound,
    called,
    reads,
    self_attribute,
    walk,
    walk_statements,
)

_BUILTINS = ("min", "max", "abs", "float", "int", "round", "len")
_READERS = ("copy", "sum", "max", "min", "mean")
"""Methods of arrays that change nothing."""


class _Sweep:
    """One backward pass over all methods, given the attributes that are live between calls."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.pure_calls = ("np.", *(f"self.{name}." for name in program.kind.objects))
        self.live: set[str] = set()
        self.outgoing: set[str] = set()
        self.dead: set[int] = set()
        self.scratch: set[str] = set()
        self.scratches = {name: _scratch_locals(function) for name, function in program.methods.items()}
        self.writers = {
            name
            for name, function in program.methods.items()
            if any(n.startswith("self.") for n in bound(function))
        }

    def method(self, name: str) -> set[str]:
        """Return the attributes that are live when a method is entered."""
        self.outgoing = set(self.live)
        self.scratch = self.scratches[name]
        entering = self.block(self.program.methods[name].body, set(self.live))
        return {variable for variable in entering if variable.startswith("self.")}

    def block(self, body: list[ast.stmt], live: set[str]) -> set[str]:
        for statement in reversed(body):
            live = self.statement(statement, live)
        return live

    def statement(self, node: ast.stmt, live: set[str]) -> set[str]:
        pair = assignment(node)
        if pair is not None:
            variable, value = pair
            if variable not in live and self.pure(value):
                self.dead.add(id(node))
                return live
            return (live - {variable}) | self.needs(value)
        match node:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]) if name in self.scratch:
                self.dead.add(id(node))
                return live
            case ast.Return():
                return self.outgoing | (self.needs(node.value) if node.value is not None else set())
            case ast.If():
                inside = self.block(node.body, set(live)) | self.block(node.orelse, set(live))
                if self.all_dead(node.body) and self.all_dead(node.orelse) and self.pure(node.test):
                    self.dead.add(id(node))
                    return live
                return inside | self.needs(node.test)
            case ast.Pass():
                self.dead.add(id(node))
                return live
            case ast.Expr(value=ast.Constant()):
                self.dead.add(id(node))
                return live
            case _:
                return live | self.needs(node)

    def all_dead(self, body: list[ast.stmt]) -> bool:
        return all(id(statement) in self.dead for statement in body)

    def needs(self, node: ast.AST) -> set[str]:
        """Return the variables that a tree reads, those of the class's own methods it calls included."""
        found = reads(node)
        pending = called_methods(self.program, node)
        done: set[str] = set()
        while pending:
            name = pending.pop()
            done.add(name)
            function = self.program.methods[name]
            found |= {variable for variable in reads(function) if variable.startswith("self.")}
            pending |= called_methods(self.program, function) - done
        return found

    def pure(self, node: ast.AST) -> bool:
        """Whether evaluating a tree changes nothing."""
        for part in walk(node):
            if isinstance(part, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom):
                return False
            if isinstance(part, ast.Call):
                name = called(part)
                own = self_attribute(part.func)
                offered = name in self.program.kind.functions
                if own is not None and (own in self.writers or not (own in self.program.methods or offered)):
                    return False
                into = [word.value for word in part.keywords if word.arg == "out"]
                if any(not isinstance(target, ast.Call) for target in into):
                    return False
                known = name.startswith(self.pure_calls) or own is not None or offered or name in _BUILTINS
                if not known and not (isinstance(part.func, ast.Attribute) and part.func.attr in _READERS):
                    return False
        return True


def _scratch_locals(function: ast.FunctionDef) -> set[str]:
    """Return the locals that hold arrays of their own and are mentioned only where their entries are set."""
    made: set[str] = set()
    if not any(_sets_entries(statement) for _, _, statement in walk_statements(function.body)):
        return made
    used = {argument.arg for argument in function.args.args}
    for _, _, statement in walk_statements(function.body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _makes_array(value):
                made.add(name)
                used |= reads(value) - {name}
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name)) as target], value=value):
                used |= (reads(value) | reads(target)) - {name}
            case ast.If() | ast.For() | ast.While():
                used |= reads(statement.iter if isinstance(statement, ast.For) else statement.test)
            case _:
                used |= reads(statement)
    return made - used


def _sets_entries(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript)


def _makes_array(value: ast.expr) -> bool:
    """Whether an expression gives an array that nothing else holds."""
    if isinstance(value, ast.BinOp):
        return True
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "copy":
        return True
    return called(value).startswith("np.") and called(value) not in (
        "np.asarray",
        "np.atleast_1d",
        "np.ravel",
    )


def sweep(program: Program) -> set[str]:
    """Remove, in place, statements, state, constants, helper methods and imports without effect.

    Returns
    -------
    set of str
        The attributes that carry something from one call to the next, as ``self.x``.
    """
    pass_ = _Sweep(program)
    roots = {name for name in program.methods if name.startswith("__")}
    while True:
        pass_.dead.clear()
        entering = set().union(*(pass_.method(name) for name in program.methods if name != "start"))
        for name in roots:
            entering |= {
                variable for variable in reads(program.methods[name]) if variable.startswith("self.")
            }
        if entering <= pass_.live:
            break
        pass_.live |= entering
    for name in program.methods:
        if not name.startswith("__"):
            if name == "start":
                pass_.method(name)
            _drop(program.methods[name].body, pass_.dead)
    _drop_unused(program)
    return pass_.live


def _drop(body: list[ast.stmt], dead: set[int]) -> None:
    kept: list[ast.stmt] = []
    for statement in body:
        if id(statement) in dead:
            continue
        for field in ("body", "orelse"):
            block = getattr(statement, field, None)
            if isinstance(block, list):
                _drop(block, dead)
        if isinstance(statement, ast.If) and not statement.body:
            statement.test, statement.body, statement.orelse = _negated(statement.test), statement.orelse, []
        kept.append(statement)
        if isinstance(statement, ast.Return | ast.Raise):
            break
    body[:] = kept


def _negated(test: ast.expr) -> ast.expr:
    opposite: dict[type[ast.cmpop], ast.cmpop] = {
        ast.Lt: ast.GtE(), ast.LtE: ast.Gt(), ast.Gt: ast.LtE(), ast.GtE: ast.Lt(), ast.Eq: ast.NotEq(),
        ast.NotEq: ast.Eq(),
    }  # fmt: skip
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in opposite:
        return ast.Compare(test.left, [opposite[type(test.ops[0])]], test.comparators)
    return ast.UnaryOp(ast.Not(), test)


def _drop_unused(program: Program) -> None:
    """Remove helper methods, constants and imports that nothing mentions any more."""
    while True:
        used: set[str] = set()
        for name, function in program.methods.items():
            used |= reads(function) - {f"self.{name}"}
        for node in program.extras:
            used |= reads(node)
        idle = [
            name
            for name in program.methods
            if name not in (*program.kind.interface, "start")
            and not name.startswith("__")
            and f"self.{name}" not in used
        ]
        if not idle:
            break
        for name in idle:
            del program.methods[name]
    in_class = (
        set().union(*(reads(value) for value in program.constants.values())) if program.constants else set()
    )
    program.constants = {
        name: value for name, value in program.constants.items() if f"self.{name}" in used or name in in_class
    }
    if "start" in program.methods and not program.methods["start"].body:
        del program.methods["start"]
    used |= in_class | set().union(*(reads(base) for base in program.bases))
    for function in program.methods.values():
        used |= reads(function.args) | (reads(function.returns) if function.returns else set())
    for other in program.module.programs:
        if other is not program:
            used |= _mentioned(other)
    preamble = program.module.preamble
    preamble[:] = [node for node in preamble if _needed(node, used, preamble)]


def _mentioned(program: Program) -> set[str]:
    """Return every name that a class mentions."""
    nodes = [*program.methods.values(), *program.extras, *program.constants.values(), *program.bases]
    return set().union(set(), *(reads(node) for node in nodes))


def _needed(node: ast.stmt, used: set[str], preamble: list[ast.stmt]) -> bool:
    others = set().union(set(), *(reads(other) for other in preamble if other is not node))
    wanted = used | others
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return True
    if isinstance(node, ast.Import | ast.ImportFrom):
        return any((alias.asname or alias.name.split(".")[0]) in wanted for alias in node.names)
    if isinstance(node, ast.FunctionDef):
        return node.name in wanted
    pair = assignment(node)
    return pair is None or pair[0] in wanted
