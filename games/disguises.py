"""Disguised copies of a game: the same strategic problem under another face, or a slightly different one.

A program that has learned the quirks of its training games (where an information set sits in the arrays,
which actions come first, exact ties of payoffs) loses its advantage on their disguises; one that solves games
does not. Permutations and dummy information sets leave values and equilibria exactly as they are; a
perturbation of the payoffs changes them a little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nashforge.games.leaves import merge_leaves
from nashforge.games.sequence_form import IndexArray, SequenceForm, Treeplex

if TYPE_CHECKING:
    from nashforge.games.loading.source import GameSource

FEWEST_DUMMY_ACTIONS = 2
MOST_DUMMY_ACTIONS = 4


@dataclass(frozen=True, eq=False)
class Disguise:
    """A disguised game and the way back from it.

    Attributes
    ----------
    original, form : SequenceForm
        The game and its disguise.
    sequences : tuple of ndarray of int32, each of shape (original sequences,)
        For each player, the disguised sequence of every original sequence: ``policy[sequences[player]]`` is a
        policy of the disguised game in the original.
    infosets : tuple of ndarray of int32, each of shape (original information sets,)
        For each player, the disguised information set of every original one; the others are dummies.
    """

    original: SequenceForm
    form: SequenceForm
    sequences: tuple[IndexArray, ...]
    infosets: tuple[IndexArray, ...]


def disguise(
    form: SequenceForm | GameSource,
    seed: int | np.random.Generator,
    *,
    permute: bool = True,
    dummies: float = 0.1,
    perturbation: float = 0.05,
    duplicates: float = 0.0,
    name: str | None = None,
) -> Disguise:
    """Draw a disguise of a game.

    Labels and action numbers of the result say nothing about the original; only ``name`` does, which is for
    people.

    Parameters
    ----------
    form : SequenceForm, or as `nashforge.games.compile` takes it
        The game; it is not changed.
    seed : int or numpy.random.Generator
        The source of randomness.
    permute : bool
        Whether to put the information sets of each player in a random order (parents still first) and the
        actions of each information set in a random order.
    dummies : float
        Dummy information sets as a share of each player's own, rounded up. Each hangs from a random sequence
        of the player (the empty one and those of other dummies included), has 2 to 4 actions and no payoffs:
        whatever is played there is worth nothing.
    perturbation : float
        Every payoff is multiplied by one plus a number drawn uniformly from plus or minus this, in [0, 1).
        All players share the factor of a leaf, so that a zero-sum game stays one.
    duplicates : float
        Share of each player's information sets, rounded up, in which an action gets a twin that leads to the
        same; only actions after which the player has no further decision get one. Values and equilibria stay
        as they are, but for how the twins share what one of them had.
    name : str, optional
        The name of the disguised game; by default ``"disguised(<name of the original>)"``.

    Raises
    ------
    nashforge.games.GameError
        If the game cannot be compiled.
    ValueError
        If ``dummies`` is negative or not finite, ``perturbation`` is outside [0, 1), ``duplicates`` is
        outside [0, 1], or the seed is none.
    """
    if not (math.isfinite(dummies) and dummies >= 0):
        raise ValueError(f"dummies is a share of the information sets, at least 0; got {dummies}")
    if not 0 <= perturbation < 1:
        raise ValueError(
            f"perturbation must be in [0, 1), so that no payoff changes sign; got {perturbation}"
        )
    if not 0 <= duplicates <= 1:
        raise ValueError(f"duplicates is a share of the information sets, in [0, 1]; got {duplicates}")
    try:
        rng = np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"seed must be a whole number of at least 0, or a generator; got {seed!r}"
        ) from error
    from nashforge.games.compilation.compiler import compile  # it loads OpenSpiel, which forms do not need

    form = original = compile(form)
    twinned = None
    if duplicates > 0:
        form, twinned = _with_twins(form, duplicates, rng)
    treeplexes, sequences, infosets = [], [], []
    for player, treeplex in enumerate(form.treeplexes):
        full_start, full_parent = _add_dummies(treeplex, math.ceil(dummies * treeplex.infosets), rng)
        order = (
            _random_extension(full_start, full_parent, rng)
            if permute
            else np.arange(len(full_parent), dtype=np.int32)
        )
        disguised, to_sequence, to_infoset = _rearrange(full_start, full_parent, order, permute, player, rng)
        treeplexes.append(disguised)
        sequences.append(to_sequence[: treeplex.sequences])
        infosets.append(to_infoset[: treeplex.infosets])
    leaf_sequences = np.empty_like(form.leaf_sequences)
    for player, (to, treeplex) in enumerate(zip(sequences, treeplexes, strict=True)):
        leaf_sequences[player] = np.append(to, np.int32(treeplex.sequences))[form.leaf_sequences[player]]
    factor = 1.0 + rng.uniform(-perturbation, perturbation, size=form.leaves)
    moved_sequences, payoffs, chance = merge_leaves(
        leaf_sequences, form.leaf_payoffs * factor, form.leaf_chance
    )
    return Disguise(
        original=original,
        form=SequenceForm(
            name=name if name is not None else f"disguised({form.name})",
            treeplexes=tuple(treeplexes),
            leaf_sequences=moved_sequences,
            leaf_payoffs=payoffs,
            leaf_chance=chance,
            nodes=form.nodes,
            zero_sum=form.zero_sum,
            # Factors differ from leaf to leaf: only the sum zero survives them.
            constant_sum=form.constant_sum if perturbation == 0 else None,
        ),
        sequences=tuple(sequences if twinned is None else map(_chained, twinned, sequences)),
        infosets=tuple(infosets),
    )


def _chained(first: IndexArray, then: IndexArray) -> IndexArray:
    moved: IndexArray = then[first]
    return moved


def _with_twins(
    form: SequenceForm, share: float, rng: np.random.Generator
) -> tuple[SequenceForm, tuple[IndexArray, ...]]:
    """Give some actions twins; return the game, and where each player's sequences are in it."""
    leaves, payoffs, chance = form.leaf_sequences, form.leaf_payoffs, form.leaf_chance
    treeplexes, places = [], []
    for player, treeplex in enumerate(form.treeplexes):
        own = np.arange(treeplex.sequences)
        owner = np.repeat(np.arange(treeplex.infosets), np.diff(treeplex.start))
        last = np.setdiff1d(own, treeplex.parent)
        able = np.unique(owner[last])
        count = min(math.ceil(share * treeplex.infosets), len(able))
        chosen = np.sort(rng.choice(able, size=count, replace=False))
        twins = np.array([rng.choice(last[owner[last] == infoset]) for infoset in chosen], dtype=np.int64)
        more = np.bincount(chosen, minlength=treeplex.infosets)
        start = np.append(0, np.cumsum(np.diff(treeplex.start) + more)).astype(np.int32)
        place = np.append(own + np.append(0, np.cumsum(more))[owner], start[-1]).astype(np.int32)
        moved = leaves.copy()
        moved[player] = place[leaves[player]]
        parts = [np.arange(len(chance))]
        columns = [moved]
        for infoset, twin in zip(chosen, twins, strict=True):
            at = np.flatnonzero(leaves[player] == twin)
            copied = moved[:, at].copy()
            copied[player] = start[infoset + 1] - 1
            parts.append(at)
            columns.append(copied)
        kept = np.concatenate(parts)
        leaves, payoffs, chance = np.concatenate(columns, axis=1), payoffs[:, kept], chance[kept]
        treeplexes.append(
            Treeplex(
                start=start,
                parent=place[treeplex.parent],
                labels=treeplex.labels,
                actions=(np.arange(start[-1]) - np.repeat(start[:-1], np.diff(start))).astype(np.int32),
            )
        )
        places.append(place[:-1])
    made = replace(
        form, treeplexes=tuple(treeplexes), leaf_sequences=leaves, leaf_payoffs=payoffs, leaf_chance=chance
    )
    return made, tuple(places)


def _add_dummies(treeplex: Treeplex, count: int, rng: np.random.Generator) -> tuple[IndexArray, IndexArray]:
    """Append dummy information sets to the real ones; return start and parent, -1 for the empty sequence."""
    sizes = rng.integers(FEWEST_DUMMY_ACTIONS, MOST_DUMMY_ACTIONS + 1, size=count)
    start = np.append(treeplex.start, treeplex.start[-1] + np.cumsum(sizes)).astype(np.int32)
    # A dummy may follow any sequence before its own: -1 (the empty one) up to the last.
    parents = rng.integers(-1, start[treeplex.infosets : treeplex.infosets + count])
    real = np.where(treeplex.parent == treeplex.sequences, -1, treeplex.parent)
    return start, np.append(real, parents).astype(np.int32)


def _random_extension(start: IndexArray, parent: IndexArray, rng: np.random.Generator) -> IndexArray:
    """Return the information sets in a random order that keeps parents before their children.

    One of those whose parents are already placed is drawn, again and again. Every order with parents first
    can come out, though not all equally often.
    """
    owner = np.searchsorted(start, parent, side="right") - 1  # the information set of the parent sequence
    children: list[list[int]] = [[] for _ in parent]
    ready: list[int] = []
    for infoset, (before, above) in enumerate(zip(parent.tolist(), owner.tolist(), strict=True)):
        (ready if before < 0 else children[above]).append(infoset)
    order = []
    for draw in rng.random(len(parent)).tolist():
        chosen = int(draw * len(ready))
        ready[chosen], ready[-1] = ready[-1], ready[chosen]
        infoset = ready.pop()
        order.append(infoset)
        ready.extend(children[infoset])
    return np.array(order, dtype=np.int32)


def _rearrange(
    start: IndexArray,
    parent: IndexArray,
    order: IndexArray,
    shuffle_actions: bool,
    player: int,
    rng: np.random.Generator,
) -> tuple[Treeplex, IndexArray, IndexArray]:
    """Put information sets in the given order; return the treeplex and where sequences and sets have gone."""
    infosets, total = len(parent), int(start[-1])
    position = np.empty(infosets, dtype=np.int32)
    position[order] = np.arange(infosets, dtype=np.int32)
    sizes = np.diff(start)
    new_start = np.append(0, np.cumsum(sizes[order])).astype(np.int32)
    # Sequences sorted by their information set's new position, then at random or as they were.
    within = rng.random(total) if shuffle_actions else np.arange(total, dtype=np.float64)
    by_position = np.lexsort((within, np.repeat(position, sizes)))
    moved = np.empty(total + 1, dtype=np.int32)
    moved[by_position] = np.arange(total, dtype=np.int32)
    moved[total] = total  # the empty sequence, which index -1 also reads
    treeplex = Treeplex(
        start=new_start,
        parent=moved[parent[order]],
        labels=tuple(f"player {player} information set {index}" for index in range(infosets)),
        actions=(np.arange(total) - np.repeat(new_start[:-1], sizes[order])).astype(np.int32),
    )
    return treeplex, moved[:total], position
