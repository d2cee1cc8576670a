"""Draws a child of a program: one edit or a few, kept only if the child is sound and new."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from nashforge.evolve.proposers.rewriting.analysis.inference import issues
from nashforge.evolve.proposers.rewriting.normal_form.cleanup import polish
from nashforge.evolve.proposers.rewriting.normal_form.fingerprint import fingerprint
from nashforge.evolve.proposers.rewriting.normal_form.normalise import read_canonical
from nashforge.evolve.proposers.rewriting.sampling import Generator, pick, weighted
from nashforge.evolve.proposers.rewriting.syntax.edit import Edit, NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Module, write_module

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.grammar import Grammar

_ATTEMPTS = 60


def mutate(source: str, rng: Generator, *, grammar: Grammar, strength: float = 1.0) -> Edit:
    """Return a child of a program.

    Parameters
    ----------
    source
        A program of the grammar.
    rng
        Decides everything; equal states give equal children.
    grammar
        What may be edited, and how.
    strength
        Scales the steps of constants and the number of edits; 0.5 fine-tunes, 1 is usual, 2 and more jump.

    Raises
    ------
    NotApplicable
        If the source is no program of the grammar, or (which is unlikely) no drawn edit leaves a sound, new
        program.
    """
    if not strength > 0:
        raise ValueError(f"strength must be positive; got {strength}")
    parent = Parent(source, grammar=grammar)
    operators, weights = grammar.operators, [operator.weight for operator in grammar.operators]
    for _ in range(_ATTEMPTS):
        wanted = _edits(rng, strength)
        module = parent.modules[0].copy()
        told: list[str] = []
        names: list[str] = []
        for _ in range(4 * wanted):
            operator = weighted(rng, operators, weights)
            several = len(module.programs) > 1
            program = pick(rng, module.programs) if several else module.programs[0]
            try:
                told.append(operator.apply(program, rng, strength))
            except NotApplicable:
                continue
            names.append(operator.name)
            if len(names) == wanted:
                break
        if names:
            child = parent.finish(module)
            if child is not None:
                return Edit(child, "+".join(names), "; ".join(told))
    raise NotApplicable("no edit that was drawn leaves a sound, new program")


def _edits(rng: Generator, strength: float) -> int:
    """Draw the number of edits of a child: mostly one, more with strength."""
    wanted = 1
    while wanted < 4 and rng.random() < min(0.8, 0.3 * strength):
        wanted += 1
    return wanted


class Parent:
    """Parents of a child, with which it is compared.

    Parameters
    ----------
    sources
        The parents' sources; a child must differ from each and may have the issues of any.

    Attributes
    ----------
    modules : list of Module
        The parents, taken apart; copy before changing.
    """

    def __init__(self, *sources: str, grammar: Grammar) -> None:
        self.grammar = grammar
        read = [_read(source, grammar) for source in sources]
        self.modules = [module for module, _, _ in read]
        self.fingerprints = {mark for _, mark, _ in read}
        self.issues: Counter[str] = Counter()
        for _, _, found in read:
            self.issues |= found

    def finish(self, module: Module) -> str | None:
        """Tidy an edited program and return its source, or None if it is unsound or nothing new."""
        found = polish(module)
        if not self.grammar.sound(module) or found - self.issues or fingerprint(module) in self.fingerprints:
            return None
        self.grammar.describe(module)
        return write_module(module)


@lru_cache(maxsize=64)
def _read(source: str, grammar: Grammar) -> tuple[Module, str, Counter[str]]:
    """Take a parent apart; return it with its fingerprint and its issues, none of which may be changed.

    It is kept: a search draws many children of a few parents, and to read one takes as long as to edit it.
    """
    module = read_canonical(source, grammar)
    return module, fingerprint(module), issues(module)
