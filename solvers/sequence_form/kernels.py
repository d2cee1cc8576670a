"""Compiled kernels over the sequence form: one sparse product and one pass over a treeplex.

Plans of all players lie in one flat vector: player ``p`` owns ``offset[p]:offset[p] + sequences + 1``, the
empty sequence last. Every kernel makes one sweep over contiguous arrays and allocates nothing. Index arrays
are unsigned: numba then need not ask whether an index counts from the end, which halves the product's time.
In the kernels of an iteration, what is counted inside a row or an information set is unsigned, too, and the
end is asked for behind the body (none is empty): that takes a tenth to a half of their time off.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nashforge.games.compiled import kernel

POLICY_TOLERANCE = 1e-6
"""How far the probabilities of one information set may sum from one."""

ONE = np.uint64(1)

ROUNDING = 1e-14
"""Regrets below this share of the terms that they are differences of are zero but for rounding."""


@kernel()
def product(rows: Any, row_start: Any, others: Any, payoff: Any, plans: Any, out: Any) -> None:
    """Counterfactual payoff of each own sequence: sum over its leaves of payoff times the others' reach.

    ``out[rows[k]] = sum_(z in row k) payoff[z] * prod_j plans[others[j, z]]``; all else of ``out`` is zero.
    """
    out[:] = 0.0
    width = others.shape[0]
    if width == 1:
        first = others[0]
        z: Any = np.uint64(0)
        for k in range(len(rows)):
            end = row_start[k + 1]
            total = 0.0
            while True:
                total += payoff[z] * plans[first[z]]
                z += ONE
                if z >= end:
                    break
            out[rows[k]] = total
    elif width == 2:
        first = others[0]
        second = others[1]
        for k in range(len(rows)):
            total = 0.0
            for z in range(row_start[k], row_start[k + 1]):
                total += payoff[z] * plans[first[z]] * plans[second[z]]
            out[rows[k]] = total
    else:
        for k in range(len(rows)):
            total = 0.0
            for z in range(row_start[k], row_start[k + 1]):
                term = payoff[z]
                for j in range(width):
                    term *= plans[others[j, z]]
                total += term
            out[rows[k]] = total


@kernel()
def sized_product(
    rows: Any, row_start: Any, others: Any, payoff: Any, plans: Any, out: Any, size: Any
) -> None:
    """`product`, and the same of absolute payoffs: how large the terms are that were summed."""
    out[:] = 0.0
    size[:] = 0.0
    width = others.shape[0]
    if width == 1:
        first = others[0]
        z: Any = np.uint64(0)
        for k in range(len(rows)):
            end = row_start[k + 1]
            total = 0.0
            extent = 0.0
            while True:
                term = payoff[z] * plans[first[z]]
                total += term
                extent += abs(term)
                z += ONE
                if z >= end:
                    break
            out[rows[k]] = total
            size[rows[k]] = extent
    elif width == 2:
        first = others[0]
        second = others[1]
        for k in range(len(rows)):
            total = 0.0
            extent = 0.0
            for z in range(row_start[k], row_start[k + 1]):
                term = payoff[z] * plans[first[z]] * plans[second[z]]
                total += term
                extent += abs(term)
            out[rows[k]] = total
            size[rows[k]] = extent
    else:
        for k in range(len(rows)):
            total = 0.0
            extent = 0.0
            for z in range(row_start[k], row_start[k + 1]):
                term = payoff[z]
                for j in range(width):
                    term *= plans[others[j, z]]
                total += term
                extent += abs(term)
            out[rows[k]] = total
            size[rows[k]] = extent


@kernel()
def regret_pass(start: Any, parent: Any, policy: Any, value: Any, size: Any, regret: Any) -> float:
    """Pass counterfactual values up a treeplex under ``policy`` and write instantaneous regrets.

    ``value`` holds the product on entry and the counterfactual value of every sequence on return; ``size``
    the same of absolute values. Regrets that are zero but for rounding (``ROUNDING`` of the largest ``size``
    of their information set) are zero: a tie is a tie, in whatever order its terms are summed. Returns the
    player's expected value.
    """
    for i in range(len(parent) - 1, -1, -1):
        end = start[i + 1]
        mean = 0.0
        extent = 0.0
        largest = 0.0
        a = np.uint64(start[i])
        while True:
            mean += policy[a] * value[a]
            extent += policy[a] * size[a]
            largest = size[a] if size[a] > largest else largest
            a += ONE
            if a >= end:
                break
        noise = ROUNDING * largest
        a = np.uint64(start[i])
        while True:
            gain = value[a] - mean
            regret[a] = gain if abs(gain) > noise else 0.0
            a += ONE
            if a >= end:
                break
        value[parent[i]] += mean
        size[parent[i]] += extent
    return value[len(value) - 1]  # type: ignore[no-any-return]


@kernel()
def counterfactual_regrets(
    rows: Any,
    row_start: Any,
    others: Any,
    payoff: Any,
    start: Any,
    parent: Any,
    plans: Any,
    policy: Any,
    value: Any,
    size: Any,
    regret: Any,
) -> float:
    """`product` and `regret_pass` in one call: crossing into compiled code costs as much as a small game."""
    sized_product(rows, row_start, others, payoff, plans, value, size)
    return regret_pass(start, parent, policy, value, size, regret)  # type: ignore[no-any-return]


@kernel()
def best_response_pass(start: Any, parent: Any, value: Any) -> float:
    """Pass values up a treeplex with the maximum of every information set; return the best value.

    ``value`` holds the product on entry and the best counterfactual value of every sequence on return.
    """
    for i in range(len(parent) - 1, -1, -1):
        best = value[start[i]]
        for a in range(start[i] + 1, start[i + 1]):
            best = max(best, value[a])
        value[parent[i]] += best
    return value[len(value) - 1]  # type: ignore[no-any-return]


@kernel()
def dot(x: Any, y: Any) -> float:
    """Return the scalar product, on this thread: BLAS wakes all cores for a few thousand numbers."""
    total = 0.0
    for k in range(len(x)):
        total += x[k] * y[k]
    return total


@kernel()
def finite(x: Any) -> bool:
    """Whether no number of a vector is NaN or infinite: in one sweep, with no vector of answers to fill."""
    good = True
    for k in range(len(x)):
        good &= abs(x[k]) < math.inf
    return good


@kernel()
def plan_pass(start: Any, parent: Any, policy: Any, plan: Any, reach: Any) -> int:
    """Turn a behaviour policy into a realisation plan and own reach; return the first bad information set.

    ``plan`` has the empty sequence last; ``reach`` is the plan of the parent sequence, for every sequence.
    Returns -1 if all probabilities are finite, non-negative and sum to one (to ``POLICY_TOLERANCE``).
    """
    plan[len(plan) - 1] = 1.0
    bad = -1
    for i in range(len(parent)):
        here = plan[parent[i]]
        total = 0.0
        for a in range(start[i], start[i + 1]):
            p = policy[a]
            total += p
            if not p >= 0.0 and bad < 0:
                bad = i
            plan[a] = here * p
            reach[a] = here
        # Written so that a NaN or infinite total is bad, too.
        if not abs(total - 1.0) <= POLICY_TOLERANCE and bad < 0:
            bad = i
    return bad


@kernel()
def move_pass(
    start: Any,
    parent: Any,
    moved: Any,
    keep: Any,
    add: Any,
    policy: Any,
    plan: Any,
    reach: Any,
    average: Any,
) -> int:
    """Fold the policy just played into the cumulative average, then play another: one player's move.

    ``average = keep * average + add * reach * policy`` with weights an information set; then ``policy``
    becomes ``moved``, and ``plan`` and ``reach`` are made from it as by `plan_pass`. Returns -1; or the first
    bad information set ``i`` of the new policy; or ``-2 - i``, where a weight is negative, infinite or NaN.
    """
    weigh = True
    for i in range(len(parent)):
        # No branches: all information sets at once.
        weigh &= (keep[i] >= 0.0) & (keep[i] < math.inf) & (add[i] >= 0.0) & (add[i] < math.inf)
    if not weigh:
        i = 0
        while 0.0 <= keep[i] < math.inf and 0.0 <= add[i] < math.inf:
            i += 1
        return -2 - i
    plan[len(plan) - 1] = 1.0
    bad = -1
    a: Any = np.uint64(0)
    for i in range(len(parent)):
        end = start[i + 1]
        kept = keep[i]
        added = add[i] * reach[a]
        here = plan[parent[i]]
        total = 0.0
        while True:
            average[a] = kept * average[a] + added * policy[a]
            p = moved[a]
            # Anything but a probability makes the total NaN, which no other can mend.
            total += p if p >= 0.0 else math.nan
            policy[a] = p
            plan[a] = here * p
            reach[a] = here
            a += ONE
            if a >= end:
                break
        if not abs(total - 1.0) <= POLICY_TOLERANCE and bad < 0:
            bad = i
    return bad


@kernel()
def average_pass(start: Any, cumulative: Any, policy: Any) -> int:
    """Normalise a cumulative average into a behaviour policy; uniform where nothing was accumulated.

    Returns the first information set with a negative or non-finite weight, or -1.
    """
    bad = -1
    for i in range(len(start) - 1):
        total = 0.0
        for a in range(start[i], start[i + 1]):
            if not cumulative[a] >= 0.0 and bad < 0:
                bad = i
            total += cumulative[a]
        if not total < 1e308:
            # The weights may be finite while their sum overflows: scale by the largest.
            largest = 0.0
            for a in range(start[i], start[i + 1]):
                largest = max(largest, cumulative[a])
            if not largest < 1.7976931348623157e308:
                if bad < 0:
                    bad = i
                continue
            total = 0.0
            for a in range(start[i], start[i + 1]):
                total += cumulative[a] / largest
            for a in range(start[i], start[i + 1]):
                policy[a] = cumulative[a] / largest / total
        elif total > 0.0:
            for a in range(start[i], start[i + 1]):
                policy[a] = cumulative[a] / total
        else:
            for a in range(start[i], start[i + 1]):
                policy[a] = 1.0 / (start[i + 1] - start[i])
    return bad
