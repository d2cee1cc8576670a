"""Speed of the engine against OpenSpiel, paired in one process: `python -m benchmarks.engine`.

Prints seconds per CFR iteration of our engine alone, with the CFR rule in-process and with it sandboxed, of
OpenSpiel's C++ and Python solvers (and LiteEFG's where installed), the same for NashConv, and how far the
engine is from the bare sparse products of an iteration.

"Engine alone" is all of an iteration but the rule: counterfactual values, regrets, plans and reach of every
player, with a rule that does nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import statistics
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyspiel
from open_spiel.python.algorithms import cfr as python_cfr
from rich.console import Console
from rich.table import Table

from benchmarks.pairing import human, paired, ratio
from nashforge import games
from nashforge.evolve.sandbox import Sandbox
from nashforge.solvers.cfr.engine import CFR, Engine
from nashforge.solvers.cfr.rules import rule_source
from nashforge.solvers.programs.session import inline_sessions, load_module
from nashforge.solvers.sequence_form.profile import Array, exploitability, uniform_profile
from nashforge.solvers.sequence_form.tables import tables

LEDUC, LIARS_5, LIARS_6 = "leduc_poker", "liars_dice(dice_sides=5)", "liars_dice(dice_sides=6)"
TARGETS = {
    ("engine", "openspiel c++"): {LEDUC: 100, LIARS_5: 100, LIARS_6: 100},
    ("with rule", "openspiel c++"): {LEDUC: 60, LIARS_5: 60, LIARS_6: 60},
    ("with rule", "openspiel python"): {LEDUC: 1000, LIARS_5: 1000},
}
NASHCONV_TARGET = 1000
LIMIT_TARGET = 2.5


class IdleSession:
    """A rule that leaves one player's uniform policy as it is and takes no time."""

    def __init__(self, policy: Array, arguments: dict[str, Any]) -> None:
        self.inputs = {name: np.zeros(shape) for name, shape, _ in arguments["inputs"]}
        self.outputs = {name: np.ones(shape) for name, shape, _ in arguments["outputs"]}
        self.outputs["policy"] = policy

    def call(self, *arguments: int, expect: Iterable[str] | None = None) -> None:
        """Do nothing."""


def openspiel_cpp(name: str) -> Callable[[], object]:
    """Return one iteration of OpenSpiel's C++ CFR."""
    solver = pyspiel.CFRSolver(pyspiel.load_game(name))
    return solver.evaluate_and_update_policy  # type: ignore[no-any-return]


def openspiel_python(name: str) -> Callable[[], object]:
    """Return one iteration of OpenSpiel's Python CFR."""
    solver = python_cfr.CFRSolver(pyspiel.load_game(name))
    return solver.evaluate_and_update_policy  # type: ignore[no-any-return]


def lite_efg(name: str) -> Callable[[], object] | None:
    """Return one iteration of LiteEFG's CFR, both players at once, or None where it is not installed."""
    try:
        import LiteEFG
        from LiteEFG.baselines.CFR import graph as cfr_graph
    except ImportError:
        return None
    with contextlib.redirect_stdout(io.StringIO()):
        environment = LiteEFG.OpenSpielEnv(pyspiel.load_game(name))
        graph = cfr_graph()
    environment.set_graph(graph)

    def iteration() -> None:
        graph.update_graph(environment)
        environment.update_strategy(graph.current_strategy())

    return iteration


def measure_iterations(console: Console, rounds: int) -> bool:
    """Print seconds per iteration and ratios; return whether every target is met."""
    met = True
    table = Table(title="Seconds per CFR iteration (median of paired rounds)")
    for column in ("game", "contestant", "seconds", "engine is faster", "with rule", "sandboxed", "targets"):
        table.add_column(column, justify="left" if column in ("game", "contestant", "targets") else "right")
    with Sandbox(hosts=["nashforge.solvers.cfr.host"]) as sandbox:
        for name in (LEDUC, LIARS_5, LIARS_6):
            form = games.compile(name)
            arguments = CFR.arguments(form, 10**9)
            rule = inline_sessions(lambda: load_module(rule_source("cfr")), arguments)
            idle = [IdleSession(*each) for each in zip(uniform_profile(form), arguments, strict=True)]
            with sandbox.sessions(rule_source("cfr"), arguments) as confined:
                contestants = {
                    "engine": Engine(form, idle).step,
                    "with rule": Engine(form, rule).step,
                    "sandboxed": Engine(form, confined).step,
                    "openspiel c++": openspiel_cpp(name),
                }
                if name != LIARS_6:
                    contestants["openspiel python"] = openspiel_python(name)
                lite = lite_efg(name)
                if lite is not None:
                    contestants["LiteEFG"] = lite
                gc.collect()
                times = paired(contestants, rounds, target=0.25)
            for contestant, values in times.items():
                ratios = {ours: ratio(values, times[ours]) for ours in ("engine", "with rule", "sandboxed")}
                notes = []
                for (ours, theirs), wanted in TARGETS.items():
                    if theirs == contestant and name in wanted:
                        good = ratios[ours] >= wanted[name]
                        met &= good
                        notes.append(f"{ours} >= {wanted[name]}: {'met' if good else 'MISSED'}")
                peer = contestant not in ratios
                table.add_row(
                    name if contestant == "engine" else "",
                    contestant,
                    human(statistics.median(values)),
                    *(f"{ratios[ours]:,.0f}x" if peer else "" for ours in ratios),
                    ", ".join(notes),
                )
            table.add_section()
    console.print(table)
    return met


def measure_nash_conv(console: Console, rounds: int) -> bool:
    """Print seconds per NashConv and the ratio; return whether the target is met."""
    game = pyspiel.load_game(LIARS_6)
    form = games.compile(LIARS_6)
    policy = pyspiel.UniformRandomPolicy(game)
    profile = uniform_profile(form)
    theirs, ours = pyspiel.nash_conv(game, policy), exploitability(form, profile) * 2
    times = paired(
        {"ours": lambda: exploitability(form, profile), "openspiel": lambda: pyspiel.nash_conv(game, policy)},
        rounds,
        target=0.25,
    )
    faster = ratio(times["openspiel"], times["ours"])
    met = faster >= NASHCONV_TARGET
    console.print(
        f"NashConv of uniform play on {LIARS_6}: ours {human(statistics.median(times['ours']))} "
        f"({ours:.9f}), pyspiel {human(statistics.median(times['openspiel']))} ({theirs:.9f}): "
        f"{faster:,.0f} times faster "
        f"(target {NASHCONV_TARGET:,}: {'met' if met else 'MISSED'})"
    )
    return met


def measure_limit(console: Console, rounds: int) -> bool:
    """Print engine time over the bare products of an iteration; return whether the target is met."""
    met = True
    for name in (LEDUC, LIARS_5, LIARS_6):
        form = games.compile(name)
        arguments = CFR.arguments(form, 10**9)
        idle = [IdleSession(*each) for each in zip(uniform_profile(form), arguments, strict=True)]
        engine = Engine(form, idle)
        shared = tables(form)
        plans = np.random.default_rng(0).random(shared.length)
        outs = [np.empty(size + 1) for size in shared.sizes]

        def products() -> None:
            for player, out in enumerate(outs):  # noqa: B023  used within this iteration only
                shared.product(player, plans, out)  # noqa: B023

        times = paired({"engine": engine.step, "products": products}, rounds, target=0.1)
        factor = ratio(times["engine"], times["products"])
        good = factor <= LIMIT_TARGET
        met &= good
        console.print(
            f"Distance to the limit on {name}: engine {human(statistics.median(times['engine']))}, "
            f"bare products {human(statistics.median(times['products']))}: {factor:.2f} times "
            f"(target at most {LIMIT_TARGET}: {'met' if good else 'MISSED'})"
        )
    return met


def main() -> int:
    """Run all measurements; exit code 1 if a target is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="paired rounds (default 5)")
    rounds = parser.parse_args().rounds
    console = Console(emoji=False, width=130)
    met = [measure(console, rounds) for measure in (measure_iterations, measure_nash_conv, measure_limit)]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
