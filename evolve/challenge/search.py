"""The search for games that break a program: random ones, and neighbours of those that did best so far.

What was found is kept by kind: the best game for each number of players, and each order of magnitude of
information sets, depth and branching. Parents come from all kinds alike, so that one large family of good
games does not crowd out the rest. A search is a function of its seed, unless a time ends it.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from nashforge import games
from nashforge.evolve.challenge.judge import COPIES, Judge, Verdict
from nashforge.evolve.challenge.space import GameFamily, Point
from nashforge.games.sequence_form import SequenceForm, Treeplex

MOST_HISTORIES = 6_000
"""Usual limit: all rules of the library play such a game in seconds."""

FEWEST_INFOSETS = 4
DEEPEST = 40
WIDEST_RANGE = 1e5
"""Of payoffs; beyond, games are about rounding."""

RANDOM = 0.4
"""Share of games that are drawn anew once something was found."""

DRAWS = 30
"""How often a game is drawn again that is known, too large or no game at all."""

SAME = 1e-3
"""Games of equal sizes whose values agree so well, relative to the range, are one game twice."""

Kind = tuple[int, int, int, int]


@dataclass(frozen=True)
class Size:
    """The size of a game.

    Attributes
    ----------
    players, histories, infosets, sequences, leaves : int
    depth : int
        The most information sets of one player that follow each other.
    branching : float
        Mean number of actions.
    """

    players: int
    histories: int
    infosets: int
    sequences: int
    leaves: int
    depth: int
    branching: float

    @classmethod
    def of(cls, form: SequenceForm) -> Size:
        """Return the size of a game."""
        sequences = sum(treeplex.sequences for treeplex in form.treeplexes)
        return cls(
            players=form.players,
            histories=form.nodes,
            infosets=form.infosets,
            sequences=sequences,
            leaves=form.leaves,
            depth=max(map(_depth, form.treeplexes)),
            branching=round(sequences / max(form.infosets, 1), 2),
        )

    @property
    def kind(self) -> Kind:
        """The kind of game: players, and orders of magnitude of information sets, depth and branching."""
        return (
            self.players,
            int(2 * math.log10(self.infosets)),
            int(math.log2(self.depth)),
            int(math.log2(self.branching)),
        )


@dataclass(frozen=True)
class BreakingGame:
    """A game that a program loses against the library.

    Attributes
    ----------
    game, family : str
    size : Size
    verdict : Verdict
        By how much, and against whom.
    tried : int
        Its number among the games that were tried, from 1.
    """

    game: str
    family: str
    size: Size
    verdict: Verdict
    tried: int


@dataclass(frozen=True)
class Challenge:
    """The outcome of a search.

    Attributes
    ----------
    found : tuple of BreakingGame
        The best of each kind, the highest score first.
    tried : int
        Games that the program played.
    refused : dict
        How many did not count, by why.
    seconds : float
        Wall time.
    """

    found: tuple[BreakingGame, ...]
    tried: int
    refused: Mapping[str, int]
    seconds: float


@dataclass
class Challenger:
    """Looks for games that break a program.

    Parameters
    ----------
    families
        Where from, see `nashforge.evolve.challenge.space.space`.
    judge
        Says what a game is worth.
    seed
        Of every random draw: numbers.
    most_histories
        Larger games are not tried.
    known
        Identities of games that must not come out: those that validate, test or train already.
    """

    families: Sequence[GameFamily]
    judge: Judge
    seed: Sequence[int]
    most_histories: int = MOST_HISTORIES
    known: Collection[str] = ()
    _elites: dict[Kind, tuple[float, Point]] = field(default_factory=dict)
    _found: dict[Kind, BreakingGame] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _values: list[tuple[Size, tuple[float, ...], float]] = field(default_factory=list)
    _refused: Counter[str] = field(default_factory=Counter)

    def search(
        self,
        tries: int,
        seconds: float | None = None,
        tell: Callable[[int, str, Verdict | None], None] = lambda number, game, verdict: None,
    ) -> Challenge:
        """Try games, and return those that break the program.

        Parameters
        ----------
        tries
            Games that the program plays.
        seconds
            No more are begun after so long.
        tell
            Called after every game with its number, the game and the verdict.
        """
        began, tried = time.monotonic(), 0
        while tried < tries and (seconds is None or time.monotonic() - began < seconds):
            rng = np.random.default_rng([*self.seed, tried])
            drawn = self._draw(rng)
            if drawn is None:
                break
            point, form = drawn
            tried += 1
            copies = [int(number) for number in rng.integers(2**31, size=COPIES)]
            verdict = self.judge.verdict(point.game, copies)
            self._take(point, form, verdict, tried)
            tell(tried, point.game, verdict)
        found = sorted(self._found.values(), key=lambda one: (-one.verdict.score, one.tried))
        return Challenge(tuple(found), tried, dict(self._refused), time.monotonic() - began)

    def _draw(self, rng: np.random.Generator) -> tuple[Point, SequenceForm] | None:
        """Return a game that was not tried yet; None: nothing new comes any more."""
        for _ in range(DRAWS):
            point = self._proposed(rng)
            game = point.game
            if game in self._seen:
                continue
            self._seen.add(game)
            try:
                if games.identity(game).digest in self.known:
                    self._refused["known"] += 1
                    continue
                form = games.compile(game, max_nodes=self.most_histories)
            except games.NodeLimitError:
                self._refused["too large"] += 1
                continue
            except games.GameError:
                self._refused["no game"] += 1
                continue
            if self._fits(form):
                return point, form
            self._refused["out of limits"] += 1
        return None

    def _proposed(self, rng: np.random.Generator) -> Point:
        if not self._elites or rng.random() < RANDOM:
            return self.families[int(rng.integers(len(self.families)))].draw(rng)
        kinds = sorted(self._elites)
        return self._elites[kinds[int(rng.integers(len(kinds)))]][1].mutated(rng)

    def _fits(self, form: SequenceForm) -> bool:
        size = Size.of(form)
        return (
            size.infosets >= FEWEST_INFOSETS
            and size.sequences > size.infosets
            and size.depth <= DEEPEST
            and form.payoff_range <= WIDEST_RANGE
        )

    def _take(self, point: Point, form: SequenceForm, verdict: Verdict | None, tried: int) -> None:
        """Keep a game, as a parent of others and among those that break the program."""
        if verdict is None:
            self._refused["failed"] += 1
            return
        size = Size.of(form)
        kind = size.kind
        if verdict.objection in (None, "not behind") and verdict.score > self._elites.get(kind, (0.0,))[0]:
            self._elites[kind] = verdict.score, point
        if verdict.objection is not None:
            self._refused[verdict.objection] += 1
        elif self._repeats(size, verdict.game_value, form.payoff_range):
            self._refused["twice"] += 1
        elif kind not in self._found or verdict.score > self._found[kind].verdict.score:
            self._found[kind] = BreakingGame(point.game, point.family.name, size, verdict, tried)

    def _repeats(self, size: Size, values: tuple[float, ...], reach: float) -> bool:
        """Whether a game has the sizes and the values of one that was there before."""
        for other, known, _ in self._values:
            if other == size and np.allclose(values, known, rtol=0.0, atol=SAME * reach):
                return True
        self._values.append((size, values, reach))
        return False


def _depth(treeplex: Treeplex) -> int:
    """Return the most information sets that follow each other."""
    owner = np.searchsorted(treeplex.start, treeplex.parent, side="right") - 1
    depth: list[int] = []
    for above, parent in zip(owner.tolist(), treeplex.parent.tolist(), strict=True):
        depth.append(1 if parent == treeplex.sequences else depth[above] + 1)
    return max(depth, default=0)
