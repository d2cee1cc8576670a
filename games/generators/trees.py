"""Random games in extensive form: what is drawn, level by level.

All histories of a level are those of one mover, a player or chance; the players take turns, and chance moves
first of all where it moves, and between players at levels that are drawn. Everybody sees of another's move a
signal: an action is seen as it is with the probability ``observed``, and all actions that are not are one
signal. Which they are is drawn for every level and observer. An information set is what its owner saw and did
so far, so that nobody ever forgets. Payoffs are bell-shaped (mean 0, variance 1) or whole numbers from -10 to
10, drawn

- ``leaves``: independently at every end;
- ``path``: for every move, and summed along the way, so that ends near each other have payoffs alike, as in
  Nau's incremental random trees ("Pathology on game trees", AAAI 1980);
- ``sparse``: independently at one end in five; 0 elsewhere.

The last player pays all others where the game is zero-sum.

Draws of a tree, in their order: the levels of chance; then a level at a time the number of actions of each
information set (where ``fewest`` is less than ``actions``) or the weights of chance (1 to 10, one list for
the level), signals of each observer, moves' payoffs, and which histories end early; at last the payoffs of
ends. Histories are numbered level by level, children in the order of their parents and actions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import GameStringError, NodeLimitError
from nashforge.games.generators.draws import Draws
from nashforge.games.generators.specification import SEED, Generator, Parameter

Array = npt.NDArray[Any]

CHANCE = -1
MOST_WEIGHT, MOST_PAYOFF, SPARSE = 10, 10, 0.2


@dataclass(frozen=True, eq=False)
class Level:
    """The histories of one length.

    Attributes
    ----------
    mover : int
        Who moves in those that go on: a player, or `CHANCE`.
    going : ndarray of bool, shape (histories,)
        Which of them go on.
    infoset : ndarray of int64, shape (histories that go on,)
        The number of the mover's information set, from 0 in this level.
    actions : ndarray of int64, shape (histories that go on,)
        How many.
    weights : ndarray of int64, shape (actions,)
        Of chance's moves; empty where a player moves.
    """

    mover: int
    going: Array
    infoset: Array
    actions: Array
    weights: Array

    @cached_property
    def first_child(self) -> Array:
        """The number, in the next level, of the first child of each history that goes on."""
        return np.cumsum(self.actions) - self.actions

    @cached_property
    def gone_on(self) -> Array:
        """The number of histories before each one that go on."""
        return np.cumsum(self.going) - self.going


@dataclass(frozen=True, eq=False)
class Tree:
    """A tree that was drawn: its levels, and the payoffs of the histories of each level that end there.

    Attributes
    ----------
    levels : tuple of Level
    payoffs : tuple of ndarray of float64, each of shape (players, histories that end in the level)
        One more than levels: all histories of the last length end.
    """

    players: int
    levels: tuple[Level, ...]
    payoffs: tuple[Array, ...]


@dataclass(eq=False)
class Drawing:
    """A tree while it is drawn.

    Attributes
    ----------
    seen : ndarray of int64, shape (players, histories)
        What each player saw and did, as a number, in the level reached so far.
    so_far : ndarray of float64, shape (players, histories)
        The sum of the moves' payoffs.
    """

    given: Mapping[str, Any]
    draws: Draws
    seen: Array
    so_far: Array
    levels: list[Level] = field(default_factory=list)
    payoffs: list[Array] = field(default_factory=list)

    def level(self, mover: int, going: Array) -> None:
        """Add a level in which some histories go on."""
        given, draws = self.given, self.draws
        self.payoffs.append(self._ends(self.so_far[:, ~going]))
        seen, so_far = self.seen[:, going], self.so_far[:, going]
        histories, most = seen.shape[1], given["actions"]
        if mover == CHANCE:
            infoset = np.zeros(histories, dtype=np.int64)
            actions = np.full(histories, given["outcomes"])
            weights = draws.integers(1, MOST_WEIGHT, given["outcomes"])
        else:
            infoset = np.unique(seen[mover], return_inverse=True)[1].astype(np.int64)
            sizes = np.full(int(infoset.max(initial=-1)) + 1, most)
            if given["fewest"] < most:
                sizes = draws.integers(given["fewest"], most, len(sizes))
            actions, weights = sizes[infoset], np.zeros(0, dtype=np.int64)
        level = Level(mover, going, infoset, actions, weights)
        parent = np.repeat(np.arange(histories), actions)
        action = np.arange(len(parent)) - level.first_child[parent]
        widest = max(most, given["outcomes"])
        rows = []
        for player in range(given["players"]):
            if player == mover:
                signal = action
            else:
                clear = draws.uniform(widest) < given["observed"]
                signal = np.where(clear, np.arange(widest), widest)[action]
            together = seen[player][parent] * (widest + 1) + signal
            rows.append(np.unique(together, return_inverse=True)[1].astype(np.int64))
        self.levels.append(level)
        self.seen = np.stack(rows)
        self.so_far = so_far[:, parent]
        if given["payoffs"] == "path":
            self.so_far = self.so_far + self._values(len(parent))

    def _values(self, count: int) -> Array:
        given, zero_sum = self.given, self.given["zero_sum"]
        shape = given["players"] - zero_sum, count
        if given["values"] == "integer":
            drawn = self.draws.integers(-MOST_PAYOFF, MOST_PAYOFF, *shape).astype(np.float64)
        else:
            drawn = self.draws.bell(*shape)
        if not zero_sum:
            return drawn
        paid = np.zeros(count)
        for row in drawn:
            paid = paid - row
        return np.vstack([drawn, paid])

    def _ends(self, so_far: Array) -> Array:
        """Return the payoffs of histories that end."""
        count = so_far.shape[1]
        if self.given["payoffs"] == "path":
            return so_far
        values = self._values(count)
        if self.given["payoffs"] == "sparse":
            values = np.where(self.draws.uniform(count) < SPARSE, values, 0.0)
        return values


def draw(given: Mapping[str, Any], name: str, max_nodes: int) -> Tree:
    """Draw a tree.

    Raises
    ------
    NodeLimitError
        If it has more than ``max_nodes`` histories.
    """
    players, draws = given["players"], Draws(random_tree.name, given["seed"])
    levels = given["depth"]
    later = np.argsort(draws.uniform(levels - 1), kind="stable")[: max(given["chance"] - 1, 0)] + 1
    chances = {0, *later.tolist()} if given["chance"] else set[int]()
    start = np.zeros((players, 1), dtype=np.int64)
    drawing = Drawing(given, draws, start, np.zeros((players, 1)))
    nodes, turn = 1, 0
    for depth in range(levels):
        histories = drawing.seen.shape[1]
        going = np.ones(histories, dtype=np.bool_)
        if depth > 0 and given["ends"] > 0:
            going = draws.uniform(histories) >= given["ends"]
        mover = CHANCE if depth in chances else turn % players
        turn += mover != CHANCE
        most = given["outcomes"] if mover == CHANCE else given["actions"]
        if nodes + int(going.sum()) * (most if mover == CHANCE else given["fewest"]) > max_nodes:
            raise NodeLimitError(name, max_nodes)
        drawing.level(mover, going)
        nodes += drawing.seen.shape[1]
        if nodes > max_nodes:
            raise NodeLimitError(name, max_nodes)
    drawing.payoffs.append(drawing._ends(drawing.so_far))
    return Tree(players, tuple(drawing.levels), tuple(drawing.payoffs))


def _make(given: Mapping[str, Any]) -> Any:
    from nashforge.games.generators.playing import RandomTree

    whole = {**given, "fewest": given["fewest"] or given["actions"]}
    for key, (least, most) in {
        "fewest": (1, given["actions"]),
        "chance": (0, given["depth"] - given["players"]),
    }.items():
        if not least <= whole[key] <= most:
            raise GameStringError(
                f"{key}={whole[key]} of random_tree must be between {least} and {most} here: there are "
                f"{given['depth']} levels, {given['players']} players and {given['actions']} actions"
            )
    return RandomTree(whole)


random_tree = Generator(
    name="random_tree",
    title="Random games in extensive form of which players see as much as is wanted.",
    version=1,
    parameters={
        "players": Parameter(2, "number of players", 2, 6),
        "depth": Parameter(6, "moves on every way to an end, those of chance among them", 1, 40),
        "actions": Parameter(2, "moves at every information set, at most", 1, 100),
        "fewest": Parameter(0, "moves at an information set, at least; 0: as many as at most", 0, 100),
        "chance": Parameter(0, "levels at which chance moves", 0, 38),
        "outcomes": Parameter(3, "outcomes of every move of chance", 1, 100),
        "observed": Parameter(0.5, "share of others' moves that are seen as they are", 0, 1),
        "ends": Parameter(0.0, "probability that a history ends where it could go on", 0, 0.9),
        "payoffs": Parameter("leaves", "how they are drawn", choices=("leaves", "path", "sparse")),
        "values": Parameter("real", "bell-shaped, or whole numbers", choices=("real", "integer")),
        "zero_sum": Parameter(True, "whether payoffs sum to zero"),
        "seed": SEED,
    },
    make=_make,
)
