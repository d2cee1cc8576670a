"""The loop of CSRO: mix the population, search for a best response in code, measure it, add it.

Every member is a candidate of the CSRO run, with its matches against the members before it (split ``train``)
and against outsiders (``test``) as evaluations; every best response is found by a search that is a run of its
own. So lineage, programs and matches are where those of all runs are, and a run that was killed resumes from
the archive alone. What a search is to do follows from the seed and from the matches, which repeat exactly.

Source: CSRO, code-space response oracles (2026), arXiv 2603.10098; PSRO: Lanctot et al. (2017), arXiv
1711.00832.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from nashforge.archive import Archive, Candidate, NotFound, Parent, Program, Role, Run, RunState, Status
from nashforge.evolve.config.run import RunConfig, given
from nashforge.evolve.config.versions import package_versions
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Opponent, Split, Stage
from nashforge.evolve.executors.base import Executor
from nashforge.evolve.executors.dispatcher import Dispatcher, SearchError
from nashforge.evolve.results.csro import ITERATION, MIXTURE, answered, population_of
from nashforge.evolve.runs.csro.options import SEARCHES, duels_of, options_of, search_of, searches_of
from nashforge.evolve.runs.csro.watching import Watched
from nashforge.evolve.runs.executors import make_executor
from nashforge.evolve.runs.run import Parts, prepared, resume_run
from nashforge.evolve.search.events import Listener, Silent
from nashforge.evolve.search.measured.outcomes import settings_of, stored
from nashforge.evolve.search.ownership import Ownership
from nashforge.evolve.search.population.ranking import ranked
from nashforge.evolve.search.population.starts import source_of
from nashforge.evolve.service.settings import ServiceSettings
from nashforge.solvers.psro.simulated import mixture

LEAST_WEIGHT = 1e-3
"""Members of less weight are not played against: a match with each would cost as much as with the others."""

MOST_STARTS = 3
"""Members that a search starts from: the heaviest, which are often the hardest to beat."""


class _Stopped(Exception):
    """Somebody asked the run to stop."""


class CSRO:
    """A population at work.

    Parameters
    ----------
    archive, run
        Made by `nashforge.evolve.runs.csro.options.start_csro`.
    changes
        Settings of the searches that are said again, as for `nashforge.evolve.runs.run.resume_run`.
    watch
        Returns who watches a search.
    executor
        Where programs are evaluated; None: as the configuration says.
    service
        Where the broker is, if one is needed.
    note
        Told what happens between the searches.

    Raises
    ------
    ConfigError
        If the run is none of CSRO, or the changes do not say again what only a person may say.
    """

    def __init__(
        self,
        archive: Archive,
        run: Run,
        *,
        changes: Mapping[str, Any] | None = None,
        watch: Callable[[Run], Listener] = lambda run: Silent(),
        executor: Executor | None = None,
        service: ServiceSettings | None = None,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._archive, self._run = archive, run
        self._options, self._changes = options_of(run), given(changes)
        self._config = searches_of(archive, run, self._changes)
        self._watch, self._executor, self._service, self._note = watch, executor, service, note
        self._domain = domain(run.domain)
        self._duels = duels_of(self._domain)
        self._ownership = Ownership(archive, run)

    def execute(self) -> str:
        """Work until all iterations are done, or the run is stopped; return why it ended.

        Raises
        ------
        nashforge.archive.RunBusy
            If another process works on the run.
        nashforge.evolve.executors.dispatcher.SearchError
            If a program that the population begins with fails.
        """
        with self._archive.database.transaction():
            self._ownership.claim()
            again = 0 if self._run.imported is None else self._archive.candidates.forget_imported(self._run)
        if again:
            self._note(f"{self._run.nickname} was imported: its {again} members are measured here first")
        reason, state = "done", RunState.FINISHED
        with self._ownership.released():
            own = self._executor is None
            executor = self._executor or make_executor(
                self._archive, self._run, self._config, self._service, self._note
            )
            try:
                self._work(executor)
            except _Stopped:
                reason, state = "stopped", RunState.STOPPED
            finally:
                if own:
                    executor.close()
            self._ownership.show_life()
            self._ownership.release(state, reason)
        return reason

    def _work(self, executor: Executor) -> None:
        tier = self._config.sandbox.tier
        self._dispatcher = Dispatcher(executor, self._domain.name, tier, self._tick, self._note)
        self._begin()
        done = self._archive.runs.get_value(self._run, "done", 0)
        for iteration in range((done if isinstance(done, int) else 0) + 1, self._options.iterations + 1):
            self._tick()
            self._iterate(iteration, executor)
            self._archive.runs.set_value(self._run, "done", iteration)

    def _tick(self) -> None:
        self._ownership.show_life_if_due()
        self._ownership.wait_while_paused(lambda: None)
        if self._archive.runs.stop_requested(self._run):
            raise _Stopped

    def _begin(self) -> None:
        """Measure the population to begin with, and a member that was found and not measured yet."""
        known = self._archive.candidates.of(self._run)
        for index, name in enumerate(self._config.start):
            if index >= len(known):
                source, _ = source_of(self._archive, self._domain, name)
                program = self._archive.programs.add(source, self._domain.name)
                self._archive.candidates.add(
                    self._run, program=program, operator="seed", proposer="library", data={ITERATION: 0}
                )
        for candidate in self._archive.candidates.of(self._run):
            if not candidate.status.finished:
                self._measure(candidate)

    def _iterate(self, iteration: int, executor: Executor) -> None:
        """Search for a best response to the mixture, and add it if it is new."""
        population = population_of(self._archive, self._run, self._duels)
        sizes = population.sizes()
        # Where an iteration found nothing new, the population of the next one is of the same size.
        sizes += [len(population.members)] * (iteration - len(sizes))
        weights = mixture(self._options.meta_solver, population.payoffs, sizes[:iteration])
        if any(member.data.get(ITERATION) == iteration for member in population.members):
            return
        order = [int(i) for i in np.argsort(-weights, kind="stable") if weights[i] >= LEAST_WEIGHT]
        members = [population.members[i] for i in order]
        opponents = [
            self._opponent(member, float(weights[i])) for member, i in zip(members, order, strict=True)
        ]
        search = self._search(iteration, opponents, [member.program or "" for member in members])
        # Told to the searches: what they are to stop for is asked of this run.
        listener = Watched(self._watch(search), self._archive, self._run, search, self._ownership)
        result = resume_run(
            self._archive,
            search,
            changes=self._changes,
            listener=listener,
            executor=executor,
            service=self._service,
        )
        if result.interrupted:
            raise KeyboardInterrupt
        if result.stop_reason == "stopped":
            raise _Stopped
        found = self._found(search, population.hashes)
        if found is None:
            self._note(f"iteration {iteration}: {search.nickname} found no program that is new and works")
            return
        self._join(iteration, found, members, dict(zip(population.hashes, weights.tolist(), strict=True)))

    def _join(
        self, iteration: int, found: Candidate, answered: Sequence[Candidate], weights: Mapping[str, float]
    ) -> None:
        """Add what a search found to the population, and measure it."""
        parents = [
            Parent(member.id, Role.PARENT if k == 0 else Role.INSPIRATION)
            for k, member in enumerate(answered)
        ]
        candidate = self._archive.candidates.add(
            self._run,
            program=self._program(found),
            operator="oracle",
            proposer=found.proposer,
            parents=parents,
            note=f"the best response that {found.run} found: {found.note or found.operator}",
            data={ITERATION: iteration, MIXTURE: dict(weights), "run": found.run},
        )
        self._measure(candidate)

    def _found(self, search: Run, members: Sequence[str]) -> Candidate | None:
        """Return the best program of a search that is no member."""
        return next((c for c in ranked(self._archive, search) if c.program not in members), None)

    def _program(self, candidate: Candidate) -> Program:
        return self._archive.programs.get(candidate.program or "")

    def _opponent(self, member: Candidate, weight: float) -> Opponent:
        program = self._program(member)
        return Opponent(name=program.nickname, weight=weight, source=program.source)

    def _search(self, iteration: int, opponents: Sequence[Opponent], starts: Sequence[str]) -> Run:
        """Return the search of an iteration; it is stored together with the iteration's number."""
        archive, run = self._archive, self._run
        begun = archive.runs.get_value(run, SEARCHES, {})
        if str(iteration) in begun:
            with suppress(NotFound):  # of an imported population the searches may not be here
                return archive.runs.get(begun[str(iteration)])
        config = prepared(
            archive, self._configured(iteration, opponents, starts), Parts(service=self._service)
        )
        with archive.database.transaction():
            search = archive.runs.create(
                config.domain,
                config.settings(),
                seed=config.seed,
                nickname=f"{run.nickname}-{iteration}",
                versions=package_versions(),
                host={"machine": platform.machine(), "system": platform.platform()},
            )
            archive.runs.set_value(run, SEARCHES, {**begun, str(iteration): search.uid})
        return search

    def _configured(self, iteration: int, opponents: Sequence[Opponent], starts: Sequence[str]) -> RunConfig:
        """Return what the search of an iteration does."""
        seed = int(np.random.default_rng([self._config.seed, iteration]).integers(2**31))
        changes: dict[str, Any] = {
            "seed": seed,
            "against": [each.model_dump() for each in opponents],
            "start": list(starts[:MOST_STARTS]),
        }
        if self._options.replay is not None:
            changes["replay"] = search_of(self._archive, self._options.replay, iteration).uid
        return self._config.changed(**changes)

    def _measure(self, candidate: Candidate) -> None:
        """Play a member against those before it and against outsiders; store what came of it.

        Raises
        ------
        SearchError
            If it fails, and the population begins with it.
        """
        program = self._program(candidate)
        before = [
            member
            for member in self._archive.candidates.of(self._run)
            if member.index < candidate.index and member.status is Status.OK
        ]
        weights = answered(self._run, candidate)
        opponents = [
            Opponent(
                name=member.program or "",
                weight=weights.get(member.program or "", 0.0 if weights else 1.0),
                source=self._program(member).source,
            )
            for member in before
        ]
        horizon, matches = self._config.evaluation.horizon, self._options.matches
        stages = {
            stage.split: stage
            for stage in (
                *([self._duels.stage(opponents, matches, horizon)] if opponents else []),
                self._duels.stage((), matches, horizon),
            )
        }
        self._finish(candidate, program, stages)

    def _finish(self, candidate: Candidate, program: Program, stages: Mapping[Split, Stage]) -> None:
        token = self._dispatcher.send(program.source, tuple(stages.values()))
        [report] = self._dispatcher.gather([token])
        rows = [
            stored(report, stage, program.hash, settings_of(stages[stage.split])) for stage in report.stages
        ]
        good = report.status is Status.OK
        self._archive.candidates.finish(
            candidate,
            report.status,
            reason=report.reason,
            evaluations=rows,
            train=report.fitness("train") if good else None,
            test=report.fitness("test") if good else None,
        )
        if not good:
            told = f"{program.nickname} failed in the restricted game ({report.status}): {report.reason}"
            if candidate.operator == "seed":
                raise SearchError(told)
            self._note(told)
