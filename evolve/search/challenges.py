"""Challenges within a run: games that break its best program join the training games.

A challenge is held between two candidates whose places are fixed, when all outcomes before are told: so what
is known then, and which games come out, follows from the run's configuration alone. Its record is stored at
once; a resumed run reads it instead of searching again. Then everything that may still be chosen, or called
the best, is measured on the new games: fitness is compared with fitness on the same games.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from nashforge import games
from nashforge.archive import Archive, Candidate, Evaluation, Run, Status
from nashforge.archive.records import Score
from nashforge.evolve.challenge.judge import FLOOR, Judge, confined
from nashforge.evolve.challenge.records import ChallengeRecord, JoinedGame, challenge_record
from nashforge.evolve.challenge.search import Challenger
from nashforge.evolve.challenge.space import space
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Stage
from nashforge.evolve.executors.dispatcher import Dispatcher, SearchError
from nashforge.evolve.proposers.base import Individual
from nashforge.evolve.search.measured.outcomes import CHALLENGE, validated
from nashforge.evolve.search.program_store import ProgramStore
from nashforge.evolve.search.run_stages import RunStages
from nashforge.evolve.search.scoreboard import Outcome, Scoreboard
from nashforge.evolve.search.strategies import Strategy

SALT = 0x6368616C
"""Tells the random draws of challenges from those of proposals."""


class Abandoned(Exception):
    """The run stops while a challenge is held; it is held anew when the run is resumed."""


class Challenges:
    """Holds the challenges of a run.

    Parameters
    ----------
    archive, run, config, domain
        Of the run.
    dispatcher
        Where programs are evaluated.
    stages
        Whose training games change.
    store
        The programs of the run.
    """

    def __init__(
        self,
        archive: Archive,
        run: Run,
        config: RunConfig,
        domain: Domain,
        dispatcher: Dispatcher,
        stages: RunStages,
        store: ProgramStore,
    ) -> None:
        self._archive, self._run, self._config = archive, run, config
        self._domain, self._dispatcher, self._stages, self._store = domain, dispatcher, stages, store
        self._options = config.challenger
        self._held = 0

    def due(self, asked: int) -> bool:
        """Whether a challenge is to be held before the candidate at this place is asked for."""
        return self._options.enabled and asked // self._options.every > self._held

    @property
    def stored(self) -> ChallengeRecord | None:
        """The next challenge, if it was held before this process began."""
        return challenge_record(self._archive, self._run, self._held + 1)

    def hold(
        self,
        candidates: Sequence[Candidate],
        board: Scoreboard,
        strategy: Strategy,
        tick: Callable[[], None],
    ) -> ChallengeRecord:
        """Hold the challenge that is due, or take in the one that was held before.

        Parameters
        ----------
        candidates
            Those that were asked for, in order.
        board, strategy
            What is known, and who chooses parents: both know the new fitness afterwards.
        tick
            Called after every measurement; may raise.

        Raises
        ------
        SearchError
            If a game that was found is not the same any more.
        """
        record = self.stored
        if record is None:
            assert board.best is not None
            record = self._made(len(candidates), board.best, strategy.members(), tick)
            self._archive.runs.set_value(self._run, record.key, record.model_dump(mode="json"))
        for one in record.joined:
            if games.identity(one.game).digest != one.identity:
                raise SearchError(
                    f"the game {one.game} is not the one that joined this run: OpenSpiel has changed; start "
                    "a new run, or install the version of before"
                )
        self._held += 1
        if record.joined:
            self._stages.exchange(record.left, [one.game for one in record.joined])
            self._renew(candidates, board, strategy)
        return record

    def _made(
        self, asked: int, best: Candidate, elites: Sequence[Individual], tick: Callable[[], None]
    ) -> ChallengeRecord:
        assert best.program is not None
        number, program = self._held + 1, self._store[best.program]
        seed = (self._config.seed, SALT, number)
        play = confined(self._domain, program.source, self._dispatcher)
        judge = Judge(self._domain, play, self._config.evaluation.horizon, tick=tick)
        challenger = Challenger(space(), judge, seed, known=self._stages.identities)
        found = challenger.search(self._options.games)
        joined = tuple(
            JoinedGame(
                game=one.game,
                family=one.family,
                score=round(one.verdict.score, 4),
                rival=one.verdict.rival,
                identity=games.identity(one.game).digest,
            )
            for one in found.found[: self._options.join]
        )
        return ChallengeRecord(
            number=number,
            index=asked,
            program=program.hash,
            nickname=program.nickname,
            seed=seed,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            tried=found.tried,
            refused=dict(found.refused),
            seconds=round(found.seconds, 3),
            joined=joined,
            left=self._saturated(elites)[: len(joined)],
        )

    def _saturated(self, elites: Sequence[Individual]) -> tuple[str, ...]:
        """Return the training games in which all kept programs are at the floor, in the order of trials."""
        by_game: dict[str, bool] = {}
        for trial in self._stages.train.trials:
            floor = FLOOR * games.compile(trial.game).payoff_range
            solved = all(one.scores.get(trial.label, floor + 1) <= floor for one in elites)
            by_game[trial.game] = by_game.get(trial.game, True) and solved
        return tuple(game for game, solved in by_game.items() if solved)

    def _renew(self, candidates: Sequence[Candidate], board: Scoreboard, strategy: Strategy) -> None:
        """Measure on the new games what may be chosen or called the best, as often as its rank asks for."""
        some = board.standing(strategy.members())
        by_id = {one.candidate_id: candidates[one.index] for one in some}
        outcomes = {one.candidate.id: one for one in self._remeasured(some, by_id)}
        measured = board.renew(outcomes.values())
        while self._stages.copies and board.best is not None and not board.is_confirmed(board.best):
            best = board.best.id
            outcomes[best] = self._confirmed(measured[best], outcomes[best])
            measured = board.renew(outcomes.values())
        strategy.renew(measured)

    def _remeasured(self, some: Sequence[Individual], candidates: Mapping[int, Candidate]) -> list[Outcome]:
        """Return what programs reach on the new training games; their fitness is stored.

        A program that fails there keeps its place in the archive, one order of magnitude behind the worst of
        the others, so that it is not chosen any more.
        """
        pairs = [(one, candidates[one.candidate_id]) for one in some]
        found = self._rows(pairs, (self._stages.train,))
        reached: dict[int, tuple[float, Sequence[Score]] | None] = {}
        for key, rows in found.items():
            good = [(row.fitness, row.scores) for row in rows if row.status is Status.OK]
            reached[key] = next(((value, scores) for value, scores in good if value is not None), None)
        worst = min((found[0] for found in reached.values() if found is not None), default=0.0) - 1.0
        outcomes = []
        with self._archive.database.transaction():
            for one in some:
                fitness, scores = reached[one.candidate_id] or (worst, ())
                candidate = self._archive.candidates.set_fitness(candidates[one.candidate_id], train=fitness)
                candidate = replace(candidate, validation=one.validation)
                outcomes.append(self._stages.measured(candidate, scores))
        return outcomes

    def _confirmed(self, one: Individual, outcome: Outcome) -> Outcome:
        """Return an outcome with what the program reaches on further disguises of the validation games."""
        [rows] = self._rows([(one, outcome.candidate)], self._stages.copies).values()
        fitness = [row.fitness for row in rows if row.status is Status.OK and row.fitness is not None]
        if len(fitness) < len(self._stages.copies):  # it fails there: no program that may be the best
            fitness = [min(outcome.candidate.train or 0.0, outcome.candidate.validation or 0.0) - 1.0]
        mean = validated(None, fitness)
        candidate = self._archive.candidates.set_fitness(outcome.candidate, validation=mean)
        return replace(outcome, candidate=candidate, copies=tuple(fitness))

    def _rows(
        self, programs: Sequence[tuple[Individual, Candidate]], stages: Sequence[Stage]
    ) -> dict[int, list[Evaluation]]:
        """Return measurements on some stages by candidate, made now where the archive has none."""
        digests = {stage.digest for stage in stages}

        def known(candidate: Candidate) -> list[Evaluation]:
            rows = self._archive.evaluations.find(candidate=candidate, imported=False)
            return [row for row in rows if row.suite_digest in digests]

        found = {candidate.id: known(candidate) for _, candidate in programs}
        waiting = {
            self._dispatcher.send(one.source, tuple(stages)): (one, candidate)
            for one, candidate in programs
            if not found[candidate.id]
        }
        for report in self._dispatcher.gather(waiting):
            one, candidate = waiting[report.token]
            with self._archive.database.transaction():
                for row in self._stages.rows(report, one.hash):
                    marked = replace(row, settings={**row.settings, CHALLENGE: self._held})
                    self._archive.evaluations.add(marked, run=self._run, candidate=candidate)
            found[candidate.id] = known(candidate)
        return found
