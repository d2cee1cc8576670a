"""Passes over a compiled mean-field game, one sweep each over its nodes, forwards or backwards."""

from __future__ import annotations

import math
from typing import Any

from nashforge.games.compiled import kernel
from nashforge.games.meanfield.model import DECISION

# The order of additions is that of OpenSpiel's algorithms, so that ties between actions break alike.


@kernel()
def flow(
    kind: Any, state: Any, start: Any, child: Any, chance: Any, action: Any, policy: Any, mass: Any
) -> None:
    """Pass the mass of the roots on to all nodes; ``mass`` is zero but for the roots."""
    for n in range(len(kind)):
        here = mass[n]
        if kind[n] == DECISION:
            row = policy[state[n]]
            for e in range(start[n], start[n + 1]):
                mass[child[e]] += row[action[e]] * here
        else:
            for e in range(start[n], start[n + 1]):
                mass[child[e]] += chance[e] * here


@kernel()
def evaluate(
    kind: Any,
    state: Any,
    start: Any,
    child: Any,
    chance: Any,
    action: Any,
    reward: Any,
    policy: Any,
    value: Any,
    action_value: Any,
) -> None:
    """Write what nodes and actions are worth to an agent that plays a policy."""
    for n in range(len(kind) - 1, -1, -1):
        total = 0.0
        if kind[n] == DECISION:
            s = state[n]
            for e in range(start[n], start[n + 1]):
                total += policy[s, action[e]] * value[child[e]]
                action_value[s, action[e]] = reward[n] + value[child[e]]
        else:
            for e in range(start[n], start[n + 1]):
                total += chance[e] * value[child[e]]
        value[n] = reward[n] + total


@kernel()
def optimise(
    kind: Any,
    state: Any,
    start: Any,
    child: Any,
    chance: Any,
    action: Any,
    reward: Any,
    value: Any,
    action_value: Any,
) -> None:
    """Write what nodes and actions are worth to an agent that responds best."""
    for n in range(len(kind) - 1, -1, -1):
        total = 0.0
        if kind[n] == DECISION:
            s = state[n]
            total = -math.inf
            for e in range(start[n], start[n + 1]):
                total = max(total, value[child[e]])
                action_value[s, action[e]] = reward[n] + value[child[e]]
        else:
            for e in range(start[n], start[n + 1]):
                total += chance[e] * value[child[e]]
        value[n] = reward[n] + total


@kernel()
def collect_rewards(
    row: Any,
    node: Any,
    slope: Any,
    log_row: Any,
    log_node: Any,
    weight: Any,
    floor: Any,
    quad_row: Any,
    first: Any,
    second: Any,
    product: Any,
    mass: Any,
    reward: Any,
) -> None:
    """Add what depends on the mass to rewards, see `nashforge.games.meanfield.model.RewardTerms`."""
    for k in range(len(log_row)):
        reward[log_row[k]] += weight[k] * math.log(mass[log_node[k]] + floor[k])
    for k in range(len(row)):
        reward[row[k]] += slope[k] * mass[node[k]]
    for k in range(len(quad_row)):
        reward[quad_row[k]] += product[k] * mass[first[k]] * mass[second[k]]
