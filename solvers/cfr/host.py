"""Runs a CFR rule behind flat arrays: in the sandbox's child or in-process, with equal results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from solvers.cfr.interface import Array, Infosets, RegretMinimizer
from solvers.session import ArraySpec, find_class


def inputs(sizes: Sequence[int]) -> list[ArraySpec]:
    """Arrays that the engine writes, given the number of sequences of each player."""
    return [
        (f"{name}{player}", (n,), "<f8") for player, n in enumerate(sizes) for name in ("regret", "reach")
    ]


def outputs(sizes: Sequence[int]) -> list[ArraySpec]:
    """Arrays that the rule writes, given the number of sequences of each player."""
    return [
        (f"{name}{player}", (n,), "<f8") for player, n in enumerate(sizes) for name in ("policy", "average")
    ]


class Host:
    """All players' instances of one rule in one game.

    Parameters
    ----------
    namespace
        The executed module of the program.
    setup
        ``{"horizon": int, "start": [[...], ...]}``: the number of iterations and, per player, the starts of
        the information sets (see ``Infosets``).
    inputs, outputs
        Shared arrays by name; see the functions of the same names.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        setup: Mapping[str, Any],
        inputs: Mapping[str, Array],
        outputs: Mapping[str, Array],
    ) -> None:
        rule = find_class(namespace, RegretMinimizer)
        infosets = [Infosets(start) for start in setup["start"]]
        self._rules = [rule(sets, setup["horizon"]) for sets in infosets]
        self._policies = [sets.uniform() for sets in infosets]
        self._averages = [sets.zeros() for sets in infosets]
        players = range(len(infosets))
        self._inputs = [(inputs[f"regret{p}"], inputs[f"reach{p}"]) for p in players]
        self._outputs = [(outputs[f"policy{p}"], outputs[f"average{p}"]) for p in players]

    def call(self, player: int, t: int, want_average: int) -> None:
        """Update one player once: ``observe``, ``accumulate``, ``policy``.

        The next policy is written to the player's output; the cumulative average only if wanted.
        """
        rule = self._rules[player]
        regret, reach = self._inputs[player]
        policy_out, average_out = self._outputs[player]
        # The shared arrays are overwritten by the next message, so a rule gets copies that it may keep.
        rule.observe(t, regret.copy())
        average = rule.accumulate(t, self._policies[player].copy(), reach.copy(), self._averages[player])
        self._averages[player] = np.asarray(average, dtype=np.float64)
        policy = np.asarray(rule.policy(t), dtype=np.float64)
        if policy.shape != policy_out.shape or self._averages[player].shape != policy_out.shape:
            raise ValueError(
                f"policy() and accumulate() must return shape {policy_out.shape}; got "
                f"{policy.shape} and {self._averages[player].shape}"
            )
        policy_out[...] = policy
        self._policies[player] = policy.copy()
        if want_average:
            average_out[...] = self._averages[player]
