"""Makes a program smaller: removes a term, a factor, a branch, a function or a statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nashforge.evolve.proposers.rewriting.mutation import Parent
from nashforge.evolve.proposers.rewriting.operators.reductions import Reduction, reductions
from nashforge.evolve.proposers.rewriting.sampling import Generator
from nashforge.evolve.proposers.rewriting.syntax.edit import Edit, NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Module
from nashforge.evolve.proposers.rewriting.syntax.trees import size

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.grammar import Grammar


def simplify(source: str, rng: Generator, *, grammar: Grammar) -> Edit:
    """Return a smaller child of a program; its behaviour may differ.

    Parameters
    ----------
    source
        A program of the grammar.
    rng
        Decides which part goes.
    grammar
        What the program is written in.

    Raises
    ------
    NotApplicable
        If the source is no program of the grammar, or nothing can go without making it unsound.
    """
    parent = Parent(source, grammar=grammar)
    before = module_size(parent.modules[0])
    total = len(list(module_reductions(parent.modules[0])))
    for place in rng.permutation(total):
        module = parent.modules[0].copy()
        description, apply = list(module_reductions(module))[place]
        apply()
        child = parent.finish(module)
        if child is not None and module_size(module) < before:
            return Edit(child, "simplify", description)
    raise NotApplicable(f"nothing can be removed from the {grammar.what}")


def module_reductions(module: Module) -> Iterator[Reduction]:
    """Yield every single removal that makes a program smaller."""
    for program in module.programs:
        yield from reductions(program)


def module_size(module: Module) -> int:
    """Return the number of expressions and statements of a program, constants included."""
    return sum(
        sum(size(function) for function in program.methods.values()) + 2 * len(program.constants)
        for program in module.programs
    )
