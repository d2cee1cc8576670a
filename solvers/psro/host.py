"""Runs a meta-solver behind flat arrays: in the sandbox's child or in-process, with equal results."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy.optimize import linprog

from nashforge.solvers.equilibria import several  # noqa: F401  programs may import it, and load no code themselves
from nashforge.solvers.programs.session import ArraySpec, find_class
from nashforge.solvers.psro.interface import Array, MetaSolver
from nashforge.solvers.psro.restricted.operator import FactoredGame, TensorGame

IMPORTS = ("nashforge.solvers.psro.interface", "nashforge.solvers.equilibria.several", "scipy.optimize")
"""What programs may import besides the usual: programs are better solved by a library."""

TRAIN, EVALUATE = 0, 1


def inputs(players: int, capacity: int, classes: int, leaves: int) -> list[ArraySpec]:
    """Arrays that the engine writes: factors for ``classes`` of sequences, or tensors if there are none."""
    if not classes:
        return [("tensors", (players, capacity**players), "<f8")]
    return [
        ("sizes", (players + 1,), "<i8"),
        ("by_policy", (players, capacity, classes), "<f8"),
        ("by_class", (players, classes, capacity), "<f8"),
        ("classes", (players, leaves), "<u4"),
        ("core", (players, leaves), "<f8"),
    ]


def outputs(players: int, capacity: int) -> list[ArraySpec]:
    """Arrays that the solver writes; entries beyond the population are zero."""
    return [(name, (players, capacity), "<f8") for name in ("train", "evaluate")]


class Host:
    """The instances of one meta-solver that train and evaluate in one game.

    Parameters
    ----------
    namespace
        The executed module of the program.
    setup
        ``{"players": int, "horizon": int, "capacity": int, "factored": bool}``.
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
        solver = find_class(namespace, MetaSolver)
        self._players, self._capacity = int(setup["players"]), int(setup["capacity"])
        self._factored = bool(setup["factored"])
        trains, evaluates = (solver(self._players, setup["horizon"]) for _ in range(2))
        self._methods = (trains.train, evaluates.evaluate)
        self._inputs = inputs
        self._outputs = (outputs["train"], outputs["evaluate"])

    def call(self, kind: int, t: int, policies: int) -> None:
        """Ask for the strategies to train on or to evaluate, in the restricted game of so many policies."""
        game = (
            FactoredGame(self._players, policies, self._inputs)
            if self._factored
            else TensorGame(self._players, policies, self._inputs["tensors"], self._capacity)
        )
        returned = self._methods[kind](t, game)
        weights = np.asarray(returned, dtype=np.float64)
        if weights.shape != (self._players, policies):
            name = ("train", "evaluate")[kind]
            raise ValueError(
                f"{name}() must return shape (players, policies) = {(self._players, policies)}; "
                f"got {weights.shape}"
            )
        out = self._outputs[kind]
        out[:] = 0.0
        out[:, :policies] = weights


@contextlib.contextmanager
def _one_processor() -> Iterator[None]:
    """Run on one processor only."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def warm_up() -> None:
    """Solve a linear program, so that later ones load no code and start no thread.

    A confined program can do neither. HiGHS keeps the threads that it finds useful at its first solve, and on
    one processor those are none.
    """
    with _one_processor():
        linprog([1.0], A_ub=[[-1.0]], b_ub=[-1.0], method="highs")
