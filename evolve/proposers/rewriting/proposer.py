"""The offline proposer as the search asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.archive.records import Role
from nashforge.evolve.proposers.base import Immediate, Proposal, ProposalError, Request
from nashforge.evolve.proposers.rewriting.mutation import mutate
from nashforge.evolve.proposers.rewriting.recombination import crossover
from nashforge.evolve.proposers.rewriting.simplification import simplify
from nashforge.evolve.proposers.rewriting.syntax.edit import Edit, NotApplicable

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.grammar import Grammar

REWRITE_STRENGTH = 3.0
"""Strength of the mutation that answers a request for a rewrite."""


class OfflineProposer(Immediate):
    """Writes programs by editing others; no model, no network.

    Parameters
    ----------
    grammar
        What the programs are written in.
    """

    name = "offline"

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar

    def propose(self, request: Request) -> Proposal:
        """Return an edit of the requested parents.

        Raises
        ------
        ProposalError
            If no edit applies to the parent.
        """
        parents = [(request.parent, Role.PARENT)]
        if request.partner is not None:
            parents.append((request.partner, Role.CROSSOVER))
        try:
            edit = self._edit(request)
        except NotApplicable as error:
            raise ProposalError(f"no {request.operator} of {request.parent.nickname}: {error}") from error
        known = {operator.name: operator.family for operator in self.grammar.operators}
        families = dict.fromkeys(known.get(name, "") for name in edit.operator.split("+"))
        mechanisms = tuple(family for family in families if family)
        return Proposal(edit.source, request.operator, edit.description, tuple(parents), mechanisms)

    def _edit(self, request: Request) -> Edit:
        source, rng, grammar = request.parent.source, request.rng, self.grammar
        if request.partner is not None:
            return crossover(source, request.partner.source, rng, grammar=grammar)
        if request.operator == "simplify":
            return simplify(source, rng, grammar=grammar)
        strength = REWRITE_STRENGTH if request.operator == "rewrite" else 1.0
        return mutate(source, rng, grammar=grammar, strength=strength)
