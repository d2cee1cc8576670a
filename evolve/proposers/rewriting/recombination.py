"""Recombines two programs: a class or method of the second goes into the first with what it needs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from nashforge.evolve.proposers.rewriting.mutation import Parent
from nashforge.evolve.proposers.rewriting.sampling import Generator
from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.edit import Edit, NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Module, Program, defined_names

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.grammar import Grammar, UpdatePattern

Exchange = Callable[[Program, Program], str]


def crossover(first: str, second: str, rng: Generator, *, grammar: Grammar) -> Edit:
    """Return a child of two programs.

    The child is the first with a part of the second: a class, a method, or a piece of one. State and
    constants that the part needs come along; the main state of the grammar (cumulative regrets) is
    shared. If the first takes nothing of the second, the second may take something of the first.

    Raises
    ------
    NotApplicable
        If a source is no program of the grammar, or no part of the second changes the first and leaves it
        sound.
    """
    parents = Parent(first, second, grammar=grammar)
    found = exchangeable_parts(grammar)
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


def exchangeable_parts(grammar: Grammar) -> list[tuple[int, Exchange]]:
    """Return all that can be taken: the place of a kind of class, and what takes a part of such a class."""
    found: list[tuple[int, Exchange]] = []
    for place, kind in enumerate(grammar.kinds):
        parts = kind.exchangeable_parts or (take_constants, *(take_method(name) for name in kind.interface))
        found += [(place, part) for part in parts]
        if len(grammar.kinds) > 1:
            found.append((place, take_class))
    return found


class CodeTransfer:
    """Brings the state, constants and helper methods that donated code needs into a receiver.

    Both have one main state (cumulative regrets); the donor's update of it stays behind.
    """

    def __init__(self, receiver: Program, donor: Program) -> None:
        self.receiver = receiver
        self.donor = donor
        self.names: dict[str, str] = {}
        self.skipped: set[str] = set()
        ours, theirs = _update_of(receiver), _update_of(donor)
        if ours is not None and theirs is not None:
            self.names[f"self.{theirs.state}"] = f"self.{ours.state}"
            self.skipped = {f"self.{theirs.state}"}
        bring_outside(receiver.module, donor.module)

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
        needed = self._attributes(*nodes)
        initial = self.donor.state()
        pending = set(needed)
        statements: dict[int, bool] = {}
        while pending:
            name = pending.pop()
            if name[5:] in initial and name not in self.skipped:
                more = self._attributes(initial[name[5:]]) - needed
                needed |= more
                pending |= more
            for source, after, place in self._setters(name):
                body = self.donor.methods[source].body
                if (name in own and source == method) or id(body[place]) in statements:
                    continue
                chosen = [*_computing(body[:place], trees.reads(body[place])), body[place]]
                for statement in chosen:
                    statements.setdefault(id(statement), after)
                more = self._attributes(*chosen) - needed
                needed |= more
                pending |= more
        self._adopt_names(needed)
        self._place(statements)
        for node in nodes:
            trees.rename(node, self.names)

    def _attributes(self, *nodes: ast.AST) -> set[str]:
        """Return the donor's own attributes that code reads, its helper methods entered."""
        found: set[str] = set()
        pending = trees.attributes(trees.reads(*nodes))
        while pending:
            name = pending.pop()
            if name not in found and name[5:] not in self.donor.kind.reserved:
                found.add(name)
                if name[5:] in self.donor.methods:
                    pending |= trees.attributes(trees.reads(self.donor.methods[name[5:]]))
        return found

    def _interface(self) -> list[str]:
        """Return the methods of the donor that the engine calls."""
        return [name for name in self.donor.kind.interface if name in self.donor.methods]

    def _setters(self, name: str) -> Iterator[tuple[str, bool, int]]:
        """Yield the donor's statements that set an attribute: method, after the update or not, place.

        None of them touches the main state, which the receiver updates in its own way.
        """
        for method in self._interface():
            after = False
            for place, statement in enumerate(self.donor.methods[method].body):
                if self.skipped & trees.bound(statement):
                    after = True
                elif name in trees.bound(statement):
                    yield method, after, place

    def _adopt_names(self, needed: set[str]) -> None:
        """Add the donor's constants, state and helpers to the receiver, under free names."""
        donor, receiver, state = self.donor, self.receiver, self.donor.state()
        start = donor.methods["start"].body if "start" in donor.methods else []
        begun: dict[int, ast.stmt] = {}
        for name in sorted(needed - set(self.names)):
            plain = name[5:]
            if plain in state:
                self.names[name] = f"self.{receiver.fresh(plain)}"
                for place, statement in enumerate(start):
                    if (trees.assignment(statement) or ("",))[0] == name:
                        copied = trees.clone(statement)
                        trees.rename(copied, {name: self.names[name]})
                        receiver.start().append(copied)
                        begun[place] = copied
            elif plain in donor.constants:
                held, value = receiver.constants.get(plain), donor.constants[plain]
                shared = held is not None and trees.same(held, value)
                fresh = plain if shared else receiver.fresh(plain)
                receiver.constants.setdefault(fresh, trees.clone(value))
                self.names[name] = f"self.{fresh}"
            elif plain in donor.methods:
                function = trees.clone(donor.methods[plain])
                function.name = receiver.fresh(plain)
                self.names[name] = f"self.{function.name}"
                items = list(receiver.methods.items())
                first = next(place for place, (method, _) in enumerate(items) if method != "start")
                receiver.methods = dict([*items[:first], (function.name, function), *items[first:]])
        # In the donor's order, and once all names are known: state may begin as a copy of other state.
        for _, copied in sorted(begun.items()):
            receiver.start().remove(copied)
            receiver.start().append(copied)
            if isinstance(copied, ast.Assign):
                trees.rename(copied.value, self.names)
        for name in needed & {f"self.{helper}" for helper in donor.methods}:
            trees.rename(receiver.methods[self.names[name][5:]], self.names)

    def _place(self, statements: dict[int, bool]) -> None:
        """Copy the donor's statements into the receiver, before or after its update as in the donor."""
        for method in self._interface():
            chosen = [node for node in self.donor.methods[method].body if id(node) in statements]
            if not chosen:
                continue
            copies = [trees.clone(node) for node in chosen]
            names = self.local_names(method, copies) | self.names
            for node in copies:
                trees.rename(node, names)
            late = [copy for node, copy in zip(chosen, copies) if statements[id(node)]]
            early = [copy for copy in copies if copy not in late]
            ours = self.receiver.body(method)
            update = _update_of(self.receiver) if method == self.receiver.kind.update_method else None
            if update is None:
                ours[0:0] = early + late
            else:
                update.after(*late)
                update.before(*early)

    def local_names(self, method: str, nodes: list[ast.stmt]) -> dict[str, str]:
        """Return new names for parameters and locals of donated code: the receiver's, and free ones."""
        names = dict(zip(self.donor.parameters(method), self.receiver.parameters(method)))
        new = trees.local_names(trees.bound(*nodes)) - set(names)
        return names | {name: self.receiver.fresh(name, method) for name in sorted(new)}


def _update_of(program: Program) -> UpdatePattern | None:
    """Return the update of the main state; None if there is none that is recognised."""
    try:
        return program.kind.update_pattern(program) if program.kind.update_pattern is not None else None
    except NotApplicable:
        return None


def _computing(body: Sequence[ast.stmt], names: set[str]) -> list[ast.stmt]:
    """Return the statements of a body that compute variables, and the locals which that takes."""
    wanted = trees.local_names(names)
    chosen: list[ast.stmt] = []
    for statement in reversed(body):
        if trees.bound(statement) & wanted and not isinstance(statement, ast.Return):
            wanted |= trees.local_names(trees.reads(statement))
            chosen.insert(0, statement)
    return chosen


def bring_outside(receiver: Module, donor: Module) -> None:
    """Bring imports, functions and values at module level; what is not needed is swept later.

    Raises
    ------
    NotApplicable
        If both define a name, differently.
    """
    held = {name: node for node in receiver.preamble for name in defined_names(node)}
    for node in donor.preamble:
        known = [held[name] for name in defined_names(node) if name in held]
        if not known:
            receiver.preamble.append(trees.clone(node))
        elif isinstance(node, ast.ImportFrom):
            missing = [alias for alias in node.names if (alias.asname or alias.name) not in held]
            if missing:
                receiver.preamble.append(ast.ImportFrom(node.module, missing, node.level))
        elif not all(trees.same(node, other) for other in known) and not isinstance(
            node, ast.Import | ast.ImportFrom
        ):
            raise NotApplicable("both programs define a name at module level, differently")


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
        if name in receiver.constants and not trees.same(receiver.constants[name], node)
    ]
    if not changed:
        raise NotApplicable("both have the same constants")
    receiver.constants |= {name: trees.clone(donor.constants[name]) for name in changed}
    return f"take {', '.join(changed)} from {donor.name}"


def take_method(method: str) -> Exchange:
    """Return what takes a method from the donor."""

    def take(receiver: Program, donor: Program) -> str:
        transfer = CodeTransfer(receiver, donor)
        body = [trees.clone(statement) for statement in donor.body(method)]
        receiver.body(method)
        names = dict(zip(donor.parameters(method), receiver.parameters(method)))
        receiver.methods[method].body = body
        transfer.bring(body, method, trees.bound(*body))
        for statement in body:
            trees.rename(statement, names)
        return f"take {method}() from {donor.name}"

    return take


def bring_expressions(
    receiver: Program, donor: Program, method: str, nodes: list[ast.expr]
) -> list[ast.stmt]:
    """Make expressions of the donor's method fit the receiver; return the statements that must go before."""
    transfer = CodeTransfer(receiver, donor)
    computing = [
        trees.clone(statement) for statement in _computing(donor.methods[method].body, trees.reads(*nodes))
    ]
    before = [statement for statement in computing if not transfer.skipped & trees.bound(statement)]
    names = transfer.local_names(method, before)
    transfer.bring([*before, *nodes], method, trees.attributes(trees.bound(*before)))
    for node in [*before, *nodes]:
        trees.rename(node, names)
    return before
