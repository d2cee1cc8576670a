"""The experiments: which games are measured, which fitness is judged, and by what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from benchmarks.fitness.judging import Definition
from benchmarks.fitness.measuring import Played

SHORT, MIDDLE, LONG = 100, 300, 1000
FLOORS = (1e-8, 1e-10, 1e-12, 1e-9, 1e-7, 1e-6, 1e-5, 1e-4)
OTHER_SCALES = (2.0**7, 2.0**-7)


@dataclass(frozen=True)
class Experiment:
    """What is measured, and what is compared.

    Attributes
    ----------
    train
        Games of the families that searches train on, by a short name.
    validation
        Games of the families that validate.
    scaled
        Those of ``train`` that are played at another scale, too, and those of ``validation``.
    middle
        Those of ``train`` that are played after a number of iterations between the horizons, too.
    first
        The first game of all: what fails in it is measured no further.
    tables
        Titles, and definitions by name; the first of each is what the others differ from.
    judge
        The value of a program on validation.
    judges
        Other values, of which only the rank correlation is told.
    horizons
        After how many iterations is measured, the usual one first.
    seconds
        Processor time that a program may take in a game; what takes longer fails there.
    """

    train: Mapping[str, str]
    validation: Mapping[str, str]
    scaled: tuple[str, ...]
    first: Played
    tables: Mapping[str, Mapping[str, Definition]]
    judge: Definition
    judges: Mapping[str, Definition]
    horizons: tuple[int, ...] = (LONG, SHORT)
    middle: tuple[str, ...] = ()
    seconds: float | None = None

    @property
    def plan(self) -> tuple[Played, ...]:
        """Every game at all horizons, some at another scale."""
        names = {**self.train, **self.validation}
        plain = [Played(game, horizon) for game in names.values() for horizon in self.horizons]
        between = [Played(names[name], MIDDLE) for name in self.middle]
        return (*plain, *between, *_scaled([names[name] for name in self.scaled]))


def _scaled(games: Iterable[str], horizons: tuple[int, ...] = (LONG, SHORT)) -> list[Played]:
    """Return games at another scale, up and down in turn."""
    return [
        Played(game, horizon, OTHER_SCALES[k % 2]) for k, game in enumerate(games) for horizon in horizons
    ]


_TRAIN = {
    "Kuhn 3": "kuhn_poker(players=3)",
    "Leduc": "leduc_poker",
    "Goofspiel 4": "goofspiel(num_cards=4,imp_info=True,points_order=descending)",
    "Goofspiel 5": "goofspiel(num_cards=5,imp_info=True,points_order=descending,"
    "returns_type=point_difference)",
    "Dice 4": "liars_dice(dice_sides=4)",
    "Dice 5": "liars_dice(dice_sides=5)",
    "no-limit 1": "universal_poker(betting=nolimit,numPlayers=2,numRounds=1,blind=1 2,stack=8 8,"
    "firstPlayer=1,numSuits=2,numRanks=5,numHoleCards=1,numBoardCards=0)",
    "no-limit 2": "universal_poker(betting=nolimit,numPlayers=2,numRounds=2,blind=1 1,stack=6 6,"
    "firstPlayer=1 1,numSuits=2,numRanks=3,numHoleCards=1,numBoardCards=0 1)",
    "tree 8": "random_tree(depth=8,actions=3,chance=2,observed=0.3,seed=1)",
    "tree 10": "random_tree(depth=10,actions=3,chance=2,observed=0.3,seed=1)",
    "matrix 200": "normal_matrix(actions=200,seed=2)",
}
_VALIDATION = {
    "Blotto": "blotto(coins=10,fields=4)",
    "Blotto 3p": "blotto(coins=5,fields=3,players=3)",
    "unequal Blotto": "weighted_blotto(soldiers=9,enemies=8,fields=4,most=9,seed=1)",
    "oshi-zumo": "oshi_zumo(coins=6,size=1,min_bid=0,horizon=4)",
    "auction": "first_sealed_auction(max_value=14)",
    "auction 3p": "first_sealed_auction(players=3,max_value=7)",
    "low rank": "low_rank_matrix(actions=200,rank=15,seed=1)",
    "sparse 100": "sparse_matrix(actions=100,density=0.1,seed=2)",
    "sparse 60": "sparse_matrix(actions=60,density=0.3,seed=3)",
}
_PAPERS = ("Kuhn 3", "Leduc", "Goofspiel 4", "Dice 4")
_OLD_FIVE = ("Leduc", "no-limit 2", "Goofspiel 4", "Dice 4", "tree 8")
_SIX = ("Leduc", "no-limit 1", "Goofspiel 5", "Dice 5", "tree 10", "matrix 200")
_SUITE = ("Blotto", "unequal Blotto", "oshi-zumo", "auction", "auction 3p", "sparse 100", "sparse 60")
_SCALED = (*dict.fromkeys([*_OLD_FIVE, *_SIX]), "unequal Blotto", "auction", "low rank", "sparse 60")
_SCALED_JUDGES = _SCALED[-4:]


def _trials(
    names: Iterable[str], *, horizons: tuple[int, ...] = (LONG,), scaled: bool = False
) -> tuple[Played, ...]:
    """Return the trials of games; of those that were played at another scale, at that one."""
    names = tuple(names)
    games = {**_TRAIN, **_VALIDATION}
    other = (
        {played.game: played.scale for played in _scaled(games[name] for name in _SCALED)} if scaled else {}
    )
    return tuple(
        Played(games[name], horizon, other.get(games[name], 1.0)) for name in names for horizon in horizons
    )


_BOTH = (SHORT, LONG)
_FOUR = "aod_cfr,dcfr_plus,hs_pcfr_plus,pdcfr_plus"
_BASE = Definition(_trials(_SIX, horizons=_BOTH, scaled=True), 1e-8, True, _FOUR, 2.0)
_OLD = Definition(_trials(_PAPERS))
_JUDGED = (
    *_trials(_VALIDATION, horizons=_BOTH),
    *_trials(_SCALED_JUDGES, horizons=_BOTH, scaled=True),
)
_JUDGE = Definition(_JUDGED, 1e-7, True, "library")


def _which_trials() -> dict[str, Definition]:
    """Return definitions by games, horizons and scales."""
    found = {"papers' four, 1,000, absolute floor, DCFR: the papers' way": _OLD}
    sets = {
        "papers' four": _PAPERS,
        "five smaller": _OLD_FIVE,
        "six of cfr-train": _SIX,
        "all eleven": tuple(_TRAIN),
    }
    for words, names in sets.items():
        for said, horizons in (("1,000", (LONG,)), ("100", (SHORT,)), ("100 and 1,000", _BOTH)):
            for scaled in (False, True) if words in ("five smaller", "six of cfr-train") else (False,):
                trials = _trials(names, horizons=horizons, scaled=scaled)
                name = f"{words}, {said}{', scaled' if scaled else ''}"
                found[name] = replace(_BASE, trials=trials)
    for said, horizons in (
        ("300", (MIDDLE,)),
        ("100 and 300", (SHORT, MIDDLE)),
        ("100, 300 and 1,000", (SHORT, MIDDLE, LONG)),
    ):
        found[f"six of cfr-train, {said}"] = replace(_BASE, trials=_trials(_SIX, horizons=horizons))
    return found


_CFR_TABLES: dict[str, dict[str, Definition]] = {
    "which trials": _which_trials(),
    "floor, of the range of payoffs or absolute": {
        **{f"{floor:g} of the range": replace(_BASE, floor=floor) for floor in FLOORS},
        "absolute 1e-7": replace(_BASE, relative=False, floor=1e-7),
        "absolute 1e-5": replace(_BASE, relative=False, floor=1e-5),
    },
    "what one game counts at most, against the best of four rules, of the library, or DCFR": {
        "any": replace(_BASE, clip=None),
        **{f"within {clip:g}": replace(_BASE, clip=clip) for clip in (3.0, 2.0, 1.5, 1.0, 0.5)},
        **{
            f"within {clip:g}, {said}": replace(_BASE, clip=clip, reference=reference)
            for said, reference in (("the library", "library"), ("DCFR", "dcfr"))
            for clip in (3.0, 2.0, 1.0)
        },
    },
    "weight of the worst game, against the best of four rules or DCFR": {
        **{f"{worst:g}": replace(_BASE, worst=worst) for worst in (0.0, 0.1, 0.25, 0.5)},
        **{f"{worst:g}, DCFR": replace(_BASE, worst=worst, reference="dcfr") for worst in (0.1, 0.25, 0.5)},
    },
    "price of 100 nodes": {f"{price:g}": replace(_BASE, price=price) for price in (0, 0.02, 0.05, 0.1, 0.2)},
}

CFR_EXPERIMENT = Experiment(
    train=_TRAIN,
    validation=_VALIDATION,
    scaled=_SCALED,
    middle=_SIX,
    first=Played(_TRAIN["Kuhn 3"], LONG),
    tables=_CFR_TABLES,
    judge=_JUDGE,
    judges={
        "plain": replace(_JUDGE, trials=_trials(_VALIDATION, horizons=_BOTH)),
        "scaled": replace(_JUDGE, trials=_trials(_SCALED_JUDGES, horizons=_BOTH, scaled=True)),
        "cfr-validation": replace(_JUDGE, trials=_trials(_SUITE, horizons=_BOTH)),
        "within 1": replace(_JUDGE, clip=1.0),
    },
)
