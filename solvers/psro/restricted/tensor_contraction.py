"""Compiled contraction of restricted games: expected payoffs of policies, from tensors or factors of them.

As in `nashforge.solvers.psro.kernels`, what a program calls is compiled when this module is imported. Nothing
here allocates. Sums are rounded as if they were added up one by one, in the order of the policies.
"""

from __future__ import annotations

import math
from typing import Any

from numba import float64, int64, types, uint32

from nashforge.games.compiled import kernel
from nashforge.solvers.psro.kernels import read

NEGLIGIBLE = 1e-18
"""Weights of less, relative to the largest, are skipped where three players' tensors are contracted."""

_VECTOR, _MATRIX = float64[::1], float64[:, ::1]


@kernel()
def _add_rows(weights: Any, scale: float, floor: float, least: float, rows: Any, out: Any) -> None:
    """Add rows to ``out``, each by ``scale`` times its weight above the floor; skip weights up to ``least``.

    Four rows at a time, which is three times quicker; rounding is as if they were added one by one. A NaN
    weight is not skipped.
    """
    width = len(out)
    count = len(weights)
    j = 0
    while j < count:
        taken = 0
        w0 = w1 = w2 = w3 = 0.0
        j0 = j1 = j2 = j3 = 0
        while j < count and taken < 4:
            w = weights[j] - floor
            if not abs(w) <= least:
                if taken == 0:
                    w0, j0 = scale * w, j
                elif taken == 1:
                    w1, j1 = scale * w, j
                elif taken == 2:
                    w2, j2 = scale * w, j
                else:
                    w3, j3 = scale * w, j
                taken += 1
            j += 1
        # Slices, and not rows[j, i]: the compiler sees that they are contiguous and uses vectors.
        if taken == 4:
            first, second, third, fourth = (
                rows[j0, :width],
                rows[j1, :width],
                rows[j2, :width],
                rows[j3, :width],
            )
            for i in range(width):
                out[i] = (((out[i] + w0 * first[i]) + w1 * second[i]) + w2 * third[i]) + w3 * fourth[i]
        else:
            if taken > 0:
                row = rows[j0, :width]
                for i in range(width):
                    out[i] += w0 * row[i]
            if taken > 1:
                row = rows[j1, :width]
                for i in range(width):
                    out[i] += w1 * row[i]
            if taken > 2:
                row = rows[j2, :width]
                for i in range(width):
                    out[i] += w2 * row[i]


@kernel()
def _floor(weights: Any) -> float:
    """Return the least weight if it is positive and several policies have it, else 0."""
    least = weights[0]
    times = 0
    for w in weights:
        if w < least:
            least = w
            times = 0
        if w == least:
            times += 1
    return least if times > 1 and 0.0 < least < math.inf else 0.0


@kernel()
def _sum_up(tensor: Any, count: int, sums: Any) -> None:
    """Sum a tensor over its first axis into ``sums[0]``, its second into ``[1]``, both into ``[2, 0]``."""
    sums[:, :count, :count] = 0.0
    for j in range(count):
        for m in range(count):
            row = tensor[j, m, :count]
            first, second = sums[0, m, :count], sums[1, j, :count]
            for i in range(count):
                first[i] += row[i]
                second[i] += row[i]
    whole = sums[2, 0, :count]
    for m in range(count):
        for i in range(count):
            whole[i] += sums[0, m, i]


@kernel()
def _three_players(tensor: Any, first: Any, second: Any, summed: Any, sums: Any, out: Any) -> None:
    """Contract a tensor of three axes with the mixtures of the first two.

    Many solvers give all policies a least weight. What those policies earn together is a sum over the tensor
    that is the same in every call, so that only pairs of policies above the floors are visited:

        sum_jm x_j y_m T_jm = sum_jm (x_j - a)(y_m - b) T_jm
            + a sum_m (y_m - b) sum_j T_jm + b sum_j (x_j - a) sum_m T_jm + a b sum_jm T_jm.

    Weights less than `NEGLIGIBLE` of the largest, which rounding would swallow, are skipped.
    """
    count = len(first)
    a, b = _floor(first), _floor(second)
    least_first, least_second = 0.0, 0.0
    for j in range(count):
        least_first = max(least_first, abs(first[j]))
        least_second = max(least_second, abs(second[j]))
    least_first *= NEGLIGIBLE
    least_second *= NEGLIGIBLE
    for j in range(count):
        w = first[j] - a
        if not abs(w) <= least_first:
            _add_rows(second, w, b, least_second, tensor[j], out)
    if a != 0.0 or b != 0.0:
        if summed[0] == 0:
            _sum_up(tensor, count, sums)
            summed[0] = 1
        if a != 0.0:
            _add_rows(second, a, b, least_second, sums[0], out)
        if b != 0.0:
            _add_rows(first, b, a, least_first, sums[1], out)
        whole = sums[2, 0]
        for i in range(count):
            out[i] += a * b * whole[i]


@kernel()
def _any_players(player: int, count: int, capacity: int, tensor: Any, strategies: Any, out: Any) -> None:
    """Contract a player's tensor profile by profile of the others."""
    players = len(strategies)
    profiles = count ** (players - 1)
    for profile in range(profiles):
        rest = profile
        weight = 1.0
        base = 0
        stride = capacity
        for q in range(players - 1, -1, -1):
            if q != player:
                j = rest % count
                rest //= count
                weight *= strategies[q, j]
                base += j * stride
                stride *= capacity
        if weight != 0.0:
            for i in range(count):
                out[i] += weight * tensor[base + i]


@kernel(
    types.void(
        int64,
        int64,
        int64,
        int64,
        read(float64, 2),
        read(float64, 2),
        int64[:, ::1],
        float64[:, :, :, ::1],
        _MATRIX,
    )
)
def tensor_payoffs(
    start: int,
    stop: int,
    count: int,
    capacity: int,
    tensors: Any,
    strategies: Any,
    summed: Any,
    sums: Any,
    out: Any,
) -> None:
    """Expected payoffs of the policies of some players against mixtures, by contracting the payoff tensors.

    Row ``p - start`` of ``out`` is for player ``p`` in ``start, ..., stop - 1``. ``tensors[p]`` is the flat
    tensor with ``capacity`` policies an axis: the others' axes in order, the player's own last, so that the
    inner loop runs along memory. Policies of zero weight are skipped. With three players ``summed`` and
    ``sums`` remember sums over a player's tensor from call to call, see `_three_players`.
    """
    players = len(tensors)
    for player in range(start, stop):
        tensor = tensors[player]
        into = out[player - start]
        into[:] = 0.0
        if players == 2:
            rows = tensor.reshape((capacity, capacity))
            _add_rows(strategies[1 - player], 1.0, 0.0, 0.0, rows, into)
        elif players == 3:
            q = 1 if player == 0 else 0
            r = 1 if player == 2 else 2
            cube = tensor.reshape((capacity, capacity, capacity))
            _three_players(cube, strategies[q], strategies[r], summed[player], sums[player], into)
        else:
            _any_players(player, count, capacity, tensor, strategies, into)


@kernel()
def _remember(strategy: Any, seen: Any, by_policy: Any, reach: Any) -> None:
    """Mix a player's factors, unless its strategy is the one seen last."""
    same = True
    for j in range(len(strategy)):
        if seen[j] != strategy[j]:
            same = False
            break
    if not same:
        seen[:] = strategy
        reach[:] = 0.0
        _add_rows(strategy, 1.0, 0.0, 0.0, by_policy, reach)


@kernel()
def _pass_core(player: int, leaves: int, classes: Any, core: Any, reach: Any, value: Any) -> None:
    """Add what every entry of the core earns, weighed by the others' mixtures, to the player's classes."""
    players = len(core)
    own, payoff = classes[player, :leaves], core[player, :leaves]
    if players == 3:
        q = 1 if player == 0 else 0
        r = 1 if player == 2 else 2
        of_q, of_r = classes[q, :leaves], classes[r, :leaves]
        by_q, by_r = reach[q], reach[r]
        for z in range(leaves):
            value[own[z]] += payoff[z] * by_q[of_q[z]] * by_r[of_r[z]]
    elif players == 4:
        q = 1 if player == 0 else 0
        r = 1 if player > 1 else 2
        s = 2 if player == 3 else 3
        of_q, of_r, of_s = classes[q, :leaves], classes[r, :leaves], classes[s, :leaves]
        by_q, by_r, by_s = reach[q], reach[r], reach[s]
        for z in range(leaves):
            value[own[z]] += payoff[z] * by_q[of_q[z]] * by_r[of_r[z]] * by_s[of_s[z]]
    else:
        for z in range(leaves):
            term = payoff[z]
            for q in range(players):
                if q != player:
                    term *= reach[q, classes[q, z]]
            value[own[z]] += term


@kernel(
    types.void(
        int64,
        int64,
        int64,
        read(float64, 2),
        read(int64, 1),
        read(float64, 3),
        read(float64, 3),
        read(uint32, 2),
        read(float64, 2),
        _MATRIX,
        _MATRIX,
        _VECTOR,
        _MATRIX,
    )
)
def factored_payoffs(
    start: int,
    stop: int,
    count: int,
    strategies: Any,
    sizes: Any,
    by_policy: Any,
    by_class: Any,
    classes: Any,
    core: Any,
    seen: Any,
    reach: Any,
    value: Any,
    out: Any,
) -> None:
    """Expected payoffs of the policies of some players against mixtures, through the factors of the tensor.

    Costs ``players * classes * count + leaves`` instead of ``count ** players``. Row ``p - start`` of ``out``
    is for player ``p`` in ``start, ..., stop - 1``. See `FactoredPayoffs` for the arrays. ``reach[q]`` is
    the mixture of player ``q``'s factors for the strategy ``seen[q]``, so that updating the players in turn
    mixes one of them a call.
    """
    players = len(core)
    for player in range(start, stop):
        for q in range(players):
            if q != player:
                _remember(strategies[q], seen[q], by_policy[q], reach[q, : sizes[q]])
        width = sizes[player]
        value[:width] = 0.0
        _pass_core(player, sizes[players], classes, core, reach, value)
        into = out[player - start]
        into[:] = 0.0
        _add_rows(value[:width], 1.0, 0.0, 0.0, by_class[player], into)
