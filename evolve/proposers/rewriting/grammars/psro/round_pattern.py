"""Rounds of a meta-solver, in which it improves strategies and on which mechanisms act."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nashforge.evolve.proposers.rewriting.sampling import Generator, pick
from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program, called_methods

POLICIES = ("normalize", "softmax", "project")
"""Functions that make mixtures."""
GAINS = ("advantages", "center")
"""Functions that compare payoffs of policies."""
PAYOFFS = ("game.all_payoffs", "game.payoffs")
HELPERS = ("advantages", "center", "normalize", "project", "rescale", "softmax")
"""Functions of `nashforge.solvers.psro.interface`."""


@dataclass
class ExpressionSite:
    """An expression in the loop, with the statement that holds it.

    Attributes
    ----------
    block : list of ast.stmt
        The block of the statement.
    statement : ast.Assign
        The statement, with one target.
    node : ast.expr
        The expression; the statement's value or a part of it.
    """

    block: list[ast.stmt]
    statement: ast.Assign
    node: ast.expr

    def replace(self, new: ast.expr) -> None:
        """Put another expression in the place."""
        wanted = self.node
        self.statement.value = trees.substitute(
            self.statement.value, lambda node: new if node is wanted else None
        )
        self.node = new

    @property
    def target(self) -> ast.expr:
        """The target of the statement."""
        return trees.clone(self.statement.targets[0])

    @property
    def variable(self) -> str:
        """The variable that the statement sets, or an entry of; empty if it is none."""
        return variable_of(self.statement.targets[0])


def variable_of(node: ast.expr) -> str:
    """Return the local variable that an expression is, or an entry of; empty if it is none."""
    bare = node.value if isinstance(node, ast.Subscript) else node
    return bare.id if isinstance(bare, ast.Name) else ""


@dataclass
class RoundPattern:
    """The outermost loop of a method that starts from uniform strategies.

    Attributes
    ----------
    program : Program
        The meta-solver.
    method : str
        The method with the loop: ``train``, ``evaluate`` or a helper.
    body : list of ast.stmt
        Statements of the method.
    loop : ast.For
        The loop.
    strategies : str
        The variable with the strategies.
    """

    program: Program
    method: str
    body: list[ast.stmt]
    loop: ast.For
    strategies: str

    @property
    def parameters(self) -> set[str]:
        """Names of the method's parameters."""
        return {argument.arg for argument in self.program.methods[self.method].args.args}

    @property
    def counter(self) -> str:
        """The variable that counts the rounds, from one."""
        target, given = self.loop.target, self.loop.iter
        counts = isinstance(given, ast.Call) and trees.called(given) == "range" and len(given.args) == 2
        if not isinstance(target, ast.Name) or not counts:
            raise NotApplicable("the loop does not count its rounds from one")
        return target.id

    @property
    def count(self) -> ast.expr:
        """The expression of the number of rounds."""
        given = self.loop.iter
        if isinstance(given, ast.Call) and trees.called(given) == "range" and len(given.args) in (1, 2):
            last = given.args[-1]
            if len(given.args) == 1:
                return last
            if isinstance(last, ast.BinOp) and isinstance(last.op, ast.Add):
                return last.left
        raise NotApplicable("the number of rounds is not plain")

    def assignments(self) -> list[ExpressionSite]:
        """Return what the statements of the loop assign."""
        return [
            ExpressionSite(block, statement, statement.value)
            for block, _, statement in trees.walk_statements(self.loop.body)
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1
        ]

    def calls(self, functions: Sequence[str]) -> list[ExpressionSite]:
        """Return the calls of some functions in the loop, outermost first."""
        return [
            replace(site, node=node)
            for site in self.assignments()
            for node in trees.walk(site.node)
            if trees.called(node) in functions and isinstance(node, ast.expr)
        ]

    def call(self, functions: Sequence[str], rng: Generator) -> ExpressionSite:
        """Return one of the calls of some functions; raise NotApplicable if there is none."""
        found = self.calls(functions)
        if not found:
            raise NotApplicable(f"no call of {' or '.join(functions)}")
        return pick(rng, found)

    def mixture(self) -> ExpressionSite:
        """Return what the strategies are set to in a round."""
        for site in self.assignments():
            if site.variable == self.strategies:
                return site
        raise NotApplicable("the loop does not set the strategies")

    def accumulators(self) -> list[ExpressionSite]:
        """Return the statements of the loop that update a variable other than the strategies from itself."""
        others = [site for site in self.assignments() if site.variable != self.strategies]
        return [site for site in others if site.variable in trees.reads(site.node)]

    def named(self, place: ExpressionSite, hint: str) -> ast.expr:
        """Return a name for an expression, computed by a statement of its own before it."""
        if place.statement.value is place.node and isinstance(place.target, ast.Name):
            return place.target
        name = self.program.fresh(hint, self.method)
        index = place.block.index(place.statement)
        place.block.insert(index, ast.Assign([ast.Name(name, ast.Store())], trees.clone(place.node)))
        place.replace(ast.Name(name, ast.Load()))
        return ast.Name(name, ast.Load())

    def before_loop(self, text: str) -> None:
        """Insert statements before the loop."""
        index = self.body.index(self.loop)
        self.body[index:index] = ast.parse(text).body


def all_rounds(program: Program) -> list[RoundPattern]:
    """Return the loops of a meta-solver, in the order of its methods."""
    found = []
    for method, function in program.methods.items():
        strategies = None
        for statement in function.body:
            pair = trees.assignment(statement)
            if pair is not None and trees.called(pair[1]) == "game.uniform":
                strategies = pair[0]
            if isinstance(statement, ast.For) and strategies is not None:
                found.append(RoundPattern(program, method, function.body, statement, strategies))
                break
    return found


def some_rounds(program: Program, rng: Generator) -> RoundPattern:
    """Return one of the loops; raise NotApplicable if there is none."""
    found = all_rounds(program)
    return pick(rng, found, "no rounds that start from uniform strategies")


def told(rounds: RoundPattern, text: str) -> str:
    """Say where something was changed."""
    where = {"train": "in training, ", "evaluate": "in evaluating, "}
    return where.get(rounds.method, "") + text


def loops_of(program: Program, method: str) -> bool:
    """Whether a method, or a helper that it calls, has a loop."""
    names = {method} | set().union(*(called_methods(program, node) for node in program.body(method)))
    return any(
        isinstance(node, ast.For)
        for name in names
        for part in program.body(name)
        for node in trees.walk(part)
    )
