"""The experiment on meta-solvers: large games, few iterations, and what is slow left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from benchmarks.fitness.definitions import Experiment
from benchmarks.fitness.judging import Definition
from benchmarks.fitness.measuring import Played

SHORT, LONG = 10, 30

_TRAIN = {
    "Leduc": "leduc_poker",
    "limit 4": "universal_poker(betting=limit,numPlayers=2,numRounds=2,blind=1 1,raiseSize=1 3,"
    "firstPlayer=1 1,maxRaises=3 3,numSuits=2,numRanks=4,numHoleCards=1,numBoardCards=0 1)",
    "Goofspiel 5": "goofspiel(num_cards=5,imp_info=True,points_order=ascending)",
    "Dice 5": "liars_dice(dice_sides=5)",
    "tree": "random_tree(depth=10,actions=3,chance=2,observed=0.3,seed=1)",
    "matrix 500": "normal_matrix(actions=500,seed=1)",
    "Kuhn 3": "kuhn_poker(players=3)",
    "Goofspiel 4": "goofspiel(num_cards=4,imp_info=True,points_order=descending)",
}
_VALIDATION = {
    "Blotto": "blotto(coins=10,fields=4)",
    "oshi-zumo": "oshi_zumo(coins=6,size=1,min_bid=0,horizon=4)",
    "battleship": "battleship(board_width=2,board_height=2,ship_sizes=[1;2],ship_values=[1;2],num_shots=3,"
    "allow_repeated_shots=False)",
    "sparse": "sparse_matrix(actions=400,density=0.3,seed=1)",
}
_BOTH = (SHORT, LONG)
_PAPERS = ("Kuhn 3", "Leduc", "Goofspiel 4", "Dice 5")
_LARGE = tuple(_TRAIN)[:6]
_TREES = _LARGE[:5]


def _trials(names: Iterable[str], horizons: tuple[int, ...]) -> tuple[Played, ...]:
    games = {**_TRAIN, **_VALIDATION}
    return tuple(Played(games[name], horizon) for name in names for horizon in horizons)


_BASE = Definition(_trials(_LARGE, _BOTH), 1e-5, True, "library", 1.0)
_OLD = Definition(_trials(_PAPERS, (LONG,)), 1e-4, reference="uniform")
_JUDGE = Definition(_trials(_VALIDATION, _BOTH), 1e-5, True, "library", 2.0)


def _which_trials() -> dict[str, Definition]:
    """Return definitions by games and horizons."""
    found = {"papers' four games, 30 iterations: as before": _OLD}
    sets = {
        "papers' four": _PAPERS,
        "six large": _LARGE,
        "five large trees": _TREES,
        "all eight": tuple(_TRAIN),
    }
    for words, names in sets.items():
        for said, horizons in (("30", (LONG,)), ("10", (SHORT,)), ("10 and 30", _BOTH)):
            found[f"{words} games, {said}"] = replace(_BASE, trials=_trials(names, horizons))
    return found


PSRO_EXPERIMENT = Experiment(
    train=_TRAIN,
    validation=_VALIDATION,
    scaled=(),
    first=Played(_TRAIN["Leduc"], LONG),
    tables={
        "which trials": _which_trials(),
        "floor, of the range of payoffs or absolute": {
            **{f"{floor:g} of the range": replace(_BASE, floor=floor) for floor in (1e-5, 1e-6, 1e-4, 1e-3)},
            "absolute 1e-4": replace(_BASE, relative=False, floor=1e-4),
        },
        "what one game counts at most, against the best of the library or uniform mixing": {
            "any": replace(_BASE, clip=None),
            **{f"within {clip:g}": replace(_BASE, clip=clip) for clip in (2.0, 1.0, 0.5, 0.3)},
            **{
                f"within {clip:g}, uniform": replace(_BASE, clip=clip, reference="uniform")
                for clip in (2.0, 1.0, 0.5)
            },
        },
        "weight of the worst game": {
            f"{worst:g}": replace(_BASE, worst=worst) for worst in (0.0, 0.1, 0.25, 0.5)
        },
    },
    judge=_JUDGE,
    judges={
        "10": replace(_JUDGE, trials=_trials(_VALIDATION, (SHORT,))),
        "30": replace(_JUDGE, trials=_trials(_VALIDATION, (LONG,))),
        "within 0.5": replace(_JUDGE, clip=0.5),
    },
    horizons=(LONG, SHORT),
    seconds=6.0,
)
