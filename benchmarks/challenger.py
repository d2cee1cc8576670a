"""Does a search end better with a challenger? `python -m benchmarks.challenger`.

Runs searches with and without it, with the same seeds and at equal evaluations, stores them in an archive of
its own, and plays the best program of each on the games of `bench-validation`, whose families no challenger
uses. Prints the fitness there by seed, medians, and the difference of the pairs with its 95 % interval. An
interrupted benchmark goes on where it was, and one with more evaluations extends the runs of one with fewer.
No game of the test families is played.
"""

from __future__ import annotations

import argparse
import os
import statistics
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.seeded import best_of, run_or_resume, spawn
from nashforge import games
from nashforge.archive import Archive
from nashforge.evolve.config.run import RunConfig, load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.intervals import jackknife
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.evaluator import Evaluator, mean_fitness
from nashforge.evolve.measurement.programs import find_program

KINDS = ("without", "with")


def config(kind: str, seed: int, options: argparse.Namespace) -> RunConfig:
    """Return the configuration of a run: one worker, so that the run can be repeated exactly."""
    return load_config(
        {
            "seed": seed,
            "max_evaluations": options.evaluations,
            "horizon": options.horizon,
            "challenger": kind == "with",
            "challenger_every": options.every,
            "challenger_games": options.games,
            "workers": 1,
            "final_test": False,
        }
    )


def judged(archive: Archive, names: list[str], options: argparse.Namespace) -> dict[str, float]:
    """Return the fitness of programs on the validation families, measured or as the archive knows it."""
    work = domain("cfr")
    suite = games.load_suite("bench-validation")
    stage = work.games_stage(suite.games[: options.most], options.horizon, work.fitness)
    executor = LocalExecutor(options.processes)
    try:
        evaluator = Evaluator(archive, work, stage, executor)
        programs = [find_program(name, lambda: archive) for name in names]
        rows = evaluator.measure(programs, reference=work.fitness.reference, reuse=True)
    finally:
        executor.close()
    each = len(stage.trials)
    means = [mean_fitness(rows[k * each : (k + 1) * each]) for k in range(len(names))]
    return {name: float("nan") if mean is None else mean for name, mean in zip(names, means, strict=True)}


def report(best: dict[tuple[str, int], str], fitness: dict[str, float], evaluations: int) -> None:
    """Print the fitness by seed, medians, and the difference of the pairs."""
    seeds = sorted({seed for _, seed in best})
    table = Table(title=f"fitness on bench-validation of the best of {evaluations} evaluations, by seed")
    for head in ("challenger", *map(str, seeds), "median"):
        table.add_column(head, justify="right" if head != "challenger" else "left")
    values = {kind: [fitness[best[kind, seed]] for seed in seeds] for kind in KINDS}
    for kind in KINDS:
        middle = statistics.median(values[kind])
        table.add_row(kind, *(f"{value:.3f}" for value in values[kind]), f"[bold]{middle:.3f}")
    console = Console(width=120)
    console.print(table)
    differences = np.array(values["with"]) - np.array(values["without"])
    if len(seeds) < 3:
        console.print(f"difference: {differences.mean():+.3f} in the mean; an interval needs three seeds")
        return
    found = jackknife(lambda some: float(differences[some].mean()), len(seeds))
    console.print(
        f"difference: {found.value:+.3f} in the mean (95 %: {found.low:+.3f} to {found.high:+.3f}), better "
        f"in {int((differences > 0).sum())} of {len(seeds)} seeds"
    )


def main() -> None:
    """Search, measure, report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", default=f"sqlite:///{Path('benchmark-challenger.db').resolve()}")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--evaluations", type=int, default=300)
    parser.add_argument("--horizon", type=int, default=1000)
    parser.add_argument("--every", type=int, default=50, help="candidates between challenges")
    parser.add_argument("--games", type=int, default=15, help="games tried in a challenge")
    parser.add_argument("--most", type=int, default=None, help="judge by so many validation games only")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--one", nargs=2, metavar=("KIND", "SEED"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        kind, seed = options.one[0], int(options.one[1])
        with Archive.open(options.database) as archive:
            run_or_resume(archive, config(kind, seed, options), f"{kind}-{seed}")
        return
    with Archive.open(options.database):
        pass  # creates the database before several processes want it
    shared = [
        word
        for name in ("database", "evaluations", "horizon", "every", "games")
        for word in (f"--{name}", str(getattr(options, name)))
    ]
    pairs = [(kind, seed) for seed in range(options.seeds) for kind in KINDS]
    spawn(
        "benchmarks.challenger",
        [[*shared, "--one", kind, str(seed)] for kind, seed in pairs],
        options.processes,
    )
    with Archive.open(options.database) as archive:
        found = {pair: best_of(archive, f"{pair[0]}-{pair[1]}", options.evaluations) for pair in pairs}
        best = {pair: one.nickname or "" for pair, one in found.items() if one is not None}
        report(best, judged(archive, sorted(set(best.values())), options), options.evaluations)


if __name__ == "__main__":
    main()
