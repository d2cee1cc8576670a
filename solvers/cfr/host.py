"""Runs one player's CFR rule behind flat arrays: in the sandbox's child or in-process, with equal results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nashforge.solvers.cfr.interface import Array, Infosets, RegretMinimizer
from nashforge.solvers.programs.session import ArraySpec, find_class


def inputs(sequences: int) -> list[ArraySpec]:
    """Arrays that the engine writes, given the player's number of sequences."""
    return [(name, (sequences,), "<f8") for name in ("regret", "reach")]


def outputs(sequences: int, count: int) -> list[ArraySpec]:
    """Arrays that the rule writes, given the player's numbers of sequences and of information sets."""
    return [("policy", (sequences,), "<f8"), ("keep", (count,), "<f8"), ("add", (count,), "<f8")]


class Host:
    """One player's instance of a rule in one game.

    Parameters
    ----------
    namespace
        The executed module of the program.
    setup
        ``{"horizon": int, "start": [...], "parent": [...]}``: the number of iterations, and the starts of the
        player's information sets and the sequences before them (see ``Infosets``).
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
        infosets = Infosets(setup["start"], setup.get("parent"))
        rule = find_class(namespace, RegretMinimizer)
        if rule.weights is RegretMinimizer.weights and hasattr(rule, "accumulate"):
            raise ValueError(
                f"the rule {rule.__name__} has accumulate(), of an earlier interface, and no weights(); see "
                "docs/howto-rule.md, or let `nashforge evaluate` translate it"
            )
        self._rule = rule(infosets, setup["horizon"])
        self._played = infosets.uniform()
        self._regret, self._reach = inputs["regret"], inputs["reach"]
        self._policy, self._keep, self._add = outputs["policy"], outputs["keep"], outputs["add"]

    def call(self, t: int) -> None:
        """Update the player once: ``observe``, ``weights``, ``policy``.

        The weights of the policy just played and the next policy are written to the outputs.
        """
        rule = self._rule
        # The shared arrays are overwritten by the next message, so a rule gets copies that it may keep.
        rule.observe(t, self._regret.copy())
        weights = rule.weights(t, self._played, self._reach.copy())
        if not isinstance(weights, (tuple, list)) or len(weights) != 2:
            raise ValueError(f"weights() must return two values, keep and add; got {_shown(weights)}")
        _write("keep", weights[0], self._keep)
        _write("add", weights[1], self._add)
        self._played = policy = np.array(rule.policy(t), np.float64)
        if policy.shape != self._policy.shape:
            raise ValueError(f"policy() must return shape {self._policy.shape}; got {policy.shape}")
        self._policy[...] = policy


def _write(name: str, weight: Any, out: Array) -> None:
    """Write a weight to all information sets, or one to each."""
    if type(weight) is int or type(weight) is float:
        out.fill(weight)
        return
    given = np.asarray(weight, dtype=np.float64)
    if given.shape and given.shape != out.shape:
        raise ValueError(
            f"weights() must return for {name} one number, or one an information set, shape {out.shape}; "
            f"got shape {given.shape}"
        )
    out[...] = given


def _shown(value: object) -> str:
    return f"{len(value)} values" if isinstance(value, (tuple, list)) else f"a {type(value).__name__}"
