"""The stages of a run, with what their reference programs reached, and the rows that measurements become."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from nashforge.archive import Archive, Candidate, Evaluation, NewEvaluation, Program, Run, Status
from nashforge.archive.records import Score
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.fitness import LIBRARY, best_of, fitness_of
from nashforge.evolve.evaluation.labels import label
from nashforge.evolve.evaluation.messages import COPIES, Report, Split, Stage, StageReport
from nashforge.evolve.evaluation.standing import Standing
from nashforge.evolve.executors.dispatcher import Dispatcher, SearchError
from nashforge.evolve.executors.quick_first import quick_first
from nashforge.evolve.proposers.families import by_family
from nashforge.evolve.search.events import Counted
from nashforge.evolve.search.measured.outcomes import (
    copies_in,
    last_values,
    outcome_of,
    settings_of,
    stored,
    stored_outcome,
)
from nashforge.evolve.search.measured.progress import keep_progress
from nashforge.evolve.search.measured.standings import standing_of
from nashforge.evolve.search.references import (
    floors,
    keep_references,
    known_values,
    recalled_in,
    references_of,
)
from nashforge.evolve.search.scoreboard import Outcome

T = TypeVar("T")

GAMES = "games"
"""What a run remembers of its games: the identity of each, by split and label."""


class RunStages:
    """The stages that a run measures on each split.

    Parameters
    ----------
    archive, run, config, domain
        Of the run.
    dispatcher
        Where the reference programs are evaluated.

    Attributes
    ----------
    counted : Counted or None
        The measurements that are waited for, if any are.
    """

    def __init__(
        self, archive: Archive, run: Run, config: RunConfig, domain: Domain, dispatcher: Dispatcher
    ) -> None:
        self._archive, self._run, self._domain = archive, run, domain
        self._dispatcher = dispatcher
        self.counted: Counted | None = None
        self._stood: tuple[tuple[int, float | None, float | None] | None, Standing | None] = (None, None)
        self._fitness, self._horizon = config.evaluation.fitness, config.evaluation.horizon
        self._smoke = domain.smoke(config.evaluation.horizon)
        self._stages = config.stages(domain)
        self._check_games()

    def _check_games(self) -> None:
        """Refuse to go on with games that are not those that the run began with.

        Raises
        ------
        SearchError
            If one has changed: what was measured before could not be compared with what comes.
        """
        stages = (self._smoke, *self._stages.values())
        now = {
            f"{stage.split} {trial.label}": trial.identity
            for stage in stages
            for trial in stage.trials
            if trial.identity is not None
        }
        stored = self._archive.runs.get_value(self._run, GAMES, {})
        before = stored if isinstance(stored, dict) else {}
        for stage in self._stages.values():
            had, has = (
                {name for name in names if name.startswith(f"{stage.split} ")} for names in (before, now)
            )
            if had and had != has:
                other = sorted(had ^ has)[0].partition(" ")[2]
                raise SearchError(
                    f"the suite {stage.suite} has other games than when this run began ({other}); start a "
                    "new run, or bring back the file"
                )
        changed = [name for name in now if before.get(name, now[name]) != now[name]]
        if changed:
            raise SearchError(
                f"the game {changed[0].partition(' ')[2]} is not the one that this run began with: a file "
                "that it reads has changed, or OpenSpiel has; start a new run, or bring back the file"
            )
        if now.keys() - before.keys():
            self._archive.runs.set_value(self._run, GAMES, {**before, **now})

    def measure_reference(self, *splits: Split) -> None:
        """Measure the reference programs on some splits, unless the archive knows how they do there.

        Where the reference is the library, programs of it that fail are left out, as those do that are meant
        for other kinds of games.

        Raises
        ------
        SearchError
            If one of those that are named fails, one takes too long, or all fail.
        """
        names = references_of(self._archive, self._run, self._domain, self._fitness)
        if not names:
            return
        keep_references(self._archive, self._run, names)
        found = {
            split: known_values(self._archive, self._domain, self._stages[split], names) for split in splits
        }
        unfit = {split: self._unfit_references(self._stages[split], names) for split in splits}
        waiting: dict[str, tuple[Split, str]] = {
            self._dispatcher.send(self._domain.source(name), (self._stages[split],)): (split, name)
            for split in splits
            for name in names
            if name not in found[split] and name not in unfit[split]
        }
        already = len(splits) * len(names) - len(waiting)
        found_now = self._dispatcher.gather(waiting)
        for report in self._noted(found_now, already, len(waiting), "the references"):
            split, name = waiting[report.token]
            fails = report.status is not Status.OK
            if fails and (not self._of_library or report.status is Status.TIMEOUT):
                raise SearchError(f"the reference {name} failed ({report.status}): {report.reason}")
            [row] = self.rows(report, self._program(name).hash)
            self._archive.evaluations.add(row, run=self._run)
            if not fails:
                found[split][name] = last_values(report.stages[0].scores, self._domain.metric)
        for split in splits:
            if not found[split]:
                raise SearchError(
                    f"no program of the library can play all {split} games, so it is no reference"
                )
            self._refer(split, found[split])

    @property
    def _of_library(self) -> bool:
        """Whether the reference is the library, whatever programs that are."""
        return self._fitness.reference == LIBRARY and LIBRARY not in self._domain.baselines()

    def _unfit_references(self, stage: Stage, names: Iterable[str]) -> set[str]:
        """Return what is known to fail in a stage, and need not be measured to know the reference."""
        return set(self._failed(stage, names, timeouts=False)) if self._of_library else set()

    def measure_library(self, *, all_of_it: bool = False) -> list[str]:
        """Measure the library on the training games, as far as the archive does not know its values.

        Programs of it that fail there, as those do that are meant for other kinds of games, are left out, and
        not tried again when the run is resumed: those that are too slow take the longest to fail.

        Parameters
        ----------
        all_of_it
            Whether the slow ones are waited for, too, however long they take; else see `quick_first`. Those
            that took too long by its limit are tried again then, as it is lower than that of the stage.

        Returns
        -------
        list of str
            The programs that were not reached.
        """
        stage, names = self._stages["train"], self._domain.baselines()
        failed = self._failed(stage, names, timeouts=not all_of_it)
        known = {*known_values(self._archive, self._domain, stage, names), *failed}
        left = {name: self._program(name) for name in names if name not in known}
        programs = list(left.values())
        found: Iterator[tuple[Program, Report]]
        if all_of_it:
            waiting = {self._dispatcher.send(one.source, (stage,)): one for one in programs}
            found = ((waiting[report.token], report) for report in self._dispatcher.gather(waiting))
        else:
            found = quick_first(self._dispatcher, stage, programs)
        for program, report in self._noted(found, len(known), len(left), "the library's programs"):
            [row] = self.rows(report, program.hash)
            self._archive.evaluations.add(row, run=self._run)
            left = {name: one for name, one in left.items() if one.hash != program.hash}
        return list(left)

    def _program(self, name: str) -> Program:
        return self._archive.programs.add(self._domain.source(name), self._domain.name)

    def _failed(self, stage: Stage, names: Iterable[str], *, timeouts: bool) -> Iterator[str]:
        """Yield the library's programs that have failed in a stage within this run, or took too long."""
        failures = {*Status} - {Status.OK, *([] if timeouts else [Status.TIMEOUT])}
        for name in names:
            rows = self._archive.evaluations.find(run=self._run, program=self._program(name), imported=False)
            if any(
                row.suite_digest == stage.digest and row.split == stage.split and row.status in failures
                for row in rows
            ):
                yield name

    def _noted(self, reports: Iterator[T], already: int, left: int, what: str) -> Iterator[T]:
        """Yield reports as they come, to be stored at once: whoever goes on measures none of them again.

        How far that is, is noted on the way for whoever waits for the run; at the end, that it is over,
        whatever was not reached.
        """
        began, total = time.monotonic(), already + left

        def note(done: int) -> None:
            counted = Counted(what, already + done, total)
            self.counted = counted if counted.done < counted.of else None
            seconds = time.monotonic() - began
            keep_progress(self._archive, self._run, counted, measured=done, seconds=seconds)

        if left:
            note(0)
        for done, report in enumerate(reports, 1):
            yield report
            note(done)
        if left:
            note(left)

    def strongest(self, count: int) -> list[str]:
        """Return the library's programs of the highest training fitness, best first, of those measured."""
        stage, ranking = self._stages["train"], []
        for name in self._domain.baselines():
            known = recalled_in(self._archive, self._domain, stage, name)
            if known is not None:
                values = last_values(known.scores, self._domain.metric)
                ranking.append(
                    (fitness_of(stage.fitness, values, stage.references, known.scores, stage.floors), name)
                )
        ranking.sort(key=lambda item: -item[0])  # of equals, the one that the library names first
        return [name for _, name in ranking[:count]]

    def recall_references(self, *splits: Split) -> None:
        """Take what the archive knows of the reference programs, if it knows all; nothing is measured."""
        names = references_of(self._archive, self._run, self._domain, self._fitness)
        for split in splits:
            stage = self._stages[split]
            found = known_values(self._archive, self._domain, stage, names)
            if found and found.keys() | self._unfit_references(stage, names) == set(names):
                self._refer(split, found)

    def _refer(self, split: Split, found: Mapping[str, Mapping[str, float]]) -> None:
        """Take the values of the references on a split, by program and label."""
        stage = self._stages[split]
        more = {"references": best_of(found.values()), "floors": floors(self._domain, stage)}
        self._stages[split] = stage.model_copy(update=more)

    def stages(self, gate: float | None, bar: float | None) -> tuple[Stage, ...]:
        """Return what a candidate is evaluated on: smoke, train, validation, and further disguises of that.

        Parameters
        ----------
        gate, bar
            The fitness in training, and that in training and validation, from which on it goes on.
        """
        validation = self._stages["validation"].model_copy(update={"gate": gate})
        copies = self.copies
        if copies:  # whoever passes the first is measured on all
            copies[0] = copies[0].model_copy(update={"gate": bar})
        return (self._smoke, self._stages["train"], validation, *copies)

    @property
    def copies(self) -> list[Stage]:
        """Further disguises of the validation games."""
        return [self._stages[split] for split in COPIES if split in self._stages]

    @property
    def identities(self) -> frozenset[str]:
        """The identities of all games of the run."""
        trials = (trial for stage in self._stages.values() for trial in stage.trials)
        return frozenset(trial.identity for trial in trials if trial.identity is not None)

    def exchange(self, left: Iterable[str], joined: Sequence[str]) -> None:
        """Train on other games from now on, and measure the reference there.

        Parameters
        ----------
        left, joined
            The games that leave, and those that come.
        """
        stage, gone = self._stages["train"], set(left)
        # For as many iterations as the others are played.
        lengths = sorted({trial.iterations for trial in stage.trials} | {self._horizon})
        new = [
            self._domain.trial(game, steps, label(game, iterations=None if steps == self._horizon else steps))
            for steps in lengths
            for game in joined
        ]
        trials = (*(trial for trial in stage.trials if trial.game not in gone), *new)
        self._stages["train"] = stage.model_copy(update={"trials": trials, "references": {}})
        self.measure_reference("train")

    def measured(self, candidate: Candidate, scores: Iterable[Score]) -> Outcome:
        """Return the outcome of a candidate that has these scores on the training games."""
        return outcome_of(candidate, None, scores, self._domain.metric, self._fitness)

    def rows(self, report: Report, program: str) -> list[NewEvaluation]:
        """Return a report's stages as rows for the archive."""
        return [stored(report, stage, program, settings_of(self._plan(stage))) for stage in report.stages]

    def _plan(self, stage: StageReport) -> Stage:
        return self._smoke if stage.split == "smoke" else self._stages[stage.split]

    @property
    def train(self) -> Stage:
        """The training stage, with what the references reached."""
        return self._stages["train"]

    def standing(self, best: Candidate | None) -> Standing | None:
        """Return the standing of the best as `nashforge status` tells it.

        It is read when another is the best, or the best was measured on the games of a challenge.
        """
        key = None if best is None else (best.id, best.train, best.validation)
        if key != self._stood[0]:
            self._stood = key, standing_of(self._archive, best, self._domain.name)
        return self._stood[1]

    def outcome(self, candidate: Candidate, report: Report) -> Outcome:
        """Return what a report says of a candidate."""
        stage = report.stage("train")
        scores = () if stage is None else stage.scores
        fingerprint = report.stages[0].fingerprint
        outcome = outcome_of(candidate, fingerprint, scores, self._domain.metric, self._fitness)
        validation = report.stage("validation")
        taken = () if validation is None else validation.scores
        families = by_family(self._domain, self._stages["validation"], taken)
        return replace(outcome, families=families, copies=copies_in(report))

    def recalled(self, candidate: Candidate, evaluations: Iterable[Evaluation]) -> Outcome:
        """Return what the archive says of a candidate."""
        rows = tuple(evaluations)
        outcome = stored_outcome(candidate, rows, self._domain.metric, self._fitness)
        taken = [
            row.scores
            for row in rows
            if row.split == "validation" and (row.imported is None or candidate.imported is not None)
        ]
        stage = self._stages["validation"]
        return replace(outcome, families=by_family(self._domain, stage, taken[-1] if taken else ()))

    def test(self, programs: Iterable[tuple[Candidate, str]]) -> list[tuple[Candidate, StageReport]]:
        """Measure candidates, given with their sources, on the test suite; store rows and fitness."""
        self.measure_reference("test")
        waiting = {
            self._dispatcher.send(source, (self._stages["test"],)): candidate
            for candidate, source in programs
        }
        tested = []
        for report in self._noted(self._dispatcher.gather(waiting), 0, len(waiting), "the best"):
            candidate = waiting[report.token]
            assert candidate.program is not None
            [row] = self.rows(report, candidate.program)
            self._archive.evaluations.add(row, run=self._run, candidate=candidate)
            if report.status is Status.OK:
                candidate = self._archive.candidates.set_fitness(candidate, test=report.fitness("test"))
            tested.append((candidate, report.stages[0]))
        return tested
