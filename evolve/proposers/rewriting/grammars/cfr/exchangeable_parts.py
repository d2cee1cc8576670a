"""What can be taken from another rule: a method, averaging weights, discounts, increments, floors, powers."""

from __future__ import annotations

from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import (
    Update,
    find_average,
    find_policy,
    find_update,
)
from nashforge.evolve.proposers.rewriting.recombination import Transplant, bring_expressions, take_method
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import clone, rename


def _take_weight(receiver: Program, donor: Program) -> str:
    theirs, ours = find_average(donor), find_average(receiver)
    nodes = [clone(node) for _, node in theirs.weight]
    ours.before(*bring_expressions(receiver, donor, "weights", nodes))
    ours.weight = [(divides, node) for (divides, _), node in zip(theirs.weight, nodes)]
    ours.write()
    return f"take the weights of the average from {donor.name}"


def _take_forgetting(receiver: Program, donor: Program) -> str:
    theirs, ours = find_average(donor), find_average(receiver)
    kept = [*theirs.restarts, *theirs.retention]
    if not kept:
        raise NotApplicable("the other rule's average does not forget")
    nodes = [clone(node) for _, node in kept]
    ours.before(*bring_expressions(receiver, donor, "weights", nodes))
    taken = [(divides, node) for (divides, _), node in zip(kept, nodes)]
    ours.restarts, ours.retention = taken[: len(theirs.restarts)], taken[len(theirs.restarts) :]
    ours.write()
    return f"take the forgetting of the average from {donor.name}"


def _take_retention(receiver: Program, donor: Program) -> str:
    theirs, ours = find_update(donor), find_update(receiver)
    if not theirs.retention:
        raise NotApplicable("the other rule does not discount")
    nodes = [clone(node) for _, node in theirs.retention]
    before = bring_expressions(receiver, donor, "observe", nodes)
    ours = _again(receiver, ours)
    ours.before(*before)
    ours.retention = [(divides, node) for (divides, _), node in zip(theirs.retention, nodes)]
    ours.write()
    return f"take the discount of cumulative regrets from {donor.name}"


def _take_increment(receiver: Program, donor: Program) -> str:
    theirs = find_update(donor)
    node = clone(theirs.increment)
    before = bring_expressions(receiver, donor, "observe", [node])
    rename(node, {theirs.regret: receiver.parameter("observe", 1)})
    ours = find_update(receiver)
    ours.before(*before)
    ours.increment = node
    ours.write()
    return f"take what is added to the regrets from {donor.name}"


def _take_floor(receiver: Program, donor: Program) -> str:
    theirs = find_update(donor)
    floor = None if theirs.floor is None else clone(theirs.floor)
    before = [] if floor is None else bring_expressions(receiver, donor, "observe", [floor])
    ours = find_update(receiver)
    ours.before(*before)
    ours.floor = floor
    ours.write()
    return f"take the floor of cumulative regrets from {donor.name}"


def _take_exponent(receiver: Program, donor: Program) -> str:
    theirs, ours = find_policy(donor), find_policy(receiver)
    if theirs.exponent is None:
        raise NotApplicable("the other rule uses no power of the regrets")
    node = clone(theirs.exponent)
    ours.before(*bring_expressions(receiver, donor, "policy", [node]))
    ours.exponent = node
    ours.write()
    return f"take the power of the positive regrets from {donor.name}"


def _again(receiver: Program, update: Update) -> Update:
    """Find the update once more, after statements were added around it."""
    found = find_update(receiver)
    return found if found.state == update.state else update


TRANSPLANTS: tuple[Transplant, ...] = (
    take_method("weights"),
    take_method("weights"),
    take_method("policy"),
    take_method("policy"),
    take_method("observe"),
    _take_weight,
    _take_forgetting,
    _take_retention,
    _take_increment,
    _take_floor,
    _take_exponent,
)
