"""Makes a rule smaller: removes a term, a factor, a branch, a function or a statement."""

from __future__ import annotations

from evolve.offline.draws import Generator
from evolve.offline.edit import Edit, NotApplicable
from evolve.offline.mutation import Parent
from evolve.offline.operators.reductions import reductions
from evolve.offline.program import Program
from evolve.offline.syntax import size


def simplify(source: str, rng: Generator) -> Edit:
    """Return a smaller child of a rule; its behaviour may differ.

    Parameters
    ----------
    source
        A module that defines one CFR rule.
    rng
        Decides which part goes.

    Raises
    ------
    NotApplicable
        If the source is no CFR rule, or nothing can go without making the rule unsound.
    """
    parent = Parent(source)
    before = program_size(parent.programs[0])
    total = len(list(reductions(parent.programs[0])))
    for place in rng.permutation(total):
        program = parent.programs[0].copy()
        description, apply = list(reductions(program))[place]
        apply()
        child = parent.finish(program)
        if child is not None and program_size(program) < before:
            return Edit(child, "simplify", description)
    raise NotApplicable("nothing can be removed from the rule")


def program_size(program: Program) -> int:
    """Return the number of expressions and statements of a program."""
    return sum(size(function) for function in program.methods.values()) + 2 * len(program.constants)
