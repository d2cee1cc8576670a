"""The plan of a benchmark: every game under every condition, in the order in which it is measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nashforge import games
from nashforge.errors import USAGE, NashforgeError
from nashforge.evolve.domains import domain, domain_names
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.benchmark import Benchmark, Condition
from nashforge.evolve.evaluation.labels import label
from nashforge.evolve.evaluation.messages import Fitness, Stage, Trial

OWN = "own"
"""The split of a suite that somebody names: it is no part of the benchmark."""

_START_SECONDS, _STEP_SECONDS, _LEAF_SECONDS = 0.4, 2e-4, 6e-8
"""Of a measurement, of an iteration, and of a leaf in an iteration: rough, to tell how much is left."""


class BenchmarkError(NashforgeError, ValueError):
    """A benchmark that does not exist, or holds nothing."""

    exit_code = USAGE


@dataclass(frozen=True, eq=False)
class Case:
    """One game under one condition; two are equal if they are the same object.

    Attributes
    ----------
    game, family, suite : str
    split : str
        ``train``, ``validation``, ``test``, or `OWN`.
    trial : Trial
        How it is played.
    floor : float
        Values below it count as so much: the floor of the fitness, in units of the game's range of payoffs.
    cost : float
        About how many seconds it takes.
    """

    game: str
    family: str
    suite: str
    split: str
    trial: Trial
    floor: float
    cost: float

    @property
    def iterations(self) -> int:
        """The number of iterations."""
        return self.trial.iterations

    @property
    def scale(self) -> float:
        """The factor of all payoffs."""
        return self.trial.scale


@dataclass(frozen=True)
class Size:
    """The size of a game: leaves of its sequence form, and the range of its payoffs."""

    leaves: int
    payoffs: float


def benchmark_of(work: Domain) -> Benchmark:
    """Return the benchmark of a domain.

    Raises
    ------
    BenchmarkError
        If it has none.
    """
    if work.benchmark is None:
        known = [name for name in domain_names() if domain(name).benchmark is not None]
        raise BenchmarkError(
            f"the domain {work.name!r} has no benchmark; those of {' and '.join(known)} have one (see "
            "`nashforge evaluate` for the others)"
        )
    return work.benchmark


def size(game: str) -> Size:
    """Return the size of a game, compiled if it was not."""
    form = games.compile(game)
    return Size(form.leaves, form.payoff_range)


def cases(
    work: Domain,
    suites: Iterable[tuple[str, str]],
    conditions: Sequence[Condition],
    *,
    smallest: bool = False,
) -> list[Case]:
    """Return what is played: condition by condition, suite by suite, small games before large ones.

    Parameters
    ----------
    suites
        Splits and suites.
    smallest
        Whether only the smallest game of every family is played.
    """
    chosen: list[tuple[str, str, Mapping[str, str], dict[str, Size]]] = []
    for split, name in suites:
        families = {
            game: family for family, members in games.load_suite(name).families.items() for game in members
        }
        sizes = {game: size(game) for game in families}
        order = sorted(families, key=lambda game, sizes=sizes: (sizes[game].leaves, game))  # type: ignore[misc]
        if smallest:
            first = {families[game]: game for game in reversed(order)}
            order = [game for game in order if first[families[game]] == game]
        chosen.append((split, name, families, {game: sizes[game] for game in order}))
    return [
        _case(work, condition, split, suite, families[game], game, sizes[game])
        for condition in conditions
        for split, suite, families, sizes in chosen
        for game in list(sizes)[: (len(sizes) + 1) // 2 if condition.small else None]
        if condition.most_leaves is None or sizes[game].leaves <= condition.most_leaves
    ]


def _case(
    work: Domain, condition: Condition, split: str, suite: str, family: str, game: str, size: Size
) -> Case:
    trial = work.trial(game, condition.iterations, label(game, scale=condition.scale))
    return Case(
        game=game,
        family=family,
        suite=suite,
        split=split,
        trial=trial.model_copy(update={"scale": condition.scale}),
        floor=benchmark_of(work).floor * size.payoffs,
        cost=_START_SECONDS + condition.iterations * (_STEP_SECONDS + _LEAF_SECONDS * size.leaves),
    )


def stage_of(work: Domain, case: Case) -> Stage:
    """Return the stage of a case alone."""
    # Nothing is judged here, so that no change of what fitness means makes a stored measurement another.
    return Stage(
        split="test",
        suite=case.suite,
        trials=(case.trial,),
        fitness=Fitness(kind="log_ratio"),
        seconds=work.seconds["test"],
    )
