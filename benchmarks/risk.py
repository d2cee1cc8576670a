"""How fast equilibria and risk-adjusted values are: python -m benchmarks.risk

Prints the least of several runs, after a first run that compiles, in processor time, which other work on the
machine hardly changes. Targets: the RQE of a 2 x 2 game below 5 ms, of a random 100 x 100 game below 2 s, the
dilated risk-adjusted value on Liar's Dice with six sides below three times a best response.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from nashforge import games
from nashforge.games.matrix import bimatrix, human_games
from nashforge.solvers.equilibria import rqe
from nashforge.solvers.risk import Risk
from nashforge.solvers.risk.dilated import seats
from nashforge.solvers.sequence_form.profile import realization_plans, uniform_profile
from nashforge.solvers.sequence_form.tables import tables

DIVERGENCES = ("kl", "reverse_kl", "chi2", "cvar")
PAIRS = [(divergence, regularizer) for divergence in DIVERGENCES for regularizer in ("barrier", "entropy")]
SCALES = ((1.0, 1.0), (10.0, 0.1), (1.0, 0.1))
"""Of tau and epsilon."""


def least(work: Callable[[], object], repeats: int) -> float:
    """Return the least processor time of some runs, in seconds."""
    work()
    times = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def small_games(repeats: int) -> None:
    """Time the RQE of every game of people, at its fitted parameters."""
    worst = 0.0
    for game in human_games():
        fitted = game.kl
        worst = max(
            worst,
            least(
                lambda game=game, fitted=fitted: rqe(
                    *game.payoffs,
                    tau=fitted.tau,
                    epsilon=fitted.epsilon,
                    regularizer="barrier",
                ),
                repeats,
            ),
        )
    print(f"RQE of a 2 x 2 game, slowest of {len(human_games())}: {1e3 * worst:.2f} ms")
    several = bimatrix("cooperation(2,seed=4)")
    for divergence in DIVERGENCES:
        seconds = least(
            lambda divergence=divergence: rqe(
                *several.payoffs, tau=(0.3, 0.3), epsilon=(0.1, 0.1), divergence=divergence
            ),
            repeats,
        )
        print(f"RQE of a 2 x 2 game with several equilibria, {divergence}: {1e3 * seconds:.2f} ms")


def large_games(size: int) -> None:
    """Time the RQE of a random game for pairs of divergence and regulariser."""
    game = bimatrix(f"random({size}x{size},seed=1)")
    for divergence, regularizer in PAIRS:
        for tau, epsilon in SCALES:

            def work(
                divergence: str = divergence,
                regularizer: str = regularizer,
                tau: float = tau,
                epsilon: float = epsilon,
            ) -> object:
                return rqe(
                    *game.payoffs,
                    tau=(tau, tau),
                    epsilon=(epsilon, epsilon),
                    divergence=divergence,
                    regularizer=regularizer,
                )

            seconds = least(work, 1)
            title = f"{divergence} + {regularizer}, tau {tau:g}, epsilon {epsilon:g}"
            print(f"RQE of a random {size} x {size} game, {title}: {seconds:.2f} s")


def dilated(name: str, repeats: int) -> None:
    """Time the dilated risk-adjusted value against a best response."""
    form = games.compile(name)
    profile = uniform_profile(form)
    plans, arranged, shared = realization_plans(form, profile), seats(form), tables(form)
    response = least(lambda: shared.best_response(1, plans), repeats)
    for divergence in DIVERGENCES:
        for tau in (0.01, 1.0, 10.0):
            risk = Risk(tau, divergence)
            seconds = least(lambda risk=risk: arranged.value(0, 1, plans, profile[1], risk), repeats)
            print(
                f"risk-adjusted value on {name}, {divergence}, tau {tau:g}: {1e3 * seconds:.2f} ms, "
                f"{seconds / response:.1f} times a best response ({1e3 * response:.2f} ms)"
            )


def main() -> None:
    """Print all measurements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20, help="runs of what is quick")
    parser.add_argument("--size", type=int, default=100, help="actions of the large game")
    arguments = parser.parse_args()
    small_games(arguments.repeats)
    large_games(arguments.size)
    dilated("liars_dice(dice_sides=6)", arguments.repeats)


if __name__ == "__main__":
    main()
