"""On how many disguises is a program to be measured before it is the best? `python -m benchmarks.copies`.

Rules of the library play disguises of the first validation games of `cfr`. For each number of copies: the
standard error of fitness, and how often the worse of two rules (by all copies) has the higher mean over so
many.
"""

from __future__ import annotations

import argparse
from itertools import combinations

import numpy as np

from nashforge.evolve.challenge.judge import Judge, behind, games_of, trusted
from nashforge.evolve.domains import domain
from nashforge.evolve.search.population.noise import error, spread

RULES = "dcfr,dcfr_plus,pcfr_plus,pdcfr_plus,sapcfr_plus,apcfr_plus,hs_pcfr_plus"
DRAWS = 2000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rules", default=RULES)
    parser.add_argument("--games", type=int, default=2)
    parser.add_argument("--copies", type=int, default=6)
    parser.add_argument("--iterations", type=int, default=1000)
    options = parser.parse_args()
    work, rules = domain("cfr"), options.rules.split(",")
    stage = work.stage("validation", work.suites["validation"], options.iterations, work.fitness)
    table = np.zeros((len(rules), options.copies))
    for trial in stage.trials[: options.games]:
        disguise = trial.disguise
        assert disguise is not None
        floor = 1e-7 * Judge(work, lambda trial: None, options.iterations).form(trial.game).payoff_range
        for copy in range(options.copies):
            number = disguise.model_copy(update={"seed": disguise.seed + 1000 * (copy + 1)})
            played = trial.model_copy(update={"disguise": number, "checkpoints": ()})
            for row, rule in enumerate(rules):
                value = trusted(games_of(work), rule)(played)
                table[row, copy] -= behind(1.0 if value is None else value, 1.0, floor) / options.games
    deviation = spread(table.tolist())
    assert deviation is not None
    print(f"{len(rules)} rules, {options.games} games, {options.copies} disguises: deviation {deviation:.3f}")
    rng, means = np.random.default_rng(0), table.mean(axis=1)
    print("copies  standard error  wrong of two")
    for copies in range(1, options.copies):
        wrong = 0
        for _ in range(DRAWS):
            some = table[:, rng.choice(options.copies, copies, replace=False)].mean(axis=1)
            pairs = combinations(range(len(rules)), 2)
            wrong += sum((some[a] - some[b]) * (means[a] - means[b]) < 0 for a, b in pairs)
        share = wrong / (DRAWS * len(rules) * (len(rules) - 1) / 2)
        print(f"{copies:>6}  {error(deviation, copies):>14.3f}  {share:>11.1%}")


if __name__ == "__main__":
    main()
