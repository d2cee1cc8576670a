"""Which games tell whether a rule is good? `python -m benchmarks.validation --samples 60`.

Random CFR rules (the family of `benchmarks.fitness`) play relatives of the training games, each as it is and
with payoffs perturbed by 30 %. A game is worth validating on if it ranks the rules as the other games do. So
prints for each game Spearman's correlation of its log ratios to DCFR with their mean over the other families'
unperturbed games, how far the log ratios spread, and how many rules reach the floor, where they are not told
apart. No game of the test suite is looked at.
"""

from __future__ import annotations

import argparse

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr

from benchmarks.fitness import draw, family
from nashforge import games
from nashforge.evolve.domains import domain
from nashforge.solvers.cfr.interface import RegretMinimizer
from nashforge.solvers.programs.session import NonFiniteOutputError
from nashforge.solvers.sequence_form.profile import PolicyError
from nashforge.solvers.solving import solve

PERTURBATION = 0.3
ITERATIONS = 1000


def candidates() -> tuple[str, ...]:
    """Return the validation games of CFR rules."""
    return games.load_suite(domain("cfr").suites["validation"]).games


def kind(game: str) -> str:
    """Return the family of a game: poker for two and for more players are two."""
    name = game.split("(")[0]
    return f"{name} for {games.compile(game).players}" if "poker" in name else name


def short(game: str) -> str:
    """Return a game string without what all the games of universal_poker have in common."""
    name, _, parameters = game.removesuffix(")").partition("(")
    if name == "universal_poker":
        telling = ("numPlayers", "maxRaises", "numRanks")
        parameters = ",".join(part for part in parameters.split(",") if part.startswith(telling))
    return f"{name}({parameters})" if parameters else name


def exploitability(form: games.SequenceForm, rule: str | type[RegretMinimizer]) -> float:
    """Return what a rule reaches; 1 if it fails."""
    try:
        with np.errstate(all="ignore"):
            return solve(form, rule, ITERATIONS, [ITERATIONS]).exploitability
    except (PolicyError, NonFiniteOutputError):
        return 1.0


def main() -> None:
    """Play, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    floor = domain("cfr").fitness.floor
    rng = np.random.default_rng(options.seed)
    rules = [family(draw(rng)) for _ in range(options.samples)]
    names = candidates()
    plain = [games.compile(name) for name in names]
    noisy = [
        games.disguise(form, 7, permute=False, dummies=0.0, perturbation=PERTURBATION).form for form in plain
    ]

    def log_ratios(form: games.SequenceForm) -> tuple[np.ndarray, float]:
        reference = max(exploitability(form, "dcfr"), floor)
        reached = np.array([exploitability(form, rule) for rule in rules])
        return np.log10(reference / np.maximum(reached, floor)), float(np.mean(reached <= floor))

    measured = {True: [log_ratios(form) for form in noisy], False: [log_ratios(form) for form in plain]}
    kinds = [kind(name) for name in names]
    table = Table(title=f"{options.samples} random rules on the validation games of CFR")
    table.add_column("game")
    table.add_column("infosets", justify="right")
    for title in ("as it is", "perturbed"):
        table.add_column(f"{title}:\ncorrelation", justify="right")
        table.add_column("spread", justify="right")
        table.add_column("at the floor", justify="right")
    for k, name in enumerate(names):
        others = np.mean([measured[False][j][0] for j in range(len(names)) if kinds[j] != kinds[k]], axis=0)
        cells = []
        for perturbed in (False, True):
            own, saturated = measured[perturbed][k]
            cells += [f"{spearmanr(own, others)[0]:.2f}", f"{own.std():.2f}", f"{saturated:.0%}"]
        table.add_row(short(name), f"{plain[k].infosets:,}", *cells)
    Console(width=150).print(table)


if __name__ == "__main__":
    main()
