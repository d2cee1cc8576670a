"""The page of an episode: a program of a social dilemma at play, step by step."""

from __future__ import annotations

from typing import Any

from nashforge.archive import Archive, NotFound, Program
from nashforge.cli.dashboard.views.base import Asked, View
from nashforge.evolve.domains import UnknownDomainError, domain
from nashforge.evolve.domains.base import Domain
from nashforge.games.errors import GameError


def episode(asked: Asked) -> View:
    """Return the page of an episode: ``seed`` says which one is played, of those of training."""
    program = asked.archive.programs.get(asked.path["program"])
    work = watched_domain(program)
    if work is None:
        raise NotFound(
            f"{program.nickname} is a program of {program.domain}, which has no episodes to look at"
        )
    games = {seed: game for game, seed in episodes_of(asked.archive, work, program)}
    data: dict[str, Any] = {"program": program, "seeds": list(games), "seed": None, "job": None}
    data["game"] = next(iter(games.values()))
    if asked.get("seed"):
        seed, attempt = asked.number("seed", -1), asked.number("attempt", 1, 20) or 1
        if seed not in games:
            known = ", ".join(map(str, games))
            raise NotFound(f"the seed {asked.get('seed')[:12]!r} is none of training; choose one of {known}")
        assert asked.episodes is not None
        job, film = asked.episodes.of(program, games[seed], seed, attempt)
        data |= {"game": games[seed], "seed": seed, "job": job, "film": film, "attempt": attempt}
    return View("episode.html.jinja", f"{program.nickname} at play", data, place="programs")


def watched_domain(program: Program) -> Domain | None:
    """Return the domain of a program, if it has episodes to look at here."""
    try:
        work = domain(program.domain)
    except UnknownDomainError:
        return None
    return None if work.watch is None else work


def episodes_of(archive: Archive, work: Domain, program: Program) -> list[tuple[str, int]]:
    """Return game and seed of the training episodes of the run that proposed a program, or of the domain."""
    suite, horizon = work.suites["train"], work.horizon
    proposed = archive.candidates.of_program(program)
    settings = archive.runs.get(proposed[0].run_id).config if proposed else {}
    for name, steps in ((settings.get("train"), settings.get("horizon")), (suite, horizon)):
        try:
            stage = work.stage("train", str(name or suite), int(steps or horizon), work.fitness)
            return [work.watch.episode(trial.game) for trial in stage.trials] if work.watch else []
        except GameError:  # a file that is on another machine
            continue
    raise NotFound(f"the training games of {work.name} cannot be played here; see `nashforge doctor`")
