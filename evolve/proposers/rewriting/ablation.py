"""Single removals: what each part of a program, left out, leaves of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nashforge.evolve.proposers.rewriting.grammar import Grammar
from nashforge.evolve.proposers.rewriting.mutation import Parent
from nashforge.evolve.proposers.rewriting.simplification import module_reductions, module_size
from nashforge.evolve.proposers.rewriting.syntax.program import read_module


@dataclass(frozen=True)
class Removal:
    """A program without one of its parts.

    Attributes
    ----------
    source : str
        What is left.
    size : int
        Number of its expressions and statements, two for each constant.
    note : str
        What was removed, in words.
    """

    source: str
    size: int
    note: str


def removals(source: str, grammar: Grammar) -> Iterator[Removal]:
    """Yield what each single removal leaves of a tidied program, where that is sound and smaller.

    Raises
    ------
    nashforge.evolve.proposers.rewriting.syntax.edit.NotApplicable
        If the program cannot be taken apart.
    """
    whole = size_of(source, grammar)
    comparison = Parent(source, grammar=grammar)
    total = len(list(module_reductions(comparison.modules[0])))
    for place in range(total):
        module = comparison.modules[0].copy()
        note, apply = list(module_reductions(module))[place]
        apply()
        left = comparison.finish(module)
        if left is not None and size_of(left, grammar) < whole:
            yield Removal(left, size_of(left, grammar), note)


def size_of(source: str, grammar: Grammar) -> int:
    """Return the number of expressions and statements of a program, two for each constant."""
    return module_size(read_module(source, grammar))
