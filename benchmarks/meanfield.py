"""Mean-field games against OpenSpiel's own algorithms: python -m benchmarks.meanfield

Both run in this process and take turns: so many iterations of an algorithm, and NashConv at the end. Printed
are both values of NashConv, how far they are apart, both times and the median of the ratios; the times of
compiling stand above. OpenSpiel's mirror descent is corrected, see docs/meanfield.md; ``--as-is`` leaves it.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable
from typing import Any

import pyspiel

from benchmarks.pairing import human, paired, ratio
from nashforge.games.meanfield.compiler import compile_mean_field, register_python_games
from nashforge.solvers.meanfield.engine import MFG, read_task
from nashforge.solvers.solving import in_process

GAMES = ("mfg_crowd_modelling", "mfg_garnet")
LARGE = (
    ("mfg_crowd_modelling_2d", 5),
    ("python_mfg_predator_prey", 2),
    ("python_mfg_periodic_aversion", 1),
)
"""Games where OpenSpiel takes seconds an iteration: so few iterations of fictitious play."""


def algorithms(as_is: bool) -> dict[str, Callable[[Any], Any]]:
    """Return OpenSpiel's algorithms by the names of the library's learners."""
    from open_spiel.python.mfg.algorithms import (
        boltzmann_policy_iteration,
        fictitious_play,
        fixed_point,
        mirror_descent,
        munchausen_mirror_descent,
    )

    class MirrorDescent(mirror_descent.MirrorDescent):  # type: ignore[misc]
        """Policies that the next iteration does not change while it evaluates them."""

        def get_projected_policy(self) -> Any:
            policy = super().get_projected_policy()
            policy._state_value = copy.deepcopy(policy._state_value)
            return policy

    return {
        "mfg_fictitious_play": fictitious_play.FictitiousPlay,
        "omd": mirror_descent.MirrorDescent if as_is else MirrorDescent,
        "munchausen_omd": munchausen_mirror_descent.MunchausenMirrorDescent,
        "boltzmann_policy_iteration": boltzmann_policy_iteration.BoltzmannPolicyIteration,
        "fixed_point": fixed_point.FixedPoint,
    }


def theirs(game: Any, algorithm: Callable[[Any], Any], iterations: int) -> float:
    """Return NashConv after some iterations of OpenSpiel's algorithm."""
    from open_spiel.python.mfg.algorithms import nash_conv

    made = algorithm(game)
    for _ in range(iterations):
        made.iteration()
    return float(nash_conv.NashConv(game, made.get_policy()).nash_conv())


def ours(game: str, name: str, iterations: int) -> float:
    """Return NashConv after some iterations of the library's learner."""
    task = read_task(game)
    return MFG.solve(task, name, in_process(MFG, name), iterations, ()).gap


def compare(game: str, name: str, algorithm: Callable[[Any], Any], iterations: int, rounds: int) -> None:
    """Print a line on a game and an algorithm."""
    original = pyspiel.load_game(game)
    found, expected = ours(game, name, iterations), theirs(original, algorithm, iterations)
    times = paired(
        {
            "ours": lambda: ours(game, name, iterations),
            "theirs": lambda: theirs(original, algorithm, iterations),
        },
        rounds,
        0.05,
    )
    mine, other = (min(times[who]) for who in ("ours", "theirs"))
    print(
        f"{game:32} {name:28} {iterations:>3}  {found:>9.4f}  {expected:>9.4f}  {abs(found - expected):.1e}  "
        f"{human(mine):>8}  {human(other):>8}  {ratio(times['theirs'], times['ours']):>6.0f}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns of each contestant")
    parser.add_argument("--iterations", type=int, default=10, help="of each algorithm in the small games")
    parser.add_argument("--large", action="store_true", help="also games where OpenSpiel takes seconds")
    parser.add_argument("--as-is", action="store_true", help="do not correct OpenSpiel's mirror descent")
    chosen = parser.parse_args()
    register_python_games()
    contestants = algorithms(chosen.as_is)
    pairs = [(game, name, chosen.iterations) for game in GAMES for name in contestants]
    if chosen.large:
        pairs += [(game, "mfg_fictitious_play", iterations) for game, iterations in LARGE]
    for game in dict.fromkeys(game for game, _, _ in pairs):
        began = time.perf_counter()
        compiled = compile_mean_field(game)
        print(f"{game}: {len(compiled.labels):,} states, compiled in {time.perf_counter() - began:.2f} s")
    print(
        f"\n{'game':32} {'learner':28} {'n':>3}  {'ours':>9}  {'OpenSpiel':>9}  {'apart':7}  {'ours':>8}  "
        f"{'theirs':>8}  {'times':>6}"
    )
    for game, name, iterations in pairs:
        compare(game, name, contestants[name], iterations, chosen.rounds)


if __name__ == "__main__":
    main()
