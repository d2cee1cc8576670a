"""Runs learners of mean-field games behind flat arrays, in the sandbox's child or in-process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nashforge.solvers.meanfield.interface import Array, MeanFieldLearner
from nashforge.solvers.programs.session import ArraySpec, find_class


def inputs(states: int, actions: int) -> list[ArraySpec]:
    """Arrays that the engine writes; see `MeanFieldLearner.update`."""
    tables = [(name, (states, actions), "<f8") for name in ("policy", "values", "best")]
    return [*tables, ("mass", (states, 1), "<f8"), ("best_mass", (states, 1), "<f8")]


def outputs(states: int, actions: int) -> list[ArraySpec]:
    """Arrays that the learner writes: the next policy."""
    return [("next", (states, actions), "<f8")]


class Host:
    """The learner of one population.

    Parameters
    ----------
    namespace
        The executed module of the program.
    setup
        ``{"horizon": int, "states": int, "actions": int, "illegal": [[state, action], ...]}``.
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
        legal = np.ones((int(setup["states"]), int(setup["actions"])))
        for state, action in setup["illegal"]:
            legal[state, action] = 0.0
        self._learner = find_class(namespace, MeanFieldLearner)(legal, setup["horizon"])
        self._told = [inputs[name] for name in ("policy", "values", "best", "mass", "best_mass")]
        self._next = outputs["next"]

    def call(self, t: int) -> None:
        """Let the population's learner move once."""
        # The shared arrays are overwritten by the next message, so the learner gets copies that it may keep.
        moved = np.asarray(self._learner.update(t, *(array.copy() for array in self._told)), dtype=np.float64)
        if moved.shape != self._next.shape:
            raise ValueError(f"update() must return shape {self._next.shape}; got {moved.shape}")
        self._next[...] = moved
