"""Whether the unit of payoffs matters to a meta-solver: what it declares, and what is found by playing."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from nashforge import games
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.programs.kind import Serve
from nashforge.solvers.psro.engine import PSRO, Engine
from nashforge.solvers.psro.interface import Array

FACTORS = (0.01, 100.0)
STEPS, TOLERANCE = 5, 1e-9


def scale_free(serve: Serve, *, two_players: bool = False) -> bool:
    """Find by playing whether a meta-solver mixes the same when all payoffs are multiplied by 0.01 and 100.

    Parameters
    ----------
    serve
        Serves the meta-solver, see `nashforge.solvers.programs.kind.ProgramKind`.
    two_players
        Whether it plays games of two players only.
    """
    return all(
        np.abs(mine - other).max() <= TOLERANCE
        for form in _small_games()[: 1 if two_players else None]
        for plain in [_mixed(serve, form)]
        for factor in FACTORS
        for mine, other in zip(plain, _mixed(serve, form.scaled(factor)), strict=True)
    )


@lru_cache(maxsize=1)
def _small_games() -> tuple[SequenceForm, ...]:
    return tuple(
        games.disguise(games.compile(name), 7, permute=False, dummies=0.0, perturbation=0.1).form
        for name in ("kuhn_poker", "kuhn_poker(players=3)")
    )


def _mixed(serve: Serve, form: SequenceForm) -> list[Array]:
    """Return the strategies that are judged, after each of some iterations."""
    with serve(PSRO.arguments(form, STEPS)) as sessions:
        engine = Engine(form, sessions, STEPS)
        found: list[Array] = []
        for _ in range(STEPS):
            engine.step()
            engine.measure()
            found.append(engine.evaluated.copy())
        return found
