"""The sequence form of a game: one treeplex a player, and payoffs over tuples of sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
IndexArray: TypeAlias = npt.NDArray[np.int32]


def _freeze(*arrays: npt.NDArray[np.generic]) -> None:
    for array in arrays:
        array.flags.writeable = False


@dataclass(frozen=True, eq=False)
class Treeplex:
    """The decision space of one player with perfect recall.

    Information sets are ordered parents first; the sequences (information set, action) of one information set
    are contiguous. The empty sequence has the index ``sequences``, one past the last, so that arrays over
    sequences (rules, policies) are a prefix of arrays that also hold the empty sequence (plans, reach).

    Attributes
    ----------
    start : ndarray of int32, shape (infosets + 1,)
        Information set ``i`` owns the sequences ``start[i]:start[i + 1]``.
    parent : ndarray of int32, shape (infosets,)
        The player's last sequence before the information set; ``sequences`` for the empty sequence.
    labels : tuple of str, length infosets
        OpenSpiel's information-state strings.
    actions : ndarray of int32, shape (sequences,)
        OpenSpiel's action number of each sequence.
    """

    start: IndexArray
    parent: IndexArray
    labels: tuple[str, ...]
    actions: IndexArray

    def __post_init__(self) -> None:
        if len(self.start) != len(self.parent) + 1 or len(self.labels) != len(self.parent):
            raise ValueError(
                f"a treeplex needs one start (plus the end), parent and label an information set; got "
                f"{len(self.start)} starts, {len(self.parent)} parents, {len(self.labels)} labels"
            )
        owner_start = self.start[:-1]
        earlier = (self.parent >= 0) & ((self.parent < owner_start) | (self.parent == self.sequences))
        if not earlier.all():
            raise ValueError("information sets must be ordered parents first")
        _freeze(self.start, self.parent, self.actions)

    def __repr__(self) -> str:  # the labels alone can be megabytes
        return f"<Treeplex: {self.infosets:,} information sets, {self.sequences:,} sequences>"

    @property
    def infosets(self) -> int:
        """Number of information sets."""
        return len(self.parent)

    @property
    def sequences(self) -> int:
        """Number of sequences, without the empty one."""
        return int(self.start[-1])


@dataclass(frozen=True, eq=False)
class SequenceForm:
    """A finite N-player game with perfect recall, compiled to flat immutable arrays.

    Attributes
    ----------
    name : str
        The game string (or a description, for disguised games).
    treeplexes : tuple of Treeplex
        One a player.
    leaf_sequences : ndarray of int32, shape (players, leaves)
        The last sequence of each player at each leaf. Terminal histories with equal tuples are merged.
    leaf_payoffs : ndarray of float64, shape (players, leaves)
        Utility times chance probability, summed over the merged terminal histories.
    leaf_chance : ndarray of float64, shape (leaves,)
        Chance probability, summed over the merged terminal histories.
    nodes : int
        Number of histories of the game tree that was compiled.
    zero_sum : bool
        Whether the payoffs of every terminal history sum to zero.
    """

    name: str
    treeplexes: tuple[Treeplex, ...]
    leaf_sequences: IndexArray
    leaf_payoffs: FloatArray
    leaf_chance: FloatArray
    nodes: int
    zero_sum: bool

    def __post_init__(self) -> None:
        shape = (len(self.treeplexes), len(self.leaf_chance))
        if self.leaf_sequences.shape != shape or self.leaf_payoffs.shape != shape:
            raise ValueError(
                f"leaf arrays must have shape (players, leaves) = {shape}; got sequences "
                f"{self.leaf_sequences.shape} and payoffs {self.leaf_payoffs.shape}"
            )
        _freeze(self.leaf_sequences, self.leaf_payoffs, self.leaf_chance)

    def __repr__(self) -> str:
        return (
            f"<SequenceForm of {self.name}: {self.players} players, {self.infosets:,} information sets, "
            f"{self.leaves:,} leaves, {self.nodes:,} histories>"
        )

    @property
    def players(self) -> int:
        """Number of players."""
        return len(self.treeplexes)

    @property
    def leaves(self) -> int:
        """Number of distinct sequence tuples at terminal histories."""
        return len(self.leaf_chance)

    @property
    def infosets(self) -> int:
        """Number of information sets of all players."""
        return sum(treeplex.infosets for treeplex in self.treeplexes)
