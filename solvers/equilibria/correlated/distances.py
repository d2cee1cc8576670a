"""Gains of players who leave a correlation device: distances to CCE, EFCCE and EFCE.

Deviations differ in when a player may leave, never to be told anything again:

- coarse correlated equilibrium (CCE): before the game, without having been told anything;
- extensive-form coarse correlated equilibrium (EFCCE): at any information set, before the action that is
  recommended there is told;
- extensive-form correlated equilibrium (EFCE): at any information set, after it is told. In one-shot games
  that is the correlated equilibrium (CE) of Aumann.

Recommendations are told one by one, where they are to be followed. The gain is that of the best plan of
leaving, which may leave at several information sets, on different paths.

Sources: Aumann, Journal of Mathematical Economics 1 (1974); von Stengel & Forges, Mathematics of Operations
Research 33 (2008); Farina, Bianchi & Sandholm, AAAI 2020 (coarse).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.compiled import kernel
from nashforge.solvers.equilibria.correlated.device import CorrelationDevice
from nashforge.solvers.sequence_form import kernels
from nashforge.solvers.sequence_form.tables import tables

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CorrelatedGains:
    """Gains of each player by the best deviation from a device, in units of utility, shape ``(players,)``.

    Attributes
    ----------
    values : ndarray
        Expected utilities of those who follow.
    cce, efcce, efce : ndarray
        By deviations of each kind; never negative, and none less than the one before it.
    """

    values: Array
    cce: Array
    efcce: Array
    efce: Array


def correlated_gains(device: CorrelationDevice) -> CorrelatedGains:
    """Return what players gain by deviations from a device, exactly.

    The time is that of ``profiles`` times the pairs of a sequence and an information set above it.
    """
    shared = tables(device.form)
    players = range(device.form.players)
    found = np.zeros((4, device.form.players))
    for p in players:
        own = device.plans[:, shared.segments[p]]
        payoffs = np.empty_like(own)
        for k, plans in enumerate(device.plans):
            shared.product(p, np.ascontiguousarray(plans), payoffs[k])
        weighted = np.ascontiguousarray(device.weights[:, None] * own)
        value = float((weighted * payoffs).sum())
        start, parent = shared.players[p].start, shared.players[p].parent
        best = float(kernels.best_response_pass(start, parent, device.weights @ payoffs))
        found[:, p] = (
            value,
            best,
            *(
                deviations(start.astype(np.int64), parent.astype(np.int64), weighted, payoffs, told)
                for told in (False, True)
            ),
        )
    # Who never gains would be a rounding error below zero.
    gains = np.maximum.accumulate(np.maximum(found[1:] - found[0], 0.0), axis=0)
    return CorrelatedGains(found[0], *gains)


@kernel()
def deviations(start: Any, parent: Any, plans: Any, payoffs: Any, told: Any) -> Any:
    """Value of the best plan of leaving a device, for one player.

    With w the probabilities, x the player's plans and u the payoffs of its sequences against the others, all
    by profile k: D(I, a) is the value of the best policy from information set I on against the payoffs
    sum_k w_k x_k(I, a) u_k, and

        F(I, a) = sum_k w_k x_k(I, a) u_k(I, a) + sum over J after (I, a) of G(J)
        G(I) = sum_a max(D(I, a), F(I, a))    if recommendations are ``told``, else max(D(I), sum_a F(I, a))

    where D(I) is of the payoffs sum_k w_k x_k(parent of I) u_k.

    Parameters
    ----------
    plans : ndarray, shape (profiles, sequences + 1)
        The player's plans times the probabilities.
    payoffs : ndarray, shape (profiles, sequences + 1)
    """
    profiles, width = plans.shape
    infosets = len(parent)
    owner = np.empty(width, dtype=np.int64)
    owner[width - 1] = -1
    for i in range(infosets):
        owner[start[i] : start[i + 1]] = i
    follow = np.zeros(width)
    for k in range(profiles):
        for s in range(width):
            follow[s] += plans[k, s] * payoffs[k, s]
    inside = np.zeros(infosets, dtype=np.bool_)
    below = np.empty(infosets, dtype=np.int64)
    value = np.zeros(width)
    for i in range(infosets - 1, -1, -1):
        # The information sets from i on, parents first.
        inside[:] = False
        inside[i] = True
        count = 0
        for j in range(i, infosets):
            above = owner[parent[j]]
            if j == i or (above >= i and inside[above]):
                inside[j] = True
                below[count] = j
                count += 1
        first, end = start[i], start[i + 1]
        gained = 0.0
        stay = 0.0
        for s in range(first, end if told else first + 1):
            reach = plans[:, s] if told else plans[:, parent[i]]
            for n in range(count):
                for b in range(start[below[n]], start[below[n] + 1]):
                    total = 0.0
                    for k in range(profiles):
                        total += reach[k] * payoffs[k, b]
                    value[b] = total
            left = 0.0
            for n in range(count - 1, -1, -1):
                j = below[n]
                best = value[start[j]]
                for b in range(start[j] + 1, start[j + 1]):
                    best = max(best, value[b])
                if j == i:
                    left = best
                else:
                    value[parent[j]] += best
            if told:
                gained += max(left, follow[s])
            else:
                gained = left
        if not told:
            for s in range(first, end):
                stay += follow[s]
            gained = max(gained, stay)
        follow[parent[i]] += gained
    return follow[width - 1]
