"""The interface of evolvable CFR rules: flat arrays over sequences, and helpers that act per information set.

Only numpy is imported here: this module is loaded inside the sandbox, where nothing else is needed.
"""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]

ROUNDING = 1e-14
"""What is positive by no more than this share of what is negative beside it is zero but for rounding."""


def _lowest(x: Array) -> float:
    """Return the smallest entry, or NaN if there is one: a third of the cost of ``min``."""
    return x.item(x.argmin())


class Infosets:
    """The information sets of one player, as contiguous segments of a flat sequence axis.

    A *sequence* here is a pair (information set, action). Arrays "over sequences" have shape
    ``(sequences,)``; arrays "over information sets" have shape ``(count,)``. All helpers handle every
    information set at once, so that rules need no Python loop and no padding.

    Parameters
    ----------
    start
        Integer array of shape ``(count + 1,)``: information set ``i`` owns the sequences
        ``start[i]:start[i + 1]``. Every information set owns at least one sequence.
    parent
        Integer array of shape ``(count,)``: the player's own sequence that leads to each information set, an
        earlier one, or ``sequences`` where the player did not act before. Default: nowhere.

    Attributes
    ----------
    count : int
        Number of information sets.
    sequences : int
        Number of sequences.
    sizes : ndarray of shape (count,)
        Number of actions of each information set.
    index : ndarray of shape (sequences,)
        The information set that owns each sequence.
    parent : ndarray of shape (count,)
        As it was given.
    """

    def __init__(self, start: npt.ArrayLike, parent: npt.ArrayLike | None = None) -> None:
        bounds = np.ascontiguousarray(start, dtype=np.int64)
        if bounds.ndim != 1 or len(bounds) < 1 or bounds[0] != 0 or np.any(np.diff(bounds) < 1):
            raise ValueError(
                "start must be a vector that begins at 0 and increases strictly (one entry an information "
                f"set, plus the end); got {np.array2string(bounds, threshold=8)}"
            )
        self.count = len(bounds) - 1
        self.sequences = int(bounds[-1])
        self.sizes = np.diff(bounds)
        self.index = np.repeat(np.arange(self.count), self.sizes)
        self._start = bounds[:-1]
        self.parent = np.full(self.count, self.sequences)
        if parent is not None:
            self.parent[:] = parent
        self._share = 1.0 / self.sizes
        self._uniform = self._share.take(self.index)
        self._largest = int(self.sizes.max(initial=0))
        for array in (self.sizes, self.index, self.parent, self._start, self._share, self._uniform):
            array.flags.writeable = False

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The information sets by the number of the player's decisions before them, the last ones first."""
        depth, before = np.zeros(self.count, np.int64), self.parent < self.sequences
        owner = self.index.take(self.parent[before])
        while before.any():
            deeper = depth[owner] + 1
            if np.array_equal(depth[before], deeper):
                break
            depth[before] = deeper
        found = []
        for k in range(int(depth.max(initial=-1)), -1, -1):
            at = np.flatnonzero(depth == k)
            start = np.concatenate([[0], np.cumsum(self.sizes[at])])
            sequences = np.flatnonzero(depth.take(self.index) == k)
            found.append(Level(Infosets(start), sequences, self.parent[at]))
        return tuple(found)

    def zeros(self) -> Array:
        """Return zeros over sequences."""
        return np.zeros(self.sequences)

    def uniform(self) -> Array:
        """Return the uniform policy, shape ``(sequences,)``."""
        return self._uniform.copy()

    def sum(self, x: Array) -> Array:
        """Sum over the actions of each information set; shape ``(count,)``."""
        # Twice as fast as np.add.reduceat on the short segments that information sets are.
        # Of weights, bincount makes float64, but for an empty sum.
        return np.bincount(self.index, x, self.count) if self.count else np.zeros(0)  # type: ignore[return-value]

    def max(self, x: Array) -> Array:
        """Maximum over the actions of each information set; shape ``(count,)``."""
        return np.maximum.reduceat(x, self._start) if self.count else np.zeros(0)

    def min(self, x: Array) -> Array:
        """Minimum over the actions of each information set; shape ``(count,)``."""
        return np.minimum.reduceat(x, self._start) if self.count else np.zeros(0)

    def mean(self, x: Array) -> Array:
        """Mean over the actions of each information set; shape ``(count,)``."""
        return self.sum(x) / self.sizes

    def spread(self, x: Array) -> Array:
        """Repeat a value per information set over its actions; ``(count,)`` to ``(sequences,)``."""
        return np.asarray(x).take(self.index)

    def normalize(self, x: Array) -> Array:
        """Make a policy proportional to the positive part of ``x``; uniform where nothing is positive.

        Nothing is, too, where all positive entries of an information set together are zero but for rounding
        beside the negative ones: a tie is no preference, whatever the unit of ``x``.

        Parameters
        ----------
        x
            Weights over sequences, shape ``(sequences,)``.

        Returns
        -------
        ndarray of shape (sequences,)
            Non-negative, sums to one in every information set.
        """
        if not self.count:
            return np.zeros(0)
        lowest = _lowest(np.asarray(x))
        if lowest >= 0.0:
            weights, total = x, self.sum(x)
            if np.count_nonzero(total) == self.count:
                return np.asarray(weights / self.spread(total))
            empty = total <= 0.0
        else:
            weights = np.maximum(x, 0.0)
            total = self.sum(weights)
            # Beside even the most that could be negative in one set, all are something: no need to add it up.
            if _lowest(total) > -ROUNDING * self._largest * lowest:
                return np.asarray(weights / self.spread(total))
            empty = total <= ROUNDING * (total - self.sum(x))
        np.putmask(total, empty, np.inf)
        policy = np.asarray(weights / self.spread(total))
        policy += self.spread(empty * self._share)
        return policy

    def project(self, x: Array, total: float = 1.0) -> Array:
        """Return what is nearest to ``x``, in Euclidean distance, with entries >= 0 that sum to ``total`` in
        every information set.

        Of the entries in falling order the first k count, as many as stay positive when all of them are moved
        by what makes their sum ``total``.
        """
        if not self.count:
            return np.zeros(0)
        falling = x.take(np.lexsort((-x, self.index)))
        sums = np.cumsum(falling)
        sums -= self.spread(sums.take(self._start) - falling.take(self._start))
        rank = np.arange(1.0, self.sequences + 1) - self._start.take(self.index)
        kept = self.sum(np.where(falling * rank > sums - total, 1.0, 0.0)).astype(np.int64)
        last = self._start + kept - 1
        return np.asarray(np.maximum(x - self.spread((sums.take(last) - total) / kept), 0.0))


class Level(NamedTuple):
    """Information sets with equally many of the player's own decisions before them.

    For rules whose answer in an information set depends on what they answer further down:
    ``for level in self.infosets.levels`` goes from the last decisions to the first.

    Attributes
    ----------
    infosets : Infosets
        These alone, with the helpers.
    sequences : ndarray
        Which of all the player's sequences are theirs.
    parent : ndarray
        The sequence before each of them.
    """

    infosets: Infosets
    sequences: npt.NDArray[np.int64]
    parent: npt.NDArray[np.int64]

    def pass_up(self, value: Array, x: Array) -> None:
        """Add a value per information set of the level to ``x``, over all sequences, where each came from."""
        inner = self.parent < len(x)
        np.add.at(x, self.parent[inner], value[inner])


class RegretMinimizer:
    """A CFR rule: how one player turns counterfactual regrets into policies, and weighs them in its average.

    One instance serves all information sets of one player at once, and sees nothing of the other players.
    In iteration ``t = 1, 2, ..., horizon`` the engine updates the players in turn, and for the player in
    turn calls, in this order,

    1. ``observe(t, regret)``: take in the instantaneous counterfactual regrets of the policy in play;
    2. ``weights(t, policy, reach)``: how the policy just played enters the cumulative average;
    3. ``policy(t)``: the policy to play next.

    In the first iteration the uniform policy is played. The engine keeps the average, which is what counts:
    ``average = keep * average + add * reach * policy``, with ``keep`` and ``add`` from ``weights``.
    Subclasses override the three methods, and ``start`` to set their state up. Arrays given to a rule are its
    own: it may keep them and change them.

    Attributes
    ----------
    infosets : Infosets
        The player's information sets; array helpers.
    horizon : int
        Number of iterations that will be played.
    scale_free : bool or None
        Declared of the class: whether it plays the same when all payoffs are multiplied by a positive number.
        None: nobody said; it can be found by playing, see `nashforge.solvers.cfr.properties`.
    first_average : int or float or None
        Declared of the class: from which iteration on the average holds anything, or, as a number between 0
        and 1, after which share of the horizon. None: nobody said.
    """

    scale_free: ClassVar[bool | None] = None
    first_average: ClassVar[float | None] = None

    def __init__(self, infosets: Infosets, horizon: int) -> None:
        self.infosets = infosets
        self.horizon = horizon
        self.start()

    def start(self) -> None:
        """Set up the rule's state, before the first iteration."""

    def observe(self, t: int, regret: Array) -> None:
        """Take in instantaneous counterfactual regrets, shape ``(sequences,)``."""
        raise NotImplementedError("a rule must define observe(self, t, regret)")

    def weights(self, t: int, policy: Array, reach: Array) -> tuple[float | Array, float | Array]:
        """Return ``(keep, add)``: the average becomes ``keep * average + add * reach * policy``.

        Both are finite and not negative, and each is one number or one number an information set, shape
        ``(count,)``. ``1, t`` weighs iterations linearly, ``1, 0`` leaves the average as it is, and ``0, 1``
        starts it anew. Only proportions within an information set matter: the average is normalised there,
        and is uniform where nothing was added.

        Parameters
        ----------
        t
            Iteration, from 1.
        policy
            The policy just played, shape ``(sequences,)``.
        reach
            The player's own probability of reaching the information set of each sequence under that policy,
            shape ``(sequences,)``.
        """
        raise NotImplementedError("a rule must define weights(self, t, policy, reach)")

    def policy(self, t: int) -> Array:
        """Return the next behaviour policy, shape ``(sequences,)``; sums to one per information set."""
        raise NotImplementedError("a rule must define policy(self, t)")
