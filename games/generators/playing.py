"""Drawn trees as games: compiled at once from their levels, and as states that can be written to a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from nashforge.games.generators.trees import CHANCE, Tree, draw
from nashforge.games.leaves import merge_leaves, sums_to
from nashforge.games.sequence_form import IndexArray, SequenceForm, Treeplex

TERMINAL = -4
"""OpenSpiel's number of the player at an end."""

MOST_NODES = 1 << 40
"""Where there is a limit already, by the compiled game."""


class RandomTree:
    """A game of `nashforge.games.generators.trees`.

    Parameters
    ----------
    given
        All its parameters.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self._tree: Tree | None = None

    def num_players(self) -> int:
        """Return the number of players."""
        return int(self._given["players"])

    def new_initial_state(self) -> TreeState:
        """Return the state at the root, with the interface of `nashforge.games.files.extensive.FileState`."""
        tree = self._tree = self._tree or draw(self._given, "random_tree", MOST_NODES)
        return TreeState(tree, 0, 0)

    def sequence_form(self, name: str, max_nodes: int) -> SequenceForm:
        """Return the game compiled.

        Raises
        ------
        nashforge.games.NodeLimitError
            If it has more than ``max_nodes`` histories.
        """
        return compiled(draw(self._given, name, max_nodes), name)


@dataclass
class _Own:
    """The treeplex of one player while levels are read."""

    sizes: list[Any]
    parents: list[Any]
    labels: list[str]
    sequences: int = 0


def compiled(tree: Tree, name: str) -> SequenceForm:
    """Return a tree as a sequence form; information sets are in the order of their levels."""
    players = range(tree.players)
    own = [_Own([], [], []) for _ in players]
    last = np.full((tree.players, 1), -1, dtype=np.int64)  # the sequences that lead to each history
    chance = np.ones(1)
    ends: list[tuple[Any, Any, Any]] = []
    nodes = 1
    for depth, (level, payoffs) in enumerate(zip(tree.levels, tree.payoffs[:-1], strict=True)):
        ends.append((last[:, ~level.going], payoffs, chance[~level.going]))
        last, chance = last[:, level.going], chance[level.going]
        parent = np.repeat(np.arange(last.shape[1]), level.actions)
        action = np.arange(len(parent)) - level.first_child[parent]
        nodes += len(parent)
        if level.mover == CHANCE:
            chance = chance[parent] * (level.weights / level.weights.sum())[action]
            last = last[:, parent]
            continue
        mover = own[level.mover]
        _, first = np.unique(level.infoset, return_index=True)
        sizes = level.actions[first]
        start = mover.sequences + np.cumsum(sizes) - sizes
        mover.sizes.append(sizes)
        mover.parents.append(last[level.mover, first])
        mover.labels += [f"player {level.mover} move {depth} set {k}" for k in range(len(first))]
        mover.sequences += int(sizes.sum())
        last, chance = last[:, parent], chance[parent]
        last[level.mover] = start[level.infoset[parent]] + action
    ends.append((last, tree.payoffs[-1], chance))
    sequences = np.hstack([part for part, _, _ in ends])
    payoffs = np.hstack([part for _, part, _ in ends])
    chance = np.hstack([part for _, _, part in ends])
    treeplexes = tuple(map(_treeplex, own))
    empty = np.array([[treeplex.sequences] for treeplex in treeplexes])
    constant = sums_to(payoffs)
    merged = merge_leaves(
        np.where(sequences < 0, empty, sequences).astype(np.int32), payoffs * chance, chance
    )
    return SequenceForm(name, treeplexes, *merged, nodes, constant == 0.0, constant)


def _treeplex(own: _Own) -> Treeplex:
    sizes = np.concatenate([np.zeros(0, dtype=np.int64), *own.sizes])
    parents = np.concatenate([np.zeros(0, dtype=np.int64), *own.parents])
    start: IndexArray = np.append(0, np.cumsum(sizes)).astype(np.int32)
    actions = (np.arange(own.sequences) - np.repeat(start[:-1], sizes)).astype(np.int32)
    return Treeplex(
        start=start,
        parent=np.where(parents < 0, own.sequences, parents).astype(np.int32),
        labels=tuple(own.labels),
        actions=actions,
        action_names=tuple(f"a{action}" for action in actions.tolist()),
    )


class TreeState:
    """A history of a drawn tree, with the part of the interface of ``pyspiel.State`` that writing uses."""

    __slots__ = ("_depth", "_history", "_index", "_moving", "_tree")

    def __init__(self, tree: Tree, depth: int, index: int, history: tuple[int, ...] = ()) -> None:
        self._tree, self._depth, self._index, self._history = tree, depth, index, history
        self._moving = -1  # its number among the histories that go on
        if depth < len(tree.levels) and tree.levels[depth].going[index]:
            self._moving = int(tree.levels[depth].gone_on[index])

    def current_player(self) -> int:
        """Return who moves."""
        return self._tree.levels[self._depth].mover if self._moving >= 0 else TERMINAL

    def child(self, action: int) -> TreeState:
        """Return the state after an action."""
        index = int(self._tree.levels[self._depth].first_child[self._moving]) + action
        return TreeState(self._tree, self._depth + 1, index, (*self._history, action))

    def legal_actions(self) -> list[int]:
        """Return the numbers of the actions."""
        return list(range(int(self._tree.levels[self._depth].actions[self._moving])))

    def exact_chances(self) -> tuple[Fraction, ...]:
        """Return how likely chance does each of what it may do."""
        weights = self._tree.levels[self._depth].weights.tolist()
        return tuple(Fraction(weight, sum(weights)) for weight in weights)

    def information_state_string(self) -> str:
        """Return the name of the information set."""
        level = self._tree.levels[self._depth]
        return f"player {level.mover} move {self._depth} set {level.infoset[self._moving]}"

    def action_to_string(self, player: int, action: int) -> str:
        """Return the name of an action."""
        return f"a{action}"

    def exact_returns(self) -> tuple[float, ...]:
        """Return the payoffs of all players as they are."""
        levels, ended = self._tree.levels, self._index
        if self._depth < len(levels):
            ended -= int(levels[self._depth].gone_on[ended])
        return tuple(self._tree.payoffs[self._depth][:, ended].tolist())
