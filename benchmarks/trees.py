"""Random extensive games of two players in Gambit's format, with penalties at any scale."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from nashforge.games.files.extensive import ExtensiveFile, Node
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.sequence_form.profile import Profile

History: TypeAlias = tuple[tuple[int, int], ...]
Sequence: TypeAlias = tuple[str, int] | None
"""An information set and an action there; None is the empty sequence."""


def random_tree(
    rng: np.random.Generator, *, depth: int, penalty: Fraction, unit: Fraction = Fraction(1)
) -> str:
    """Return the text of a zero-sum game of two players with perfect recall.

    Parameters
    ----------
    depth
        Moves to the end, at most.
    penalty
        What an eighth of the ends cost the first player, or the second where it is negative.
    unit
        What the other payoffs, from -1 to 2, are multiplied by.
    """
    lines, counts = ['EFG 2 R "random" { "A" "B" }', '""'], {"chance": 0, "end": 0}
    infosets: dict[tuple[int, History, int], tuple[int, int]] = {}

    def add(left: int, seen: tuple[History, History]) -> None:
        if left == 0 or (left < 3 and rng.random() < 0.15):
            counts["end"] += 1
            payoff = -penalty if rng.random() < 0.125 else unit * int(rng.integers(-1, 3))
            lines.append(f't "" {counts["end"]} "" {{ {payoff} {-payoff} }}')
            return
        if rng.random() < 0.25:
            counts["chance"] += 1
            size = int(rng.integers(2, 4))
            listed = " ".join(f'"c{k}" 1/{size}' for k in range(size))
            lines.append(f'c "" {counts["chance"]} "" {{ {listed} }} 0')
            for _ in range(size):
                add(left - 1, seen)
            return
        player = int(rng.integers(2))
        # What a player knows is what it did, and a bit of what else happened.
        key = (player, seen[player], int(rng.integers(2)))
        number, size = infosets.setdefault(
            key, (1 + sum(known[0] == player for known in infosets), int(rng.integers(2, 4)))
        )
        listed = " ".join(f'"a{k}"' for k in range(size))
        lines.append(f'p "" {player + 1} {number} "" {{ {listed} }} 0')
        for action in range(size):
            after = (*seen[player], (number, action))
            add(left - 1, (after, seen[1]) if player == 0 else (seen[0], after))

    add(depth, ((), ()))
    return "\n".join(lines) + "\n"


def exact_guarantees(game: ExtensiveFile, form: SequenceForm, profile: Profile) -> list[Fraction]:
    """Return what each player's policy guarantees in a zero-sum game, from the tree in fractions.

    The second's guarantee is what the first's best response leaves, and the other way round. It shares
    nothing with the kernels: what two policies guarantee proves the value of the game to lie between.
    """
    policies = [
        {
            label: [Fraction(float(p)) for p in policy[first:end]]
            for label, first, end in zip(treeplex.labels, treeplex.start, treeplex.start[1:], strict=False)
        }
        for treeplex, policy in zip(form.treeplexes, profile, strict=True)
    ]
    return [-_best_response(game, policies[player], 1 - player) for player in range(2)]


def _best_response(game: ExtensiveFile, other: dict[str, list[Fraction]], player: int) -> Fraction:
    ends: defaultdict[Sequence, Fraction] = defaultdict(Fraction)
    sets: dict[str, tuple[Sequence, int]] = {}
    stack: list[tuple[Node, Sequence, Fraction]] = [(game.root, None, Fraction(1))]
    while stack:
        node, last, reach = stack.pop()
        if node.player == player:
            sets.setdefault(node.infoset, (last, len(node.actions)))
            stack += [(child, (node.infoset, k), reach) for k, child in enumerate(node.children)]
        elif node.children:
            weights = node.probabilities or other[node.infoset]
            total = sum(weights)  # of floats: not quite one
            stack += [(c, last, reach * w / total) for c, w in zip(node.children, weights, strict=True) if w]
        else:
            ends[last] += reach * node.payoffs[player]

    def worth(last: Sequence) -> Fraction:
        below = [(name, size) for name, (parent, size) in sets.items() if parent == last]
        return ends[last] + sum(max(worth((name, k)) for k in range(size)) for name, size in below)

    return worth(None)
