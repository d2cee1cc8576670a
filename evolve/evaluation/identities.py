"""Identities of games: a worker measures nothing but what the task was sent for."""

from __future__ import annotations

from collections.abc import Callable

from nashforge import games
from nashforge.evolve.evaluation.messages import Task
from nashforge.evolve.sandbox import InfrastructureError


def check_identities(task: Task, identified: Callable[[str], tuple[str, str]]) -> None:
    """Refuse to measure games that are not on this machine what they are where the task comes from.

    Parameters
    ----------
    identified
        Returns how to call a game from any folder, and the digest of its identity.

    Raises
    ------
    InfrastructureError
        If a game cannot be loaded here, or is another.
    """
    for trial in (trial for stage in task.stages for trial in stage.trials):
        if trial.identity is None:
            continue
        try:
            _, identity = identified(trial.game)
        except games.GameError as error:
            raise InfrastructureError(f"this worker cannot load {trial.label}: {error}") from error
        if identity != trial.identity:
            raise InfrastructureError(
                f"{trial.game} is another game on this worker than where the task was sent: a file that "
                "it reads has other content, or OpenSpiel another version; copy the file, or install the "
                "same version"
            )
