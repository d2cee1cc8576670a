"""Runs learners behind flat arrays: in the sandbox's child or in-process, with equal results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nashforge.solvers.learners.interface import Array, Learner
from nashforge.solvers.programs.session import ArraySpec, find_class


def inputs(sizes: Sequence[int]) -> list[ArraySpec]:
    """Arrays that the engine writes: strategies and gradients of the agents, one after the other."""
    return [("strategy", (sum(sizes),), "<f8"), ("gradient", (sum(sizes),), "<f8")]


def outputs(sizes: Sequence[int]) -> list[ArraySpec]:
    """Arrays that the learners write: the next strategies of the agents."""
    return [("next", (sum(sizes),), "<f8")]


class Host:
    """Instances of one learner for the agents of one role, one in every state.

    Parameters
    ----------
    namespace
        The executed module of the program.
    setup
        ``{"horizon": int, "agents": [[actions, adversary], ...]}``.
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
        learner = find_class(namespace, Learner)
        self._learners = [
            learner(int(actions), setup["horizon"], float(adversary))
            for actions, adversary in setup["agents"]
        ]
        ends = np.cumsum([int(actions) for actions, _ in setup["agents"]])
        self._slots = [
            slice(int(end) - int(actions), int(end))
            for end, (actions, _) in zip(ends, setup["agents"], strict=True)
        ]
        self._strategy, self._gradient, self._next = inputs["strategy"], inputs["gradient"], outputs["next"]

    def call(self, t: int) -> None:
        """Let each of the agents move once."""
        for learner, slot in zip(self._learners, self._slots, strict=True):
            # The shared arrays are overwritten by the next message, so a learner gets copies that it may
            # keep.
            moved = np.asarray(
                learner.update(t, self._strategy[slot].copy(), self._gradient[slot].copy()), dtype=np.float64
            )
            if moved.shape != (learner.actions,):
                raise ValueError(f"update() must return shape {(learner.actions,)}; got {moved.shape}")
            self._next[slot] = moved
