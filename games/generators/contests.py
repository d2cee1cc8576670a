"""Matrix games of strategy: battles over several fields, and targets that are guarded.

Their actions are allocations, so that the tables are large and structured.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from nashforge.games.errors import GameStringError
from nashforge.games.generators.draws import Draws
from nashforge.games.generators.matrices import MOST_ACTIONS, Array, MatrixGame, opposed
from nashforge.games.generators.specification import SEED, Generator, Parameter


def allocations(soldiers: int, fields: int) -> Iterator[tuple[int, ...]]:
    """Yield all ways to put soldiers into fields, in lexicographic order."""
    if fields == 1:
        yield (soldiers,)
        return
    for first in range(soldiers + 1):
        for rest in allocations(soldiers - first, fields - 1):
            yield first, *rest


def _weighted_blotto(given: Mapping[str, Any]) -> MatrixGame:
    fields, armies = given["fields"], (given["soldiers"], given["enemies"] or given["soldiers"])
    sizes = tuple(math.comb(army + fields - 1, fields - 1) for army in armies)
    _check_sizes("weighted_blotto", sizes, "soldiers, enemies and fields")
    ours, theirs = (list(allocations(army, fields)) for army in armies)

    def payoffs() -> Array:
        worth = Draws("weighted_blotto", given["seed"]).integers(1, given["most"], fields).astype(np.float64)
        total = np.zeros((len(ours), len(theirs)))
        for field, value in enumerate(worth):
            here, there = (np.array([plan[field] for plan in side]) for side in (ours, theirs))
            total = total + value * np.sign(here[:, None] - there[None, :])
        return opposed(total)

    def names() -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(" ".join(map(str, plan)) for plan in side) for side in (ours, theirs))

    return MatrixGame((len(ours), len(theirs)), payoffs, names)


weighted_blotto = Generator(
    name="weighted_blotto",
    title="Colonel Blotto with fields of different worth: who has more soldiers in a field wins its worth.",
    version=1,
    parameters={
        "soldiers": Parameter(8, "of player 1", 1, 100),
        "enemies": Parameter(0, "soldiers of player 2; 0: as many", 0, 100),
        "fields": Parameter(3, "number of fields", 2, 10),
        "most": Parameter(5, "worth of a field, at most; at least 1", 1, 1000),
        "seed": SEED,
    },
    make=_weighted_blotto,
    source="Borel (1921), translated in Econometrica 21 (1953); Roberson, Economic Theory 29 (2006)",
)


def _security(given: Mapping[str, Any]) -> MatrixGame:
    targets, guards, attacks = given["targets"], given["guards"], given["attacks"]
    for key in ("guards", "attacks"):
        if given[key] >= targets:
            raise GameStringError(
                f"{key}={given[key]} of security_game must be less than targets={targets}; lower it"
            )
    sizes = math.comb(targets, guards), math.comb(targets, attacks)
    _check_sizes("security_game", sizes, "targets, guards and attacks")
    covered, attacked = (list(combinations(range(targets), k)) for k in (guards, attacks))

    def payoffs() -> Array:
        draws = Draws("security_game", given["seed"])
        loss, caught = draws.integers(1, 10, targets), draws.integers(0, 10, targets)
        guarded, hit = (
            np.array([[t in chosen for t in range(targets)] for chosen in side])
            for side in (covered, attacked)
        )
        total = np.zeros(sizes)
        for target in range(targets):
            outcome = np.where(guarded[:, target], caught[target], -loss[target])
            total = total + np.where(hit[None, :, target], outcome[:, None], 0.0)
        return opposed(total)

    def names() -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(" ".join(map(str, chosen)) for chosen in side) for side in (covered, attacked))

    return MatrixGame(sizes, payoffs, names)


security_game = Generator(
    name="security_game",
    title="Targets of different worth that one player guards and the other attacks, zero-sum.",
    version=1,
    parameters={
        "targets": Parameter(8, "number of targets", 2, 30),
        "guards": Parameter(3, "targets that player 1 can guard", 1, 29),
        "attacks": Parameter(1, "targets that player 2 attacks", 1, 29),
        "seed": SEED,
    },
    make=_security,
    source="Kiekintveld et al., AAMAS 2009; here the defender loses what the attacker wins",
)


def _check_sizes(name: str, sizes: tuple[int, ...], what: str) -> None:
    if max(sizes) > MOST_ACTIONS:
        raise GameStringError(
            f"{name} would have {max(sizes):,} actions of a player, more than {MOST_ACTIONS:,}; lower {what}"
        )
