"""The sequence form of a game: one treeplex a player, and payoffs over tuples of sequences."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
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
    action_names : tuple of str, length sequences
        OpenSpiel's name of each sequence's action; empty where none are known, as in disguised games.
    """

    start: IndexArray
    parent: IndexArray
    labels: tuple[str, ...]
    actions: IndexArray
    action_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.start.ndim != 1 or self.parent.ndim != 1 or self.actions.ndim != 1 or len(self.start) < 1:
            raise ValueError(
                "start, parent and actions of a treeplex have one dimension, and start is not empty"
            )
        if len(self.start) != len(self.parent) + 1 or len(self.labels) != len(self.parent):
            raise ValueError(
                f"a treeplex needs one start (plus the end), parent and label an information set; got "
                f"{len(self.start)} starts, {len(self.parent)} parents, {len(self.labels)} labels"
            )
        if self.start[0] != 0 or (np.diff(self.start) < 1).any() or len(self.actions) != self.sequences:
            raise ValueError(
                "the sequences of a treeplex begin at 0, every information set has at least one, and each "
                "has an action"
            )
        if len(self.action_names) not in (0, self.sequences):
            raise ValueError(
                f"a treeplex needs one action name a sequence, or none; got {len(self.action_names)} for "
                f"{self.sequences}"
            )
        owner_start = self.start[:-1]
        earlier = (self.parent >= 0) & ((self.parent < owner_start) | (self.parent == self.sequences))
        if not earlier.all():
            raise ValueError("information sets must be ordered parents first")
        _freeze(self.start, self.parent, self.actions)

    def action_name(self, sequence: int) -> str:
        """Return OpenSpiel's name of a sequence's action; where none is known, its number."""
        return self.action_names[sequence] if self.action_names else str(self.actions[sequence])

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
        Whether the payoffs of every terminal history sum to zero, but for rounding, see
        `nashforge.games.leaves.sums_to`.
    constant_sum : float or None
        What the payoffs of every terminal history sum to, if that is always the same; None if it is not, or
        not known.
    """

    name: str
    treeplexes: tuple[Treeplex, ...]
    leaf_sequences: IndexArray
    leaf_payoffs: FloatArray
    leaf_chance: FloatArray
    nodes: int
    zero_sum: bool
    constant_sum: float | None = None

    def __post_init__(self) -> None:
        if self.zero_sum:
            object.__setattr__(self, "constant_sum", 0.0)  # the instance is frozen
        shape = (len(self.treeplexes), len(self.leaf_chance))
        if self.leaf_sequences.shape != shape or self.leaf_payoffs.shape != shape:
            raise ValueError(
                f"leaf arrays must have shape (players, leaves) = {shape}; got sequences "
                f"{self.leaf_sequences.shape} and payoffs {self.leaf_payoffs.shape}"
            )
        if self.leaf_chance.ndim != 1 or not (
            np.isfinite(self.leaf_payoffs).all()
            and np.isfinite(self.leaf_chance).all()
            and (self.leaf_chance >= 0).all()
        ):
            raise ValueError("payoffs must be finite numbers, and chance probabilities also not negative")
        for treeplex, own in zip(self.treeplexes, self.leaf_sequences, strict=True):
            # Kernels do not check indices: one that is out of range would read memory of others.
            if own.size and not 0 <= own.min() <= own.max() <= treeplex.sequences:
                raise ValueError(f"leaf sequences must be between 0 and {treeplex.sequences} (the empty one)")
        _freeze(self.leaf_sequences, self.leaf_payoffs, self.leaf_chance)

    def __repr__(self) -> str:
        return (
            f"<SequenceForm of {self.name}: {self.players} players, {self.infosets:,} information sets, "
            f"{self.leaves:,} leaves, {self.nodes:,} histories>"
        )

    def scaled(self, factor: float) -> SequenceForm:
        """Return the same game with all payoffs multiplied by a positive number.

        Its equilibria are the same. What is not a payoff is shared with this form. Powers of two change no
        digit of a payoff; others round each of them once, alike for payoffs of opposite sign, so that a game
        of two players whose payoffs sum to exactly zero stays one.

        Raises
        ------
        ValueError
            If the factor is not a positive number, or makes a payoff infinite.
        """
        if not (math.isfinite(factor) and factor > 0):
            raise ValueError(f"payoffs are multiplied by a positive number; got {factor}")
        if factor == 1.0:
            return self
        return replace(
            self,
            name=f"{self.name} (payoffs x {factor:g})",
            leaf_payoffs=self.leaf_payoffs * factor,
            constant_sum=None if self.constant_sum is None else self.constant_sum * factor,
        )

    def shifted(self, share: float) -> SequenceForm:
        """Return the same game with a constant added for the first player, and taken from the others.

        Its equilibria are the same, and so are regrets, but for rounding; sums of payoffs stay as they are.

        Parameters
        ----------
        share
            The constant, in units of the payoffs' range.

        Raises
        ------
        ValueError
            If it is not finite.
        """
        if not math.isfinite(share):
            raise ValueError(f"payoffs are shifted by a finite number; got {share}")
        if share == 0.0 or self.players < 2:
            return self
        shift = np.full(self.players, -1.0 / (self.players - 1))
        shift[0] = 1.0
        added = (share * self.payoff_range * shift)[:, None] * self.leaf_chance
        return replace(self, name=f"{self.name} (payoffs shifted)", leaf_payoffs=self.leaf_payoffs + added)

    @property
    def payoff_range(self) -> float:
        """Distance from the lowest to the highest payoff of any player, in units of utility.

        Payoffs are those of leaves: where terminal histories were merged, their mean. 1 where all are equal.
        """
        reached = self.leaf_chance > 0
        payoffs = self.leaf_payoffs[:, reached] / self.leaf_chance[reached]
        return (float(np.ptp(payoffs)) if payoffs.size else 0.0) or 1.0

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
