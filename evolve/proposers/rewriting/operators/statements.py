"""Edits of whole statements, and removals."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.operators.reductions import reductions
from nashforge.evolve.proposers.rewriting.sampling import Generator, pick
from nashforge.evolve.proposers.rewriting.syntax.formatting import format_expression
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import assignment, bound, reads


def remove_part(program: Program, rng: Generator, strength: float) -> str:
    """Remove a term, a factor, a function, a branch or a statement."""
    found = list(reductions(program))
    description, apply = pick(rng, found, "nothing can be removed")
    apply()
    return description


def reorder_statements(program: Program, rng: Generator, strength: float) -> str:
    """Exchange two neighbouring statements of a method that depend on each other."""
    methods = [name for name in program.kind.reordered or program.kind.interface if name in program.methods]
    # One method takes no draw.
    method = methods[0] if len(methods) == 1 else pick(rng, methods, "no method to exchange statements in")
    body = program.body(method)
    found = [
        place
        for place in range(len(body) - 1)
        if (bound(body[place]) & (reads(body[place + 1]) | bound(body[place + 1])))
        or bound(body[place + 1]) & reads(body[place])
    ]
    place = pick(rng, found, "no statements whose order matters")
    body[place], body[place + 1] = body[place + 1], body[place]
    names = [_name(statement) for statement in (body[place], body[place + 1])]
    return f"compute {names[0]} before {names[1]} in {method}()"


def _name(statement: ast.stmt) -> str:
    pair = assignment(statement)
    if pair is not None:
        return pair[0].removeprefix("self.")
    if isinstance(statement, ast.If):
        return f"the case {format_expression(statement.test)}"
    return "the next step"
