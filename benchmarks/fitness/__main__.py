"""Which fitness generalises? `python -m benchmarks.fitness`, and `python -m benchmarks.fitness psro`.

Measures a pool of programs (the library, what is in docs/discovered, random rules of the offline grammar, and
what small searches tried) on games that a search may train on and on games of the families that validate, at
two horizons and several scales of payoffs. Prints for every definition of training fitness how well it ranks
the programs by their value on the validation families, and how good its favourites are there.

Programs and measurements are kept in files, so that an interrupted benchmark goes on where it was and the
tables can be printed again at once. No game of a test family is looked at.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from benchmarks.fitness.definitions import CFR_EXPERIMENT
from benchmarks.fitness.judging import Pool
from benchmarks.fitness.measuring import Measurements
from benchmarks.fitness.pool import make_pool
from benchmarks.fitness.psro import PSRO_EXPERIMENT
from benchmarks.fitness.tables import report
from nashforge.evolve.domains import domain

EXPERIMENTS = {"cfr": CFR_EXPERIMENT, "psro": PSRO_EXPERIMENT}


def main() -> None:
    """Make programs, measure them, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("domain", nargs="?", default="cfr", choices=sorted(EXPERIMENTS))
    parser.add_argument("--folder", type=Path, default=Path("benchmark-fitness"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=int, default=300, help="programs to measure at most")
    parser.add_argument("--report", action="store_true", help="only print the tables of what is measured")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    experiment, kind = EXPERIMENTS[options.domain], domain(options.domain).kind
    assert kind is not None
    programs = make_pool(options.domain, options.folder / f"{options.domain}-programs.jsonl", options.seed)
    measured = Measurements(kind, options.folder, f"{options.domain}-measured", seconds=experiment.seconds)
    if not options.report:
        measured.collect(programs, experiment.plan, experiment.first, options.most)
    report(Console(emoji=False, width=180), Pool(programs, measured), experiment, options.seed)


if __name__ == "__main__":
    main()
