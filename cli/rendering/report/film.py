"""The best policy of a social dilemma at play: an episode that was measured, played again as an animation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nashforge.archive import Program
    from nashforge.evolve.results.report import RunReport


@dataclass(frozen=True)
class Film:
    """An episode.

    Attributes
    ----------
    picture : str or None
        An animated GIF as a ``data:`` address; None if it could not be played, and ``reason`` says why.
    metrics : dict
        Social metrics of the episode.
    """

    setting: str
    seed: int
    picture: str | None
    metrics: Mapping[str, float | None]
    reason: str = ""


def film(report: RunReport, tier: str) -> Film | None:
    """Play the best policy in the sandbox; None where there is no social dilemma to be seen.

    Parameters
    ----------
    tier
        Weakest sandbox tier to accept.
    """
    from nashforge.evolve.domains.dilemmas.domain import DilemmaDomain, parse_trial
    from nashforge.games.errors import GameError

    if report.program is None or not isinstance(report.domain, DilemmaDomain):
        return None
    episodes = [row.game for compared in reversed(report.comparisons) for row in compared.rows]
    settings = report.status.settings
    try:
        if not episodes:
            stage = report.domain.stage(
                "test", str(settings["test"]), int(settings["horizon"]), report.fitness
            )
            episodes = [trial.game for trial in stage.trials]
        setting, seed = parse_trial(episodes[0])
    except GameError as error:
        return Film(str(settings["test"]), 0, None, {}, str(error))
    return _played(report.program, str(setting), seed, tier)


def _played(program: Program, game: str, seed: int, tier: str) -> Film:
    from nashforge.cli.rendering.report.pictures import data_uri
    from nashforge.evolve.domains.dilemmas.arena import HOSTS, play_confined
    from nashforge.evolve.sandbox import CandidateFailure, InfrastructureError, Sandbox
    from nashforge.games.dilemmas.settings import parse_setting
    from nashforge.solvers.policies.rendering import Recorder, save

    setting = parse_setting(game)
    recorder = Recorder(setting.horizon)
    try:
        with Sandbox(HOSTS, tier=tier) as sandbox:
            sources = [program.source] * setting.agents
            played = play_confined(sandbox, setting, sources, seed, on_step=recorder)
    except (CandidateFailure, InfrastructureError) as error:
        return Film(game, seed, None, {}, str(error))
    picture = data_uri(lambda path: save(recorder.frames, path), "episode.gif")
    return Film(game, seed, picture, played.episode.metrics)
