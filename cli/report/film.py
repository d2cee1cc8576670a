"""The best program at play: an episode that was measured, played again to be seen step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nashforge.evolve.results.report import RunReport


PICTURES = 250
"""Pictures of an episode in a report, at most: half a megabyte."""


@dataclass(frozen=True)
class Film:
    """An episode.

    Attributes
    ----------
    episode : dict or None
        Pictures and facts of its steps; None if it could not be played, and ``reason`` says why.
    metrics : dict
        Social metrics of the episode.
    """

    setting: str
    seed: int
    episode: Mapping[str, Any] | None
    metrics: Mapping[str, float | None]
    reason: str = ""


def film(report: RunReport, tier: str) -> Film | None:
    """Play the best program in the sandbox; None where the domain has no episodes to look at.

    Parameters
    ----------
    tier
        Weakest sandbox tier to accept.
    """
    from nashforge.cli.rendering.episodes import EpisodeFilm
    from nashforge.evolve.sandbox import CandidateFailure, InfrastructureError, Sandbox
    from nashforge.games.errors import GameError

    domain, program = report.domain, report.program
    shows = None if domain is None else domain.watch
    if domain is None or program is None or shows is None:
        return None
    episodes = [row.game for compared in reversed(report.comparisons) for row in compared.rows]
    settings = report.status.settings
    game, seed = str(settings["test"]), 0
    try:
        if not episodes:
            stage = domain.stage("test", game, int(settings["horizon"]), report.fitness)
            episodes = [trial.game for trial in stage.trials]
        game, seed = shows.episode(episodes[0])
        recorder = EpisodeFilm(shows, game, PICTURES)
        with Sandbox(domain.host_modules, tier=tier) as sandbox:
            played = shows.play(sandbox, game, [program.source], seed, recorder)
    except (GameError, CandidateFailure, InfrastructureError) as error:
        return Film(game, seed, None, {}, str(error))
    return Film(game, seed, recorder.told(game, seed, played), played.metrics)
