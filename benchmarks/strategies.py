"""Does the search find better rules, and does evolution pay? `python -m benchmarks.strategies`.

Runs every strategy with every seed at the same number of evaluations, stores the runs in an archive of its
own, measures the best program of each run and every rule of the library on the test suite, and prints: train,
validation and test fitness by strategy (medians over seeds), and the program of the median seed against the
library. Exit code 1 if a target is missed.

An interrupted benchmark continues where it was, and one with more evaluations extends the runs of one with
fewer: the first evaluations of a longer run are those of a shorter one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.seeded import best_of, run_or_resume, spawn
from nashforge.archive import Archive, Candidate
from nashforge.evolve.config.run import RunConfig, load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.evaluator import Evaluator, mean_fitness
from nashforge.evolve.measurement.program_results import ProgramResult
from nashforge.evolve.measurement.programs import find_program

STRATEGIES = ("evolution", "best_of_n", "sequential")


@dataclass(frozen=True)
class Ended:
    """A finished run: its strategy and seed, the best program and its fitness."""

    strategy: str
    seed: int
    best: Candidate


def run_name(strategy: str, seed: int) -> str:
    """Return the name of a run in the benchmark's archive."""
    return f"{strategy.replace('_', '-')}-{seed}"


def config(strategy: str, seed: int, evaluations: int) -> RunConfig:
    """Return the configuration of a run: one worker, so that the run can be repeated exactly."""
    return load_config(
        {
            "strategy": strategy,
            "seed": seed,
            "max_evaluations": evaluations,
            "workers": 1,
            "final_test": False,
        }
    )


def finished(archive: Archive, strategies: list[str], seeds: int, evaluations: int) -> list[Ended]:
    """Return the runs that got so far, each with its best program."""
    return [
        Ended(strategy, seed, best)
        for strategy in strategies
        for seed in range(seeds)
        if (best := best_of(archive, run_name(strategy, seed), evaluations)) is not None
    ]


def measure(archive: Archive, names: list[str], workers: int) -> dict[str, list[ProgramResult]]:
    """Return measurements on the test suite by program; those in the archive are taken from there."""
    work = domain("cfr")
    settings = config("evolution", 0, 1).evaluation
    stage = work.stage("test", settings.test, settings.horizon, settings.fitness)
    executor = LocalExecutor(workers)
    try:
        evaluator = Evaluator(archive, work, stage, executor)
        programs = [find_program(name, lambda: archive) for name in names]
        rows = evaluator.measure(programs, reference=settings.fitness.reference, reuse=True)
    finally:
        executor.close()
    found: dict[str, list[ProgramResult]] = {name: [] for name in names}
    for row, name in zip(rows, [name for name in names for _ in stage.trials], strict=True):
        found[name].append(row)
    return found


def report_strategies(console: Console, evaluations: int, ended: list[Ended], test: dict[str, float]) -> bool:
    """Print fitness by strategy and seed; return whether evolution beats best of N in the median."""
    table = Table(title=f"Fitness of the best program after {evaluations} evaluations (orders of magnitude)")
    for column in ("strategy", "seed", "program", "train", "validation", "test"):
        table.add_column(column, justify="right" if column not in ("strategy", "program") else "left")
    medians: dict[str, float] = {}
    for strategy in STRATEGIES:
        runs = [run for run in ended if run.strategy == strategy]
        if not runs:
            continue
        scores = [
            (run.best.train or 0.0, run.best.validation or float("nan"), test[run.best.nickname or ""])
            for run in runs
        ]
        for run, score in zip(runs, scores, strict=True):
            table.add_row(strategy, str(run.seed), run.best.nickname, *(f"{value:.3f}" for value in score))
        middle = [statistics.median(column) for column in zip(*scores, strict=True)]
        medians[strategy] = middle[2]
        table.add_row(f"[bold]{strategy}", "median", "", *(f"[bold]{value:.3f}" for value in middle))
        table.add_section()
    console.print(table)
    if not {"evolution", "best_of_n"} <= medians.keys():
        return False
    better = medians["evolution"] > medians["best_of_n"]
    console.print(
        f"evolution against best_of_n, median test fitness: {medians['evolution']:.3f} against "
        f"{medians['best_of_n']:.3f} ({'met' if better else 'MISSED'})"
    )
    return better


def report_library(console: Console, rows: dict[str, list[ProgramResult]], program: str) -> bool:
    """Print the program of the median seed against all rules; return whether it beats them."""
    fitness = {name: mean_fitness(measured) for name, measured in rows.items()}
    table = Table(
        title=f"{program}, the best program of evolution's median seed, against the library on cfr-test"
    )
    table.add_column("program")
    for measured in rows[program]:
        table.add_column(measured.game.replace(",imp_info=True,points_order=descending", ""), justify="right")
    table.add_column("fitness", justify="right")
    for name in sorted(rows, key=lambda name: -(fitness[name] or 0.0)):
        style = "bold" if name == program else None
        cells = [f"{m.value:.2e}" if m.value is not None else m.status.value for m in rows[name]]
        total = fitness[name]
        table.add_row(name, *cells, "failed" if total is None else f"{total:.3f}", style=style)
    console.print(table)
    rules = {name: value for name, value in fitness.items() if name != program and value is not None}
    strongest = max(rules, key=lambda name: rules[name])
    met = (fitness[program] or 0.0) > rules[strongest]
    console.print(
        f"{program} {fitness[program]:.3f} against the strongest rule, {strongest} {rules[strongest]:.3f} "
        f"({'met' if met else 'MISSED'})"
    )
    return met


def main() -> int:
    """Search, measure, report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", default=f"sqlite:///{Path('benchmark-strategies.db').resolve()}")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--evaluations", type=int, default=300)
    parser.add_argument("--strategies", default=",".join(STRATEGIES))
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--report", action="store_true", help="only report the runs that have ended")
    parser.add_argument("--one", nargs=2, metavar=("STRATEGY", "SEED"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        strategy, seed = options.one[0], int(options.one[1])
        with Archive.open(options.database) as archive:
            run_or_resume(archive, config(strategy, seed, options.evaluations), run_name(strategy, seed))
        return 0
    strategies = options.strategies.split(",")
    with Archive.open(options.database):
        pass  # creates the database before several processes want it
    if not options.report:
        shared = ["--database", options.database, "--evaluations", str(options.evaluations)]
        jobs = [
            [*shared, "--one", strategy, str(seed)]
            for strategy in strategies
            for seed in range(options.seeds)
        ]
        spawn("benchmarks.strategies", jobs, options.processes)
    console = Console(emoji=False, width=150)
    with Archive.open(options.database) as archive:
        ended = finished(archive, strategies, options.seeds, options.evaluations)
        evolved = [run for run in ended if run.strategy == "evolution"]
        programs = sorted({run.best.nickname or "" for run in ended})
        rules = list(domain("cfr").baselines())
        rows = measure(archive, [*programs, *rules], options.processes)
        test = {name: float("nan") if (f := mean_fitness(rows[name])) is None else f for name in programs}
        won = report_strategies(console, options.evaluations, ended, test)
        if not evolved:
            return 1
        by_test = sorted(evolved, key=lambda run: test[run.best.nickname or ""])
        median = by_test[(len(by_test) - 1) // 2].best.nickname or ""
        won &= report_library(console, {name: rows[name] for name in [median, *rules]}, median)
        console.print(archive.programs.get(median).source)
    return 0 if won else 1


if __name__ == "__main__":
    sys.exit(main())
