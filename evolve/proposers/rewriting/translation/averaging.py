"""Rewrites the statements of ``accumulate(t, policy, reach, average)`` into those of ``weights``.

The average is followed through the method as a form ``keep * average + add * reach * policy``. Statements
that compute it go, and what is returned becomes ``keep, add``; all others stay as they are. Where branches of
a condition leave different coefficients behind, these become local variables.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from nashforge.evolve.domains.translation import TranslationError
from nashforge.evolve.proposers.rewriting.analysis.values import ANY, SCALAR
from nashforge.evolve.proposers.rewriting.grammars.cfr.grammar import SEQUENCE
from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.translation.forms import (
    AVERAGE,
    ONE,
    PLAYED,
    POLICY,
    REACH,
    Reader,
    told,
)
from nashforge.evolve.proposers.rewriting.translation.shapes import LEVEL, Form, Local

_NAMES = {AVERAGE: "keep", PLAYED: "add"}

Known = dict[str, Local]
"""The local variables, by name."""


class Rewriter:
    """Rewrites one method.

    Parameters
    ----------
    program
        The class that has it.
    method
        Its name; its parameters are the iteration, the policy, the reach and the average.
    reader
        Reads its expressions.
    """

    def __init__(self, program: Program, method: str, reader: Reader) -> None:
        self._program, self._reader = program, reader
        self._function = program.methods[method]
        t, policy, reach, average = (argument.arg for argument in self._function.args.args[1:])
        reader.shapes.locals = {
            t: Local(SCALAR),
            policy: Local(SEQUENCE, form=Form({POLICY: ONE})),
            reach: Local(LEVEL, form=Form({REACH: ONE})),
            average: Local(SEQUENCE, form=Form({AVERAGE: ONE}), hidden=True),
        }
        self._taken = program.taken(method)
        self._writers = program.writers()
        self._check()

    def body(self) -> list[ast.stmt]:
        """Return the statements of ``weights``.

        Raises
        ------
        TranslationError
            If the method is not of that kind.
        """
        body, ends = self._block(self._function.body)
        if not ends:
            raise TranslationError("accumulate() need not return anything")
        return body

    def _check(self) -> None:
        """Refuse what statements could do to arrays under another name."""
        nodes = list(trees.walk(self._function))
        if any(isinstance(node, ast.NamedExpr | ast.Yield | ast.YieldFrom | ast.Await) for node in nodes):
            raise TranslationError("accumulate() assigns inside expressions, or yields")
        number = self._function.args.args[1].arg
        copies = any(
            isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id != number
            for node in nodes
        )
        changes = any(
            isinstance(node, ast.AugAssign)
            or (isinstance(node, ast.Assign) and any(isinstance(t, ast.Subscript) for t in node.targets))
            or (isinstance(node, ast.keyword) and node.arg == "out")
            for node in nodes
        )
        if copies and changes:
            raise TranslationError("accumulate() changes arrays in place that have several names")

    def _block(self, statements: list[ast.stmt]) -> tuple[list[ast.stmt], bool]:
        """Return a block rewritten, and whether it always returns."""
        written: list[ast.stmt] = []
        for statement in statements:
            if self._statement(statement, written):
                return written, True
        return written, False

    def _statement(self, statement: ast.stmt, written: list[ast.stmt]) -> bool:
        """Write a statement; return whether it leaves the method."""
        match statement:
            case ast.Return(value=ast.expr() as value):
                self._check_calls(value)
                keep, add = self._reader.result(value)
                written.append(ast.Return(ast.Tuple([keep, add], ast.Load())))
                return True
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._assign(statement, name, value, written)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self._assign(statement, name, value, written)
            case ast.AugAssign(target=ast.Name(id=name) as target) if name in self._reader.hidden:
                value = ast.BinOp(ast.Name(target.id, ast.Load()), statement.op, statement.value)
                self._assign(statement, name, value, written)
            case ast.If():
                return self._branch(statement, written)
            case ast.Pass():
                pass
            case ast.Raise() | ast.Assert() | ast.Expr() | ast.Assign() | ast.AugAssign() | ast.AnnAssign():
                self._keep(statement, written)
            case ast.For() | ast.While() if not any(
                isinstance(node, ast.Return) for node in trees.walk(statement)
            ):
                self._keep(statement, written)
            case _:
                raise TranslationError(f"accumulate() has a statement of the kind {type(statement).__name__}")
        return isinstance(statement, ast.Raise)

    def _assign(self, statement: ast.stmt, name: str, value: ast.expr, written: list[ast.stmt]) -> None:
        """Follow a local variable; what is made from the average is not written."""
        reader, shapes = self._reader, self._reader.shapes
        form = reader.form(value)
        if reader.hides(value):
            if form is None:
                reader.result(value)  # says why
            self._check_calls(value)
            self._settle({name}, written)
            shapes.locals[name] = Local(SEQUENCE, form=form, hidden=True)
            return
        shape = shapes.of(value)
        lowered = shapes.lowered(value) if shape == LEVEL else None
        self._settle({name} | self._changes(statement), written)
        written.append(trees.clone(statement))
        if lowered is not None and name in trees.reads(lowered):
            lowered = None
        # The number 0 may be counted up.
        counted = form is not None and not form.terms and shape == SCALAR
        if form is not None and (counted or name in form.reads()):
            form = None
        shapes.locals[name] = Local(shape, lowered, form)

    def _keep(self, statement: ast.stmt, written: list[ast.stmt]) -> None:
        """Write a statement as it is."""
        reader, known = self._reader, self._reader.shapes.locals
        changed = trees.bound(statement) | self._changes(statement)
        if reader.hides(statement) or changed & reader.hidden:
            line = ast.unparse(statement).splitlines()[0]
            raise TranslationError(
                f"accumulate() uses the average in the statement {told(ast.Name(line))}, where no rule sees "
                "it any more"
            )
        self._settle(changed, written)
        written.append(trees.clone(statement))
        for name in trees.local_names(changed):
            shape = ANY
            if isinstance(statement, ast.AugAssign) and trees.target_variable(statement.target) == name:
                value = ast.BinOp(ast.Name(name, ast.Load()), statement.op, statement.value)
                shape = reader.shapes.of(value)
            known[name] = Local(shape)

    def _branch(self, statement: ast.If, written: list[ast.stmt]) -> bool:
        """Write both branches of a condition, and join what they know."""
        if self._reader.hides(statement.test):
            raise TranslationError(
                f"accumulate() tests the average in the condition {told(statement.test)}, where no rule sees "
                "it any more"
            )
        self._check_calls(statement.test)
        before = self._reader.shapes.locals
        ends, after, blocks = [], [], []
        for block in (statement.body, statement.orelse):
            self._reader.shapes.locals = dict(before)
            inside, ended = self._block(block)
            blocks.append(inside)
            ends.append(ended)
            after.append(self._reader.shapes.locals)
        ahead: list[ast.stmt] = []
        live = [place for place in (0, 1) if not ends[place]]
        if len(live) == 2:
            self._reader.shapes.locals = self._joined(before, after, blocks, ahead)
        elif live:
            self._reader.shapes.locals = after[live[0]]
        written.extend(ahead)
        body, orelse = blocks
        if not body and orelse:
            written.append(ast.If(ast.UnaryOp(ast.Not(), trees.clone(statement.test)), orelse, []))
        elif body:
            written.append(ast.If(trees.clone(statement.test), body, orelse))
        return not live

    def _joined(
        self, before: Known, after: list[Known], blocks: list[list[ast.stmt]], ahead: list[ast.stmt]
    ) -> Known:
        """Return what both branches agree on; coefficients that differ become variables."""
        joined: Known = {}
        for name in dict.fromkeys([*after[0], *after[1]]):
            one, other = (known.get(name, Local(ANY)) for known in after)
            hidden, form = one.hidden or other.hidden, None
            if one.form is None or other.form is None:
                if hidden:
                    raise TranslationError(f"accumulate() sets {name} in one branch only")
            elif all(
                trees.same(one.form[part], other.form[part]) for part in {*one.form.terms, *other.form.terms}
            ):
                form = one.form
            elif hidden:
                old = before[name].form if name in before else None
                form = self._variables(name, old, (one.form, other.form), blocks, ahead)
            agreed = (one.shape, one.lowered) == (other.shape, other.lowered)
            shape, lowered = (one.shape, one.lowered) if agreed else (ANY, None)
            joined[name] = Local(shape, lowered, form, hidden)
        return joined

    def _variables(
        self,
        name: str,
        old: Form | None,
        forms: tuple[Form, Form],
        blocks: list[list[ast.stmt]],
        ahead: list[ast.stmt],
    ) -> Form:
        terms: dict[str, ast.expr] = {}
        for array in dict.fromkeys([*forms[0].terms, *forms[1].terms]):
            values = [form[array] for form in forms]
            if trees.same(*values):
                terms[array] = values[0]
                continue
            if array not in _NAMES:
                raise TranslationError(f"accumulate() computes {name} differently in two branches")
            variable = self._fresh(_NAMES[array])
            unchanged = [old is not None and trees.same(value, old[array]) for value in values]
            if any(unchanged):
                ahead.append(_set(variable, values[unchanged.index(True)]))
            for value, block, is_old in zip(values, blocks, unchanged):
                if not is_old:
                    block.append(_set(variable, value))
            terms[array] = ast.Name(variable, ast.Load())
        return Form(terms)

    def _settle(self, changed: set[str], written: list[ast.stmt]) -> None:
        """Before variables change, compute the coefficients that are made of them."""
        shapes = self._reader.shapes
        for name, known in shapes.locals.items():
            stale = {} if known.form is None else known.form.terms
            stale = {array: node for array, node in stale.items() if trees.reads(node) & changed}
            if known.form is not None and stale:
                terms = dict(known.form.terms)
                for array, node in stale.items():
                    variable = self._fresh(_NAMES.get(array, "weight"))
                    written.append(_set(variable, node))
                    terms[array] = ast.Name(variable, ast.Load())
                shapes.locals[name] = replace(known, form=Form(terms))
        shapes.forget(changed)

    def _changes(self, statement: ast.stmt) -> set[str]:
        """Return the variables that a statement may change beside those that it assigns to."""
        found: set[str] = set()
        for node in trees.walk(statement):
            if isinstance(node, ast.Call) and trees.self_attribute(node.func) in self._writers:
                found |= {f"self.{name}" for name in self._program.state()}
            if isinstance(node, ast.keyword) and node.arg == "out":
                found |= trees.target_variables(node.value)
        return found

    def _check_calls(self, node: ast.expr) -> None:
        """Refuse weights whose computing changes something: they may be computed in another order now."""
        for part in trees.walk(node):
            if isinstance(part, ast.Call) and trees.self_attribute(part.func) in self._writers:
                raise TranslationError(
                    f"{told(node)} calls {trees.called(part)}(), which changes the state of the rule"
                )

    def _fresh(self, hint: str) -> str:
        name, count = hint, 2
        while name in self._taken:
            name, count = f"{hint}_{count}", count + 1
        self._taken.add(name)
        return name


def _set(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(name, ast.Store())], trees.clone(value))


def drop_idle(body: list[ast.stmt]) -> None:
    """Drop, in place, locals that were computed for the average only and that nothing reads any more."""
    while _drop(body, {name for statement in body for name in _read(statement)}):
        pass


def _drop(body: list[ast.stmt], used: set[str]) -> bool:
    """Drop what sets variables that are not used; return whether there was anything."""
    dropped = False
    for statement in list(body):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]) if name not in used:
                idle = not _has_effects(statement.value)
            case ast.If():
                dropped |= _drop(statement.body, used) | _drop(statement.orelse, used)
                if not statement.body and statement.orelse:
                    statement.test = ast.UnaryOp(ast.Not(), statement.test)
                    statement.body, statement.orelse = statement.orelse, []
                idle = not statement.body
            case _:
                idle = False
        if idle:
            body.remove(statement)
            dropped = True
    return dropped


def _read(statement: ast.AST) -> set[str]:
    """Return the locals that are read, or changed in place, in a tree."""
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.AugAssign):
            found |= trees.target_variables(node.target)
    return found


def _has_effects(value: ast.expr) -> bool:
    """Whether computing a value may do more than that."""
    return any(
        isinstance(node, ast.Call) and not trees.called(node).startswith(("np.", "math.", "self.infosets."))
        for node in ast.walk(value)
    )
