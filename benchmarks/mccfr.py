"""MCCFR beside OpenSpiel's, in one run: `python -m benchmarks.mccfr`.

Prints for each game exploitability after equal numbers of visited histories, a median over seeds, for our
schemes and rules and for OpenSpiel's Python solvers, whose visits are counted too; and iterations and
histories a second, also those of OpenSpiel's C++ solvers (iterations alone: they count nothing).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyspiel
from open_spiel.python.algorithms import external_sampling_mccfr, outcome_sampling_mccfr
from rich.console import Console
from rich.table import Table

import nashforge as nf

GAMES = ("kuhn_poker", "leduc_poker")
OURS = {
    "external, CFR": {"rule": "cfr"},
    "external, LCFR": {"rule": "lcfr"},
    "external, DCFR": {"rule": "dcfr"},
    "external, CFR+": {"rule": "cfr_plus"},
    "outcome, CFR, no baseline": {"rule": "cfr", "sampling": "outcome", "baseline": False},
    "outcome, CFR": {"rule": "cfr", "sampling": "outcome"},
    "outcome, LCFR": {"rule": "lcfr", "sampling": "outcome"},
    "outcome, DCFR": {"rule": "dcfr", "sampling": "outcome"},
    "outcome, CFR+": {"rule": "cfr_plus", "sampling": "outcome"},
    "chance, CFR": {"rule": "cfr", "sampling": "chance"},
    "chance, LCFR": {"rule": "lcfr", "sampling": "chance"},
    "chance, DCFR": {"rule": "dcfr", "sampling": "chance"},
    "chance, CFR+": {"rule": "cfr_plus", "sampling": "chance"},
}


class CountedExternal(external_sampling_mccfr.ExternalSamplingSolver):  # type: ignore[misc]
    """OpenSpiel's external sampling, which counts the histories that it visits."""

    visited = 0

    def _update_regrets(self, state: Any, player: int) -> Any:
        self.visited += 1
        return super()._update_regrets(state, player)


class CountedOutcome(outcome_sampling_mccfr.OutcomeSamplingSolver):  # type: ignore[misc]
    """OpenSpiel's outcome sampling, which counts the histories that it visits."""

    visited = 0

    def _episode(self, *arguments: Any, **more: Any) -> Any:
        self.visited += 1
        return super()._episode(*arguments, **more)


THEIRS = {"OpenSpiel Python, external": CountedExternal, "OpenSpiel Python, outcome": CountedOutcome}
CPP: dict[str, Callable[[Any], Any]] = {
    "OpenSpiel C++, external": pyspiel.ExternalSamplingMCCFRSolver,
    "OpenSpiel C++, outcome": pyspiel.OutcomeSamplingMCCFRSolver,
}


class Contestant:
    """A solver that is asked for exploitability after so many histories."""

    def __init__(self, name: str, game: str, seed: int) -> None:
        self.form, self.iterations, self.seconds = nf.compile(game), 0, 0.0
        self.ours = name in OURS
        if self.ours:
            self.solver: Any = nf.MCCFR(game, seed=seed, **OURS[name])  # type: ignore[arg-type]
        else:
            np.random.seed(seed)  # noqa: NPY002  which OpenSpiel's solvers draw from
            self.solver = THEIRS[name](pyspiel.load_game(game))

    def reach(self, visited: int) -> float:
        """Iterate until so many histories were visited; return the exploitability of the average."""
        began = time.perf_counter()
        step = self.solver.step if self.ours else self.solver.iteration
        while self.solver.visited < visited:
            step()
            self.iterations += 1
        self.seconds += time.perf_counter() - began
        if self.ours:
            return float(self.solver.exploitability)
        return nf.exploitability(self.form, nf.from_openspiel(self.form, self.solver.average_policy()))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", action="append", help="a game, instead of Kuhn and Leduc poker")
    parser.add_argument("--visits", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="contestants with this in their name")
    arguments = parser.parse_args()
    console = Console(width=None if Console().is_terminal else 140)
    for game in arguments.game or GAMES:
        heads = [f"{visits:,}" for visits in arguments.visits]
        table = Table(
            "solver", *heads, "iterations/s", "histories/s", title=f"{game}: exploitability by visits"
        )
        for name in [*OURS, *THEIRS]:
            if arguments.only not in name:
                continue
            runs, gaps = [Contestant(name, game, seed) for seed in range(arguments.seeds)], []
            for visits in arguments.visits:
                gaps.append(f"{statistics.median(run.reach(visits) for run in runs):.3g}")
            spent = sum(run.seconds for run in runs)
            iterations, visits = sum(run.iterations for run in runs), sum(run.solver.visited for run in runs)
            table.add_row(name, *gaps, f"{iterations / spent:,.0f}", f"{visits / spent:,.0f}")
        for name, make in CPP.items():
            if arguments.only in name:
                solver, done, began = make(pyspiel.load_game(game)), 0, time.perf_counter()
                while time.perf_counter() - began < 2.0:
                    for _ in range(100):
                        solver.run_iteration()
                    done += 100
                rate = done / (time.perf_counter() - began)
                table.add_row(name, *["" for _ in heads], f"{rate:,.0f}", "")
        console.print(table)


if __name__ == "__main__":
    main()
