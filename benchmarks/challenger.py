"""Does a search end better with a challenger? `python -m benchmarks.challenger`.

Two studies of the same seeds and from the same starts, one of them with a challenger; the one without is that
of `python -m benchmarks.search`, whose searches are not made again if the database has them. The best program
of each search, at equal evaluations, plays the games of `bench-validation`, families that no challenger uses.
Prints the fitness there by seed, medians, and the difference of the pairs with its 95 % interval. Goes on
where it was interrupted, and extends the searches if asked for more evaluations. No test family is played.
"""

from __future__ import annotations

import argparse
import os
import statistics

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.search import DATABASE, STUDY, add_starts, studied
from benchmarks.seeded import best_of
from nashforge import games
from nashforge.archive import Archive
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.intervals import jackknife
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.evaluator import Evaluator, mean_fitness
from nashforge.evolve.measurement.programs import find_program
from nashforge.evolve.results.studies import study_status

KINDS = ("without", "with")
HORIZON = 1000


def judged(archive: Archive, names: list[str], options: argparse.Namespace) -> dict[str, float]:
    """Return the fitness of programs on the validation families, measured or as the archive knows it."""
    work = domain("cfr")
    suite = games.load_suite("bench-validation")
    stage = work.games_stage(suite.games[: options.most], HORIZON, work.fitness)
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
    console = Console(emoji=False, width=120)
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
    parser.add_argument("--database", default=DATABASE)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--evaluations", type=int, default=200)
    add_starts(parser)
    parser.add_argument("--every", type=int, default=50, help="candidates between challenges")
    parser.add_argument("--games", type=int, default=15, help="games tried in a challenge")
    parser.add_argument("--most", type=int, default=None, help="judge by so many validation games only")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    best: dict[tuple[str, int], str] = {}
    with Archive.open(options.database) as archive:
        settings: dict[str, object] = {"start": options.starts or ["strongest"]}
        for kind in KINDS:
            name = STUDY if kind == "without" else f"{STUDY}-{kind}-challenger"
            study = studied(archive, name, options.seeds, options.evaluations, options.processes, settings)
            for row in study_status(archive, study).runs:
                found = best_of(archive, row.run.nickname, options.evaluations)
                if found is not None:
                    best[kind, row.run.seed] = found.nickname or ""
            settings = {
                **settings,
                "disguise_seed": study.config["disguise_seed"],
                "challenger": True,
                "challenger_every": options.every,
                "challenger_games": options.games,
            }
        report(best, judged(archive, sorted(set(best.values())), options), options.evaluations)


if __name__ == "__main__":
    main()
