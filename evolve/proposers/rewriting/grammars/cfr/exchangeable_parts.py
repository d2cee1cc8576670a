"""Parts that CFR rules exchange: methods, averaging weights, discounts, increments, floors, powers."""

from __future__ import annotations

import ast
from collections.abc import Callable

from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import (
    AveragePattern,
    PolicyPattern,
    RegretUpdate,
    find_average,
    find_policy,
    find_update,
)
from nashforge.evolve.proposers.rewriting.recombination import Exchange, bring_expressions, take_method
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import clone

_Find = Callable[[Program], RegretUpdate | PolicyPattern | AveragePattern]


def _take(told: str, find: _Find, method: str, *fields: str, required: bool = False) -> Exchange:
    """Return what takes parts of a pattern from the donor.

    Parameters
    ----------
    told
        What is taken.
    find, method
        The pattern and the method that it is found in.
    fields
        Its parts: lists of terms, or expressions.
    required
        Whether there is nothing to take where all parts are empty.
    """

    def take(receiver: Program, donor: Program) -> str:
        theirs, ours = find(donor), find(receiver)
        parts = {field: getattr(theirs, field) for field in fields}
        if required and not any(parts.values()):
            raise NotApplicable(f"the other rule does not have {told}")
        nodes: list[ast.expr] = []
        for field, part in parts.items():
            if isinstance(part, list):
                parts[field] = [(divides, clone(node)) for divides, node in part]
                nodes += [node for _, node in parts[field]]
            elif part is not None:
                parts[field] = clone(part)
                nodes.append(parts[field])
        before = bring_expressions(receiver, donor, method, nodes) if nodes else []
        if method == receiver.kind.update_method:
            ours = find(receiver)  # once more, after statements were added around it
        ours.before(*before)
        for field, part in parts.items():
            setattr(ours, field, part)
        ours.write()
        return f"take {told} from {donor.name}"

    return take


EXCHANGEABLE: tuple[Exchange, ...] = (
    take_method("weights"),
    take_method("weights"),
    take_method("policy"),
    take_method("policy"),
    take_method("observe"),
    _take("the weights of the average", find_average, "weights", "weight"),
    _take("the forgetting of the average", find_average, "weights", "restarts", "retention", required=True),
    _take("the discount of cumulative regrets", find_update, "observe", "retention", required=True),
    _take("what is added to the regrets", find_update, "observe", "increment"),
    _take("the floor of cumulative regrets", find_update, "observe", "floor"),
    _take("the power of the positive regrets", find_policy, "policy", "exponent", required=True),
)
