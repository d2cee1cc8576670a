"""Finds and removes what has no effect on what a program returns: dead state, locals, constants."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.program import Program, called_methods, defined_names

_BUILTINS = ("min", "max", "abs", "float", "int", "round", "len")
_READERS = ("copy", "sum", "max", "min", "mean")
"""Methods of arrays that change nothing."""


class _Sweep:
    """One backward pass over all methods, given the attributes that are live between calls."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.pure_calls = ("np.", *(f"self.{name}." for name in program.kind.objects))
        self.writers = program.writers()
        self.live: set[str] = set()
        self.outgoing: set[str] = set()
        self.dead: set[int] = set()
        self.scratch: set[str] = set()
        self.scratches = {name: _scratch_locals(function) for name, function in program.methods.items()}

    def method(self, name: str) -> set[str]:
        """Return the attributes that are live when a method is entered."""
        self.outgoing = set(self.live)
        self.scratch = self.scratches[name]
        return trees.attributes(self.block(self.program.methods[name].body, set(self.live)))

    def block(self, body: list[ast.stmt], live: set[str]) -> set[str]:
        for statement in reversed(body):
            live = self.statement(statement, live)
        return live

    def statement(self, node: ast.stmt, live: set[str]) -> set[str]:
        pair = trees.assignment(node)
        if pair is not None and (pair[0] in live or not self.pure(pair[1])):
            return (live - {pair[0]}) | self.needs(pair[1])
        match node:
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
                dead = name in self.scratch
            case ast.Return():
                return self.outgoing | (self.needs(node.value) if node.value is not None else set())
            case ast.If():
                inside = self.block(node.body, set(live)) | self.block(node.orelse, set(live))
                idle = all(id(statement) in self.dead for statement in [*node.body, *node.orelse])
                if not (idle and self.pure(node.test)):
                    return inside | self.needs(node.test)
                dead = True
            case _:
                dead = pair is not None or isinstance(node, ast.Pass)
                dead |= isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not dead:
            return live | self.needs(node)
        self.dead.add(id(node))
        return live

    def needs(self, node: ast.AST) -> set[str]:
        """Return the variables that a tree reads, those of the class's own methods it calls included."""
        found = trees.reads(node)
        pending = called_methods(self.program, node)
        done: set[str] = set()
        while pending:
            name = pending.pop()
            done.add(name)
            function = self.program.methods[name]
            found |= trees.attributes(trees.reads(function))
            pending |= called_methods(self.program, function) - done
        return found

    def pure(self, node: ast.AST) -> bool:
        """Whether evaluating a tree changes nothing."""
        for part in trees.walk(node):
            if isinstance(part, ast.NamedExpr | ast.Await | ast.Yield | ast.YieldFrom):
                return False
            if isinstance(part, ast.Call):
                name, own = trees.called(part), trees.self_attribute(part.func)
                offered = name in self.program.kind.functions
                known = own in self.program.methods or offered
                if own is not None and (own in self.writers or not known):
                    return False
                into = [word.value for word in part.keywords if word.arg == "out"]
                if any(not isinstance(target, ast.Call) for target in into):
                    return False
                known |= name.startswith(self.pure_calls) or name in _BUILTINS
                if not known and not (isinstance(part.func, ast.Attribute) and part.func.attr in _READERS):
                    return False
        return True


def _scratch_locals(function: ast.FunctionDef) -> set[str]:
    """Return the locals that hold arrays of their own and are mentioned only where their entries are set."""
    made: set[str] = set()
    used = {argument.arg for argument in function.args.args}
    for _, _, statement in trees.walk_statements(function.body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _makes_array(value):
                made.add(name)
                used |= trees.reads(value) - {name}
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name)) as target], value=value):
                used |= trees.reads(value, target) - {name}
            case ast.If() | ast.For() | ast.While():
                used |= trees.reads(statement.iter if isinstance(statement, ast.For) else statement.test)
            case _:
                used |= trees.reads(statement)
    return made - used


def _makes_array(value: ast.expr) -> bool:
    """Whether an expression gives an array that nothing else holds."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "copy":
        return True
    views = ("np.asarray", "np.atleast_1d", "np.ravel")
    return isinstance(value, ast.BinOp) or (
        trees.called(value).startswith("np.") and trees.called(value) not in views
    )


def sweep(program: Program) -> set[str]:
    """Remove, in place, statements, state, constants, helper methods and imports without effect.

    Returns
    -------
    set of str
        The attributes that carry something from one call to the next, as ``self.x``.
    """
    pass_ = _Sweep(program)
    special = {name: function for name, function in program.methods.items() if name.startswith("__")}
    while True:
        pass_.dead.clear()
        entering = trees.attributes(trees.reads(*special.values()))
        for name in program.methods:
            if name != "start":
                entering |= pass_.method(name)
        if entering <= pass_.live:
            break
        pass_.live |= entering
    for name, function in program.methods.items():
        if name == "start":
            pass_.method(name)
        if name not in special:
            _drop(function.body, pass_.dead)
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
        used = trees.reads(*program.extras)
        for name, function in program.methods.items():
            used |= trees.reads(function) - {f"self.{name}"}
        kept = {name for name in program.methods if f"self.{name}" in used or name.startswith("__")}
        idle = set(program.methods) - kept - {*program.kind.interface, "start"}
        if not idle:
            break
        program.methods = {name: node for name, node in program.methods.items() if name not in idle}
    in_class = trees.reads(*program.constants.values())
    program.constants = {
        name: value for name, value in program.constants.items() if f"self.{name}" in used or name in in_class
    }
    if "start" in program.methods and not program.methods["start"].body:
        del program.methods["start"]
    mentioned = {name for other in program.module.programs for name in other.mentions()}
    preamble = program.preamble
    preamble[:] = [
        node
        for node in preamble
        if _needed(node, mentioned | trees.reads(*(n for n in preamble if n is not node)))
    ]


def _needed(node: ast.stmt, wanted: set[str]) -> bool:
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return True
    if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef):
        return bool(wanted.intersection(defined_names(node)))
    pair = trees.assignment(node)
    return pair is None or pair[0] in wanted
