"""Recombines two programs: a class or method of the second goes into the first with what it needs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from nashforge.evolve.proposers.rewriting.mutation import Parent
from nashforge.evolve.proposers.rewriting.sampling import Generator
from nashforge.evolve.proposers.rewriting.syntax.edit import Edit, NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Module, Program
from nashforge.evolve.proposers.rewriting.syntax.trees import assignment, bound, clone, reads, rename, same

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.grammar import Anchor, Grammar

Transplant = Callable[[Program, Program], str]


def crossover(first: str, second: str, rng: Generator, *, grammar: Grammar) -> Edit:
    """Return a child of two programs.

    The child is the first with a part of the second: a class, a method, or a piece of one. State and
    constants that the part needs come along; the state of the grammar's anchor (cumulative regrets) is
    shared. If the first takes nothing of the second, the second may take something of the first.

    Raises
    ------
    NotApplicable
        If a source is no program of the grammar, or no part of the second changes the first and leaves it
        sound.
    """
    parents = Parent(first, second, grammar=grammar)
    found = transplants(grammar)
    for swapped in (False, True):
        for place in rng.permutation(len(found)):
            receiver, donor = (module.copy() for module in parents.modules[:: -1 if swapped else 1])
            kind, take = found[place]
            try:
                description = take(receiver.programs[kind], donor.programs[kind])
            except NotApplicable:
                continue
            child = parents.finish(receiver)
            if child is not None:
                return Edit(child, "crossover", description)
    raise NotApplicable("no part of either program can go into the other")


def transplants(grammar: Grammar) -> list[tuple[int, Transplant]]:
    """Return all that can be taken: the place of a kind of class, and what takes a part of such a class."""
    found: list[tuple[int, Transplant]] = []
    for place, kind in enumerate(grammar.kinds):
        parts = kind.transplants or (take_constants, *(take_method(name) for name in kind.interface))
        found += [(place, part) for part in parts]
        if len(grammar.kinds) > 1:
            found.append((place, take_class))
    return found


class Graft:
    """Brings the state, constants and helper methods that donated code needs into a receiver."""

    def __init__(self, receiver: Program, donor: Program) -> None:
        self.receiver = receiver
        self.donor = donor
        self.names: dict[str, str] = {}
        self.skipped = self._share_state()
        bring_outside(receiver.module, donor.module)

    def _anchor(self, program: Program) -> Anchor:
        if program.kind.anchor is None:
            raise NotApplicable("such classes have no main state")
        return program.kind.anchor(program)

    def _share_state(self) -> set[str]:
        """Identify the main state of the two (cumulative regrets); the donor's update of it stays behind."""
        try:
            ours, theirs = self._anchor(self.receiver), self._anchor(self.donor)
        except NotApplicable:
            return set()
        self.names[f"self.{theirs.state}"] = f"self.{ours.state}"
        return {f"self.{theirs.state}"}

    def bring(self, nodes: Sequence[ast.AST], method: str, own: set[str]) -> None:
        """Bring everything that code of a method needs, and rename it in the code.

        Parameters
        ----------
        nodes
            The donated code; changed in place.
        method
            Where it goes.
        own
            Attributes that the code itself sets: they need no update from elsewhere.
        """
        needed = self._attributes(nodes)
        pending = set(needed)
        statements: list[tuple[str, bool, ast.stmt]] = []
        while pending:
            name = pending.pop()
            for source, after, statement in self._writers(name):
                if name in own and source == method:
                    continue
                if any(statement is known for _, _, known in statements):
                    continue
                statements.append((source, after, statement))
                for other in self._with_locals(source, statement, statements):
                    more = self._attributes([other]) - needed
                    needed |= more
                    pending |= more
        self._adopt_names(needed)
        self._place(statements)
        for node in nodes:
            rename(node, self.names)

    def _attributes(self, nodes: Sequence[ast.AST]) -> set[str]:
        found: set[str] = set()
        pending = set().union(set(), *(reads(node) for node in nodes))
        while pending:
            name = pending.pop()
            if not name.startswith("self.") or name in found or name[5:] in self.donor.kind.reserved:
                continue
            found.add(name)
            helper = self.donor.methods.get(name[5:])
            if helper is not None:
                pending |= reads(helper)
        return found

    def _interface(self) -> list[str]:
        """Return the methods of the donor that the engine calls."""
        return [name for name in self.donor.kind.interface if name in self.donor.methods]

    def _writers(self, name: str) -> list[tuple[str, bool, ast.stmt]]:
        """Return the donor's statements that set an attribute: method, after the update or not, statement.

        None of them touches the main state, which the receiver updates in its own way.
        """
        found = []
        for method in self._interface():
            body = self.donor.methods[method].body
            border = next(
                (place for place, statement in enumerate(body) if self.skipped & bound(statement)), len(body)
            )
            for place, statement in enumerate(body):
                if name in bound(statement) and not self.skipped & bound(statement):
                    found.append((method, place > border, statement))
        return found

    def _with_locals(
        self, method: str, statement: ast.stmt, statements: list[tuple[str, bool, ast.stmt]]
    ) -> list[ast.stmt]:
        """Add the statements that compute the locals of a statement; return them and the statement."""
        body = self.donor.methods[method].body
        chosen = [statement]
        wanted = {name for name in reads(statement) if not name.startswith("self.")}
        place = next(index for index, other in enumerate(body) if other is statement)
        after = next((after for _, after, other in statements if other is statement), False)
        for earlier in reversed(body[:place]):
            if bound(earlier) & wanted and not isinstance(earlier, ast.Return):
                wanted |= {name for name in reads(earlier) if not name.startswith("self.")}
                chosen.append(earlier)
                if not any(earlier is known for _, _, known in statements):
                    statements.append((method, after, earlier))
        return chosen

    def _adopt_names(self, needed: set[str]) -> None:
        """Add the donor's constants, state and helpers to the receiver, under free names."""
        state = self.donor.state()
        start = self.donor.methods["start"].body if "start" in self.donor.methods else []
        for name in sorted(needed):
            plain = name[5:]
            if name in self.names:
                continue
            if plain in self.donor.constants and plain not in state:
                self.names[name] = f"self.{self._constant(plain)}"
            elif plain in state:
                self.names[name] = f"self.{self.receiver.fresh(plain)}"
                for statement in start:
                    pair = assignment(statement)
                    if pair is not None and pair[0] == name:
                        copied = clone(statement)
                        rename(copied, self.names)
                        self.receiver.start().append(copied)
            elif plain in self.donor.methods:
                self._helper(plain)
        for name in needed & {f"self.{helper}" for helper in self.donor.methods}:
            rename(self.receiver.methods[self.names[name][5:]], self.names)

    def _constant(self, name: str) -> str:
        value = self.donor.constants[name]
        held = self.receiver.constants.get(name)
        if held is not None and same(held, value):
            return name
        fresh = self.receiver.fresh(name)
        self.receiver.constants[fresh] = clone(value)
        return fresh

    def _helper(self, name: str) -> None:
        fresh = self.receiver.fresh(name)
        function = clone(self.donor.methods[name])
        function.name = fresh
        self.names[f"self.{name}"] = f"self.{fresh}"
        first = next(place for place, method in enumerate(self.receiver.methods) if method != "start")
        items = list(self.receiver.methods.items())
        self.receiver.methods = dict([*items[:first], (fresh, function), *items[first:]])

    def _place(self, statements: list[tuple[str, bool, ast.stmt]]) -> None:
        """Copy the donor's statements into the receiver, before or after its update as in the donor."""
        for method in self._interface():
            body = self.donor.methods[method].body
            order = {id(statement): place for place, statement in enumerate(body)}
            chosen = sorted(
                ((after, order[id(node)], node) for source, after, node in statements if source == method),
                key=lambda entry: entry[1],
            )
            if not chosen:
                continue
            copies = [(after, clone(node)) for after, _, node in chosen]
            self._fit_locals(method, [node for _, node in copies])
            early, late = ([node for after, node in copies if after is side] for side in (False, True))
            ours = self.receiver.body(method)
            if method != self.receiver.kind.anchor_method:
                ours[0:0] = early + late
                continue
            try:
                anchor = self._anchor(self.receiver)
            except NotApplicable:
                ours[0:0] = early + late
                continue
            anchor.after(*late)
            anchor.before(*early)

    def _fit_locals(self, method: str, nodes: list[ast.stmt]) -> None:
        """Rename locals of donated statements: parameters as the receiver has them, others to free names."""
        for node in nodes:
            rename(node, self.local_names(method, nodes))
        for node in nodes:
            rename(node, self.names)

    def local_names(self, method: str, nodes: list[ast.stmt]) -> dict[str, str]:
        """Return new names for parameters and locals of donated code."""
        theirs = [argument.arg for argument in self.donor.methods[method].args.args]
        ours = [argument.arg for argument in self.receiver.methods[method].args.args]
        names = dict(zip(theirs, ours))
        for name in sorted(set().union(set(), *(bound(node) for node in nodes))):
            if not name.startswith("self.") and name not in names:
                names[name] = self.receiver.fresh(name, method)
        return names


def bring_outside(receiver: Module, donor: Module) -> None:
    """Bring imports, functions and values at module level; what is not needed is swept later.

    Raises
    ------
    NotApplicable
        If both define a name, differently.
    """
    held = {name: node for node in receiver.preamble for name in _defined(node)}
    for node in donor.preamble:
        known = [held[name] for name in _defined(node) if name in held]
        if not known:
            receiver.preamble.append(clone(node))
        elif not all(same(node, other) for other in known) and not isinstance(
            node, ast.Import | ast.ImportFrom
        ):
            raise NotApplicable("both programs define a name at module level, differently")


def _defined(node: ast.stmt) -> list[str]:
    """Return the names that a statement at module level defines."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    return [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else sorted(bound(node))


def take_class(receiver: Program, donor: Program) -> str:
    """Replace a whole class by that of the donor."""
    bring_outside(receiver.module, donor.module)
    programs = receiver.module.programs
    taken = {program.name for program in programs if program is not receiver}
    copied = donor.copy(receiver.module)
    while copied.name in taken:
        copied.name += "Too"
    programs[programs.index(receiver)] = copied
    return f"take the class {donor.name}"


def take_constants(receiver: Program, donor: Program) -> str:
    """Set the constants that both classes have as the donor has them."""
    changed = [
        name
        for name, node in donor.constants.items()
        if name in receiver.constants and not same(receiver.constants[name], node)
    ]
    if not changed:
        raise NotApplicable("both have the same constants")
    receiver.constants |= {name: clone(donor.constants[name]) for name in changed}
    return f"take {', '.join(changed)} from {donor.name}"


def take_method(method: str) -> Transplant:
    """Return what takes a method from the donor."""

    def take(receiver: Program, donor: Program) -> str:
        graft = Graft(receiver, donor)
        body = [clone(statement) for statement in donor.body(method)]
        own = set().union(set(), *(bound(statement) for statement in body))
        theirs = [argument.arg for argument in donor.methods[method].args.args]
        receiver.body(method)
        ours = [argument.arg for argument in receiver.methods[method].args.args]
        receiver.methods[method].body = body
        graft.bring(body, method, own)
        for statement in body:
            rename(statement, dict(zip(theirs, ours)))
        return f"take {method}() from {donor.name}"

    return take


def _local_part(donor: Program, method: str, nodes: list[ast.expr]) -> list[ast.stmt]:
    """Return copies of the statements of a method that compute the locals in expressions."""
    wanted = {name for node in nodes for name in reads(node) if not name.startswith("self.")}
    chosen: list[ast.stmt] = []
    for statement in reversed(donor.methods[method].body):
        if bound(statement) & wanted and not isinstance(statement, ast.Return):
            wanted |= {name for name in reads(statement) if not name.startswith("self.")}
            chosen.insert(0, clone(statement))
    return chosen


def bring_expressions(
    receiver: Program, donor: Program, method: str, nodes: list[ast.expr]
) -> list[ast.stmt]:
    """Make expressions of the donor's method fit the receiver; return the statements that must go before."""
    graft = Graft(receiver, donor)
    before = [
        statement for statement in _local_part(donor, method, nodes) if not graft.skipped & bound(statement)
    ]
    own = set().union(set(), *(bound(statement) for statement in before))
    names = graft.local_names(method, before)
    graft.bring([*before, *nodes], method, {name for name in own if name.startswith("self.")})
    for node in [*before, *nodes]:
        rename(node, names)
    return before
