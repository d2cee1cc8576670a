"""Does the search find better meta-solvers? `python -m benchmarks.psro_search`.

Runs an offline search with every seed from Uniform at the same number of evaluations, stores the runs in an
archive of its own, measures the best program of each run and every meta-solver of the library on the test
suite, and prints train, validation and test fitness by seed (medians last) and the program of the median seed
against the library. Exit code 1 unless that program beats all of them.

The search uses fewer iterations than the test, because they cost less. An interrupted benchmark continues
where it was, and one with more evaluations extends the runs of one with fewer.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.seeded import best_of, run_or_resume, spawn
from nashforge.archive import Archive, Candidate, Status
from nashforge.evolve.config.run import RunConfig, load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.evaluator import Evaluator, mean_fitness
from nashforge.evolve.measurement.program_results import ProgramResult
from nashforge.evolve.measurement.programs import find_program

LATE = 1800.0
"""Seconds beyond which a test game of one program counts as too slow, by default."""


def config(seed: int, evaluations: int, horizon: int) -> RunConfig:
    """Return the configuration of a run: one worker, so that the run can be repeated exactly."""
    return load_config(
        {
            "domain": "psro",
            "seed": seed,
            "max_evaluations": evaluations,
            "horizon": horizon,
            "workers": 1,
            "final_test": False,
        }
    )


def measure(
    archive: Archive, names: list[str], suite: str, seconds: float, workers: int
) -> dict[str, list[ProgramResult]]:
    """Return measurements on a suite by program; those in the archive are taken from there."""
    work = domain("psro")
    stage = work.stage("test", suite, work.horizon, work.fitness).model_copy(update={"seconds": seconds})
    work.prepare(stage)
    executor = LocalExecutor(workers)
    try:
        evaluator = Evaluator(archive, work, stage, executor)
        programs = [find_program(name, lambda: archive, domain_name="psro") for name in names]
        rows = evaluator.measure(programs, reference=work.fitness.reference, reuse=True)
    finally:
        executor.close()
    found: dict[str, list[ProgramResult]] = {name: [] for name in names}
    for row, name in zip(rows, [name for name in names for _ in stage.trials], strict=True):
        found[name].append(row)
    return found


def refusal(status: Status, reason: str | None) -> str:
    """Return in a word why there is no value."""
    told = reason or ""
    if "of two players" in told:
        return "-"
    return "too large" if "entries, more than" in told or "a chain of at most" in told else status.value


def cell(measured: ProgramResult) -> str:
    """Return a value, or why there is none."""
    if measured.value is None:
        return refusal(measured.status, measured.reason)
    return f"{measured.value:.2e}"


def common_fitness(rows: dict[str, list[ProgramResult]], names: list[str]) -> dict[str, float]:
    """Return mean fitness over the games in which all of some programs have values."""
    games = [k for k in range(len(rows[names[0]])) if all(rows[name][k].value is not None for name in names)]
    return {name: mean_fitness(rows[name][k] for k in games) or 0.0 for name in names}


def report_seeds(
    console: Console, evaluations: int, best: dict[int, Candidate], test: dict[str, float]
) -> None:
    """Print fitness by seed and the medians."""
    table = Table(title=f"Best program after {evaluations} evaluations (orders of magnitude below Uniform)")
    for column in ("seed", "program", "train", "validation", "test"):
        table.add_column(column, justify="left" if column == "program" else "right")
    scores = []
    for seed, candidate in best.items():
        name = candidate.nickname or ""
        score = (candidate.train or 0.0, candidate.validation or float("nan"), test[name])
        scores.append(score)
        table.add_row(str(seed), name, *(f"{value:.3f}" for value in score))
    table.add_row("median", "", *(f"{statistics.median(column):.3f}" for column in zip(*scores, strict=True)))
    console.print(table)


def report_library(console: Console, rows: dict[str, list[ProgramResult]], program: str, suite: str) -> bool:
    """Print a program against all meta-solvers; return whether it beats each on the games both play."""
    table = Table(title=f"{program}, the best program of the median seed, against the library on {suite}")
    table.add_column("program")
    for measured in rows[program]:
        table.add_column(measured.game.replace(",imp_info=True,points_order=descending", ""), justify="right")
    table.add_column("fitness", justify="right")
    table.add_column(f"{program} on the same games", justify="right")
    beaten = True
    for name in rows:
        fitness = common_fitness(rows, [name, program])
        beaten &= name == program or fitness[program] > fitness[name]
        style = "bold" if name == program else None
        table.add_row(
            name, *map(cell, rows[name]), f"{fitness[name]:.3f}", f"{fitness[program]:.3f}", style=style
        )
    console.print(table)
    console.print(f"{program} beats every meta-solver of the library: {'met' if beaten else 'MISSED'}")
    return beaten


def main() -> int:
    """Search, measure, report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", default=f"sqlite:///{Path('benchmark-psro.db').resolve()}")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--evaluations", type=int, default=150)
    parser.add_argument("--horizon", type=int, default=40, help="iterations while searching (default 40)")
    parser.add_argument("--suite", default="psro-test", help="suite of the report (default psro-test)")
    parser.add_argument("--seconds", type=float, default=LATE, help="most seconds a test game may take")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--one", type=int, metavar="SEED", help=argparse.SUPPRESS)
    parser.add_argument("--report", action="store_true", help="only report the runs that have ended")
    options = parser.parse_args()
    if options.one is not None:
        with Archive.open(options.database) as archive:
            settings = config(options.one, options.evaluations, options.horizon)
            run_or_resume(archive, settings, f"psro-{options.one}")
        return 0
    with Archive.open(options.database):
        pass  # creates the database before several processes want it
    if not options.report:
        shared = ["--database", options.database, "--evaluations", str(options.evaluations)]
        shared += ["--horizon", str(options.horizon)]
        jobs = [[*shared, "--one", str(seed)] for seed in range(options.seeds)]
        spawn("benchmarks.psro_search", jobs, options.processes)
    console = Console(emoji=False, width=150)
    with Archive.open(options.database) as archive:
        runs = {seed: best_of(archive, f"psro-{seed}", options.evaluations) for seed in range(options.seeds)}
        best = {seed: candidate for seed, candidate in runs.items() if candidate is not None}
        if not best:
            console.print(f"no run has {options.evaluations} evaluations yet")
            return 1
        programs = sorted({candidate.nickname or "" for candidate in best.values()})
        library = list(domain("psro").baselines())
        rows = measure(archive, [*programs, *library], options.suite, options.seconds, options.processes)
        test = {name: mean_fitness(m for m in rows[name]) or float("-inf") for name in programs}
        report_seeds(console, options.evaluations, best, test)
        by_test = sorted(best.values(), key=lambda candidate: test[candidate.nickname or ""])
        median = by_test[(len(by_test) - 1) // 2].nickname or ""
        won = report_library(
            console, {name: rows[name] for name in [median, *library]}, median, options.suite
        )
        console.print(archive.programs.get(median).source, markup=False)
    return 0 if won else 1


if __name__ == "__main__":
    sys.exit(main())
