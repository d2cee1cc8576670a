"""Solve a game with PSRO in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from nashforge import games
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.cfr.solve import Solution
from nashforge.solvers.programs.session import InlineSession
from nashforge.solvers.programs.stopping import Stop
from nashforge.solvers.psro.engine import PSROCheckpoint, run, session_arguments
from nashforge.solvers.psro.interface import MetaSolver
from nashforge.solvers.psro.meta_solvers import load_solver


def solve_psro(
    game: Any,
    solver: str | Path | type[MetaSolver] = "projection_matching",
    iterations: int = 100,
    checkpoints: Iterable[int] | None = None,
    on_checkpoint: Callable[[PSROCheckpoint], None] | None = None,
    *,
    target: float | None = None,
    seconds: float | None = None,
) -> Solution:
    """Solve a game by policy-space response oracles with exact best responses, in this process.

    Parameters
    ----------
    game
        OpenSpiel game string, ``pyspiel.Game`` or compiled ``SequenceForm``.
    solver
        Name of a meta-solver of the library (see `solver_names`), path of a Python file with one, or the
        class. It is trusted: to run code of unknown origin, use the sandbox.
    iterations
        Iterations; each adds a policy a player.
    checkpoints
        Iterations after which to measure exploitability; default 1, 2, 5, 10, ..., ``iterations``.
    on_checkpoint
        Called with every checkpoint.
    target
        Stop when exploitability is at most so much; it is measured more often then.
    seconds
        Stop after so many seconds of iterations.

    Returns
    -------
    Solution
        The evaluated mixture as behaviour policies, and the curve.

    Raises
    ------
    nashforge.games.GameError
        If the game cannot be compiled.
    NotInLibraryError
        If there is no such meta-solver.
    StrategyError
        If the meta-solver returns something that is not a mixture.

    Examples
    --------
    >>> from nashforge.solvers.psro.solve import solve_psro
    >>> solve_psro("kuhn_poker", "nash", iterations=10).exploitability < 1e-8
    True
    """
    form = game if isinstance(game, SequenceForm) else games.compile(game)
    name, namespace = load_solver(solver)
    session = InlineSession(namespace, **session_arguments(form, iterations))
    stop = Stop(target, seconds)
    trajectory = run(form, session, iterations, checkpoints, on_checkpoint, stop=stop)
    return Solution(form, name, trajectory.average, trajectory.checkpoints, stop.reason)
