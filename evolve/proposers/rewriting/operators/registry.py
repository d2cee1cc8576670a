"""The operators that suit any grammar, with usual weights."""

from __future__ import annotations

from nashforge.evolve.proposers.rewriting.grammar import Operator, generic
from nashforge.evolve.proposers.rewriting.operators import constants, statements, terms

GENERIC: tuple[Operator, ...] = (
    generic(7.0, constants.perturb_constant),
    generic(4.0, constants.perturb_several),
    generic(1.0, terms.replace_term),
    generic(1.5, terms.insert_factor),
    generic(1.5, terms.insert_term),
    generic(1.5, terms.wrap_term),
    generic(0.5, terms.change_comparison),
    generic(0.5, terms.swap_branches),
    generic(1.0, terms.copy_expression),
    generic(1.3, statements.remove_part),
    generic(0.6, statements.reorder_statements),
)
"""Constants weigh most, as in the grammar of CFR rules, where the weights were measured."""
