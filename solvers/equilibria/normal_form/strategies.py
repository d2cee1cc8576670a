"""The reduced strategic form of a small extensive game, and its mixed strategies as behaviour policies.

A reduced pure strategy says what its player does wherever its own earlier moves let it come to. A mixture of
them is worth the same, whatever others do, as the behaviour policy with the same realisation plan (Kuhn
1953), and equilibria of one form are those of the other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import UnsupportedGameError
from nashforge.games.sequence_form import SequenceForm, Treeplex

Array = npt.NDArray[np.float64]

MOST_PROFILES = 20_000
"""Profiles of reduced strategies of the largest game that is brought to strategic form."""
MOST_TERMS = 50_000_000
"""Of these times leaves: what is computed and held."""
DENOMINATOR = 10**6


def strategies(treeplex: Treeplex) -> int:
    """Return the number of reduced pure strategies of a player."""
    below = [1] * (treeplex.sequences + 1)
    for i in range(treeplex.infosets - 1, -1, -1):
        below[treeplex.parent[i]] *= sum(below[treeplex.start[i] : treeplex.start[i + 1]])
    return below[-1]


def pure_plans(treeplex: Treeplex) -> Array:
    """Return the realisation plans of all reduced pure strategies, shape (strategies, sequences + 1).

    The first information sets' actions change slowest; the last column is the empty sequence.
    """
    below: list[list[tuple[int, ...]]] = [[()] for _ in range(treeplex.sequences + 1)]
    for i in range(treeplex.infosets - 1, -1, -1):
        own = range(treeplex.start[i], treeplex.start[i + 1])
        here = [(sequence, *rest) for sequence in own for rest in below[sequence]]
        parent = treeplex.parent[i]
        below[parent] = [a + b for a, b in itertools.product(here, below[parent])]
    plans = np.zeros((len(below[-1]), treeplex.sequences + 1))
    plans[:, -1] = 1.0
    for row, sequences in enumerate(below[-1]):
        plans[row, list(sequences)] = 1.0
    return plans


def strategic_form(form: SequenceForm) -> tuple[list[Array], list[Array]]:
    """Return every player's `pure_plans`, and payoffs, shape (strategies of player 0, of player 1, ...).

    Raises
    ------
    nashforge.games.UnsupportedGameError
        If there are too many strategies.
    """
    counts = [strategies(treeplex) for treeplex in form.treeplexes]
    profiles = math.prod(counts)
    if profiles > MOST_PROFILES or profiles * form.leaves > MOST_TERMS:
        raise UnsupportedGameError(
            f"{form.name} is too large for its strategic form: its players have "
            f"{', '.join(map(shown, counts))} reduced strategies, and at most {MOST_PROFILES:,} "
            f"combinations of them ({MOST_TERMS:,} times leaves) are listed; try nashforge solve"
        )
    plans = [pure_plans(treeplex) for treeplex in form.treeplexes]
    reached = np.ones((1, form.leaves))
    for own, sequences in zip(plans, form.leaf_sequences, strict=True):
        reached = (reached[:, None] * own[None, :, sequences]).reshape(-1, form.leaves)
    return plans, [(reached @ payoffs).reshape(counts) for payoffs in form.leaf_payoffs]


def shown(count: int) -> str:
    """Return a number for an error, which may have thousands of digits."""
    return f"{count:,}" if count < 10**9 else "more than a billion"


def fractions(payoffs: Array) -> list[list[Fraction]]:
    """Return a matrix of payoffs without the rounding of its sums.

    Where every entry is within its rounding of a fraction with a denominator of at most `DENOMINATOR`, these
    fractions; else the floats as they are.
    """
    slack = 16 * float(np.finfo(np.float64).eps * max(np.abs(payoffs).max(), 1e-300))
    given = [[Fraction(float(entry)) for entry in row] for row in payoffs]
    simple = [[entry.limit_denominator(DENOMINATOR) for entry in row] for row in given]
    near = all(
        abs(a - b) <= slack for row, other in zip(given, simple, strict=True) for a, b in zip(row, other)
    )
    return simple if near else given


def behaviour(treeplex: Treeplex, plans: Array, mixed: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Return the behaviour policy of a mixed strategy in fractions; uniform where it never leads."""
    weights = [Fraction(0)] * (treeplex.sequences + 1)
    for plan, probability in zip(plans, mixed, strict=True):
        for sequence in np.flatnonzero(plan) if probability else ():
            weights[sequence] += probability
    policy: list[Fraction] = []
    for first, end in itertools.pairwise(treeplex.start):
        total = sum(weights[first:end], Fraction(0))
        policy += [w / total if total else Fraction(1, int(end - first)) for w in weights[first:end]]
    return tuple(policy)
