"""From rows of the archive to what agents are answered; names of held-out games are taken out on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from nashforge.archive import Archive, Candidate, Evaluation, NotFound, Run, RunState, Status
from nashforge.archive.agents import AgentRequest, RequestState
from nashforge.evolve.agents.answers.progress import Budget
from nashforge.evolve.agents.answers.verbs import (
    Failed,
    GameValue,
    Note,
    ProgramView,
    Rejected,
    Standing,
    UnderWay,
)
from nashforge.evolve.config.parts import ModelOptions
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.fitness import counted
from nashforge.evolve.evaluation.messages import Fitness
from nashforge.evolve.proposers.agents.payload import FAMILIES, GAMES
from nashforge.evolve.proposers.families import by_letter
from nashforge.evolve.proposers.held_out import Redaction, redaction_of
from nashforge.evolve.results.endings import stop_words
from nashforge.evolve.results.run_status import RunStatus, has_finished, run_status
from nashforge.evolve.search.measured.outcomes import FLOORS, REFERENCES, curves_of
from nashforge.evolve.search.population.noise import copies_of, is_told, margin, spread

REJECTED = 5
"""Rejected children of a parent that are told."""

NOTES = 20
"""Entries of the lab book that are told with a request."""


@dataclass(frozen=True)
class Desk:
    """A run as agents see it.

    Parameters
    ----------
    archive, run
        The run, as it was stored when this was made.
    """

    archive: Archive
    run: Run

    @cached_property
    def standing(self) -> RunStatus:
        """Its standing, as everybody is told it."""
        return run_status(self.archive, self.run)

    @cached_property
    def redaction(self) -> Redaction:
        """Takes the names of held-out games out of texts."""
        return redaction_of(self.archive, self.run)

    @cached_property
    def references(self) -> dict[str, float]:
        """Values of the reference program on the training games."""
        found = self.archive.runs.get_value(self.run, "references", {})
        return dict(found) if isinstance(found, dict) else {}

    @property
    def is_over(self) -> bool:
        """Whether the run has come to its own end, so that nothing more is wanted."""
        return has_finished(self.run)

    @property
    def is_lost(self) -> bool:
        """Whether the process that worked on the run has died."""
        return self.run.state is RunState.RUNNING and not self.standing.alive

    @property
    def ending(self) -> str:
        """Why the run ended, in words; empty if it has not."""
        return stop_words(self.redaction(self.run.stop_reason or ""))

    @cached_property
    def interruption(self) -> str | None:
        """Why nobody works on a run that is not over: it goes on when it is resumed. None: somebody does."""
        state, reason = self.run.state, self.redaction(self.run.stop_reason or "")
        if state is RunState.CREATED or self.is_over or self.standing.alive:
            return None
        if state is RunState.RUNNING:
            return "its process has died"
        if state is RunState.FAILED:
            return f"an error ended it: {reason}" if reason else "an error ended it"
        return {"stopped": "somebody has stopped it", "interrupted": "it was interrupted"}.get(reason, reason)

    @property
    def is_paused(self) -> bool:
        """Whether somebody has the run paused; its process waits."""
        return self.standing.alive and self.run.pause_requested is not None

    @property
    def resumed_by(self) -> str:
        """The command by which a run goes on."""
        return f"`nashforge resume {self.run.nickname}`"

    @cached_property
    def noise(self) -> float | None:
        """The difference in the mean of training and validation fitness that is within the noise."""
        deviation = spread(list(copies_of(self.archive, self.run).values()))
        # It is 0, but for rounding, where fitness is clipped on every disguise alike.
        return margin(deviation) if deviation is not None and is_told(deviation) else None

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The numbers of the training games by label, as tasks list them; none if no agents were asked."""
        found = self.archive.runs.get_value(self.run, GAMES, [])
        return {str(game): number for number, game in enumerate(found if isinstance(found, list) else [], 1)}

    def now(self) -> Desk:
        """Return the run as it is stored now."""
        return Desk(self.archive, self.archive.runs.get(self.run.id))

    def budget(self) -> Budget:
        """Return how much may still be evaluated."""
        made, limit = self.standing.result.evaluations, self.standing.limit
        requests = self.archive.requests.counts(self.run)
        return Budget(
            evaluated=made,
            limit=limit,
            left=0 if self.is_over else max(limit - made, 0),
            ended=self.is_over,
            waiting=requests.get(RequestState.WAITING, 0),
            claimed=requests.get(RequestState.CLAIMED, 0),
        )

    @property
    def measure_seconds(self) -> float:
        """The processor time that each request has for measuring variants."""
        plain, settings = ModelOptions(), self.standing.settings
        if not settings.get("experiments", plain.experiments):
            return 0.0
        return float(settings.get("experiment_seconds") or plain.experiment_seconds)

    def program(self, candidate: Candidate, *, source: bool = True) -> ProgramView:
        """Return a measured program."""
        assert candidate.program is not None
        stored = self.archive.programs.get(candidate.program)
        return ProgramView(
            index=candidate.index,
            program=stored.nickname,
            hash=stored.hash,
            source=stored.source if source else None,
            note=None if candidate.note is None else self.redaction(candidate.note),
            fitness=candidate.train,
            validation=candidate.validation,
            games=self.games(candidate),
            families=self.families(candidate),
        )

    def _measured(self, candidate: Candidate, split: str) -> Evaluation | None:
        """Return the measurement of a candidate on a split; None if it was not measured there."""
        rows = self.archive.evaluations.find(
            candidate=candidate, split=split, status=[Status.OK], imported=False, limit=1
        )
        return rows[-1] if rows else None

    def families(self, candidate: Candidate) -> dict[str, float]:
        """Return the fitness of a candidate on validation by family of games, called by letters."""
        found = self._measured(candidate, "validation")
        letter_of = self.archive.runs.get_value(self.run, FAMILIES, {})
        if found is None or not isinstance(letter_of, dict):
            return {}
        told = by_letter(
            letter_of,
            domain(self.run.domain).metric,
            _fitness(found),
            found.scores,
            found.settings.get(REFERENCES, {}),
            found.settings.get(FLOORS, {}),
        )
        return dict(told)

    def games(self, candidate: Candidate) -> dict[str, GameValue]:
        """Return what a candidate reached on the training games."""
        row = self._measured(candidate, "train")
        if row is None:
            return {}
        curves = curves_of(row.scores, domain(self.run.domain).metric)
        numbers = self.numbers or {game: number for number, game in enumerate(curves, 1)}
        fitness, floors = _fitness(row), row.settings.get(FLOORS, {})
        references = row.settings.get(REFERENCES) or self.references
        found = {}
        for game in sorted(curves, key=lambda game: numbers.get(game, len(numbers) + 1)):
            value = curves[game][-1][1]
            counts = counted(fitness, game, value, references, floors)
            found[game] = GameValue(
                value=value,
                reference=references.get(game),
                fitness=None if counts is None else counts[0],
                log_ratio=None if counts is None else counts[1],
                number=numbers.get(game),
            )
        return found

    def rejected(self, parent: int) -> tuple[list[Rejected], int]:
        """Return the last children of a candidate that were no gain, and how many older ones there are."""
        everything = {candidate.id: candidate for candidate in self.archive.candidates.of(self.run)}
        bar = everything[parent].train if parent in everything else None
        found = []
        for candidate in reversed(everything.values()):
            first = candidate.parents[0].candidate_id if candidate.parents else None
            if first != parent or not candidate.status.finished:
                continue
            if candidate.train is not None and (bar is None or candidate.train > bar):
                continue
            found.append(
                Rejected(
                    index=candidate.index,
                    program=candidate.nickname,
                    status=str(candidate.status),
                    fitness=candidate.train,
                    note=None if candidate.note is None else self.redaction(candidate.note),
                    reason=None if candidate.reason is None else self.redaction(candidate.reason),
                )
            )
        return found[:REJECTED], max(len(found) - REJECTED, 0)

    def under_way(self, mine: AgentRequest) -> list[UnderWay]:
        """Return what else was asked for and has no outcome yet."""
        candidates = self.archive.candidates.of(self.run)
        names = {candidate.id: candidate.nickname for candidate in candidates}
        open_ = {one.id: one for one in candidates if not one.status.finished and one.id != mine.candidate_id}
        authors = (
            {row.candidate_id: row.author for row in self.archive.requests.of(self.run)} if open_ else {}
        )
        return [
            UnderWay(
                index=one.index,
                kind=one.operator,
                parent=names.get(one.parents[0].candidate_id) if one.parents else None,
                author=authors.get(one.id),
                yours=authors.get(one.id) is not None and authors[one.id] == mine.author,
            )
            for one in open_.values()
        ]

    def failed(self, stored: dict[str, Any] | None) -> Failed | None:
        """Return the failure that a request is to mend."""
        if stored is None:
            return None
        return Failed(**{name: stored[name] for name in ("index", "source", "status", "reason")})

    def notes(self, limit: int | None = NOTES) -> list[Note]:
        """Return the newest entries of the lab book."""
        return [
            Note(author=note.author, text=self.redaction(note.text), created=moment(note.created))
            for note in self.archive.notes.of(self.run, limit=limit)
        ]

    def stand(self) -> Standing:
        """Return where the run stands."""
        result = self.standing.result
        reason = result.stop_reason or None
        return Standing.model_validate(
            {
                "run": self.run.nickname,
                "domain": self.run.domain,
                "state": self.standing.state,
                "stop_reason": None if reason is None else self.redaction(reason),
                "best": None if result.best is None else self.program(result.best),
                "seed": None
                if result.seed is None or result.seed.program is None
                else self.program(result.seed, source=False),
                "failures": dict(result.failures),
                "budget": self.budget(),
            }
        )


def _fitness(row: Evaluation) -> Fitness:
    """Return the fitness of a measurement, as its settings have it; rows of earlier versions have none."""
    stored = row.settings.get("fitness")
    return Fitness.model_validate(stored) if isinstance(stored, dict) else Fitness(kind="negative")


def open_desk(archive: Archive, reference: str) -> Desk:
    """Return the run of a name, or the beginning of one, or ``latest``.

    Raises
    ------
    nashforge.archive.NotFound, nashforge.archive.AmbiguousReference
        If no run, or several, fit.
    """
    if reference.strip().lower() == "latest":
        newest = archive.runs.newest(limit=1)
        if not newest:
            raise NotFound("there are no runs yet; start one with `nashforge run cfr --proposer agent`")
        return Desk(archive, newest[0])
    return Desk(archive, archive.runs.get(reference))


def moment(time: datetime) -> str:
    """Return a time as answers tell it."""
    return time.isoformat(timespec="seconds")
