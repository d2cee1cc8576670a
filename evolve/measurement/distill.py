"""Distillation: take away from a program all that its fitness does not need.

Every single removal (a term, a factor, a function, a branch, an update of state, a constant set to 1 or 0) is
tried, those that save most first. A removal stays if the fitness on training and that on validation both stay
within a tolerance of the whole program's. That is repeated until no removal is left that could stay: what
remains is a minimal core, in which every part earns its place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nashforge.archive import Archive, Candidate, Parent, Role, Run, RunState, Status
from nashforge.errors import NashforgeError
from nashforge.evolve.config.run import RunConfig, load_config, stored_settings
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.disguises import draw
from nashforge.evolve.evaluation.messages import Split, Stage
from nashforge.evolve.executors.base import Executor
from nashforge.evolve.measurement.evaluator import Evaluator, suite_fitness
from nashforge.evolve.measurement.programs import NamedProgram, playable
from nashforge.evolve.proposers.rewriting.ablation import removals, size_of
from nashforge.evolve.proposers.rewriting.grammar import Grammar
from nashforge.evolve.proposers.rewriting.normal_form.cleanup import tidy
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.search.worked import keep_work

DECIDING: tuple[Split, ...] = ("train", "validation")
"""Splits on which fitness must not fall."""


class DistilError(NashforgeError, ValueError):
    """A program cannot be distilled."""

    exit_code = 2


@dataclass(frozen=True)
class Core:
    """A program on the way to its core.

    Attributes
    ----------
    source : str
        Its source, tidied.
    size : int
        Number of its expressions and statements, two for each constant.
    note : str
        What was removed last, in words.
    """

    source: str
    size: int
    note: str = ""
    train: float | None = None
    validation: float | None = None
    test: float | None = None

    def holds(self, whole: Core, tolerance: float, *splits: str) -> bool:
        """Whether the fitness on each split is measured, and lower than the whole's by no more than that."""
        pairs = [(getattr(self, split), getattr(whole, split)) for split in splits]
        return all(
            mine is not None and other is not None and mine >= other - tolerance for mine, other in pairs
        )


@dataclass(frozen=True)
class Distilled:
    """The outcome.

    Attributes
    ----------
    steps : list of Core
        The program itself, then what each removal that stayed left of it; the last is the core.
    tried : int
        How many removals were measured.
    complete : bool
        Whether no removal is left that could stay; else the budget ended first.
    budget : int
        How many removals might have been measured.
    seconds : float
        How long it took.
    """

    steps: list[Core]
    tried: int
    complete: bool
    budget: int
    seconds: float


@dataclass
class Distiller:
    """Measures smaller versions of a program.

    Parameters
    ----------
    archive
        Where programs and measurements are stored.
    domain, executor
        What the programs are, and where they run.
    stages
        What is measured, by split: ``train`` and ``validation``, and ``test`` for the beginning and the end.
    reference
        Library program that fitness is relative to, if it is.
    tier
        Weakest sandbox tier to accept.
    """

    archive: Archive
    domain: Domain
    executor: Executor
    stages: dict[Split, Stage]
    reference: str | None
    tier: str = "strict"
    tried: int = field(default=0, init=False)

    def distil(
        self,
        named: NamedProgram,
        *,
        tolerance: float,
        max_evaluations: int,
        on_try: Callable[[Core, bool, int], None] = lambda core, kept, tried: None,
    ) -> Distilled:
        """Distil a program.

        Parameters
        ----------
        tolerance
            How much lower than the whole program's the core's fitness may be, on training and on validation.
        max_evaluations
            How many removals may be measured.
        on_try
            Called after each with what it left, whether it stays, and the number of those tried.

        Raises
        ------
        DistilError
            If the program cannot be taken apart, or fails itself.
        """
        began = time.monotonic()
        grammar = self.domain.grammar()
        if grammar is None:
            raise DistilError(
                f"programs of the domain {self.domain.name!r} cannot be taken apart: it has no grammar"
            )
        try:
            source = tidy(playable(named).source, grammar)
        except NotApplicable as error:
            raise DistilError(f"{named.label} cannot be taken apart: {error}") from error
        [whole] = self._measured([Core(source, size_of(source, grammar))], "train", "validation", "test")
        if not whole.holds(whole, 0.0, "train", "validation"):
            raise DistilError(
                f"{named.label} fails in a game of training or validation, so there is nothing to keep; see "
                "`nashforge show`"
            )
        if self._is_behind(whole):
            raise DistilError(
                f"{named.label} is as far behind the reference as fitness counts, in every game of training "
                "and validation, so that it would be so whatever is taken away: give more iterations "
                "(--horizon), or other games (--suite, --validation-suite)"
            )
        steps, rejected = [whole], set[str]()
        while True:
            kept = None
            for batch in self._batches(steps[-1], grammar, rejected, max_evaluations):
                kept = self._best(batch, whole, tolerance, rejected, on_try)
                if kept is not None:
                    steps.append(kept)
                    break
            if kept is None:
                break
        if len(steps) > 1:
            [steps[-1]] = self._measured(steps[-1:], "test")
        seconds = time.monotonic() - began
        return Distilled(steps, self.tried, self.tried < max_evaluations, max_evaluations, seconds)

    def _is_behind(self, whole: Core) -> bool:
        """Whether fitness is clipped below in every game that decides, so that no removal shows."""
        clips = ((self.stages[split].fitness, getattr(whole, split)) for split in DECIDING)
        return all(
            fitness.kind == "log_ratio" and fitness.clip is not None and value <= -fitness.clip + 1e-12
            for fitness, value in clips
        )

    def _batches(self, core: Core, grammar: Grammar, rejected: set[str], budget: int) -> Iterator[list[Core]]:
        """Yield smaller programs to be measured together, those that save most first.

        What was rejected of a larger program comes last: it is rejected again most of the time.
        """
        found = {
            smaller.source: Core(smaller.source, smaller.size, smaller.note)
            for smaller in removals(core.source, grammar)
        }
        order = sorted(found.values(), key=lambda smaller: (smaller.note in rejected, smaller.size))
        place = 0
        while place < len(order) and self.tried < budget:
            count = min(self.executor.workers, budget - self.tried)
            yield order[place : place + count]
            place += count

    def _best(
        self,
        batch: Sequence[Core],
        whole: Core,
        tolerance: float,
        rejected: set[str],
        on_try: Callable[[Core, bool, int], None],
    ) -> Core | None:
        """Measure programs and return the smallest that is good enough; note what is not."""
        trained = self._measured(batch, "train")
        # Validation is for what could still make it.
        promising = [core for core in trained if core.holds(whole, tolerance, "train")]
        verified = {core.source: core for core in self._measured(promising, "validation")}
        best: Core | None = None
        for core in trained:
            core = verified.get(core.source, core)
            good = core.holds(whole, tolerance, "train", "validation")
            self.tried += 1
            on_try(core, good, self.tried)
            if not good:
                rejected.add(core.note)
            elif best is None or core.size < best.size:
                best = core
        return best

    def _measured(self, cores: Sequence[Core], *splits: Split) -> list[Core]:
        """Return programs with their fitness on some splits."""
        found = list(cores)
        for split in splits:
            if not found or split not in self.stages:
                continue
            stage = self.stages[split]
            evaluator = Evaluator(self.archive, self.domain, stage, self.executor, tier=self.tier)
            named = [
                NamedProgram(str(place), core.source, self.domain.name, "file")
                for place, core in enumerate(found)
            ]
            rows = evaluator.measure(named, reference=self.reference, reuse=True)
            for place, core in enumerate(found):
                fitness: dict[str, Any] = {
                    split: suite_fitness(stage.fitness, [row for row in rows if row.label == str(place)])
                }
                found[place] = replace(core, **fitness)
        return found


def config_for(archive: Archive, named: NamedProgram, options: Mapping[str, object]) -> RunConfig:
    """Return the games, horizon and fitness to distil on: those of the run that found the program, if any.

    Parameters
    ----------
    options
        Fields of the configuration that replace those of the run; None: not given.

    Raises
    ------
    ConfigError
        If a value is not allowed.
    """
    found = [] if named.stored is None else archive.candidates.of_program(named.stored)
    values: dict[str, object] = {"domain": named.domain}
    if found:
        run = archive.runs.get(found[0].run)
        same = ("train", "validation", "test", "horizon", "fitness", "disguise_seed")
        settings = stored_settings(archive, run)
        values |= {name: settings[name] for name in same if name in settings}
    else:
        values["disguise_seed"] = draw(0)
    return load_config(values | {name: value for name, value in options.items() if value is not None})


def record(
    archive: Archive, named: NamedProgram, distilled: Distilled, config: RunConfig
) -> tuple[Run, list[Candidate]]:
    """Store a distillation as a run, each step a candidate made from the one before.

    Parameters
    ----------
    config
        Of a run on the same games.
    """
    named = playable(named)
    stored = config.changed(max_evaluations=distilled.budget, strategy="sequential")
    run = archive.runs.create(named.domain, stored.settings(), seed=config.seed)
    archive.runs.claim(run, "distil")
    keep_work(archive, run, seconds=distilled.seconds, tried=distilled.tried)
    candidates: list[Candidate] = []
    for place, core in enumerate(distilled.steps):
        known = named.stored if place == 0 else None
        program = known or archive.programs.add(core.source, named.domain)
        candidate = archive.candidates.add(
            run,
            program=program,
            operator="simplify" if place else "seed",
            proposer="distil" if place else named.origin,
            index=place,
            parents=[Parent(candidates[-1].id, Role.PARENT)] if place else [],
            island=0,
            note=core.note if place else named.label,
        )
        archive.candidates.finish(
            candidate, Status.OK, train=core.train, validation=core.validation, test=core.test
        )
        candidates.append(archive.candidates.get(candidate.id))
    reason = "distilled" if distilled.complete else "max_evaluations"
    return archive.runs.set_state(run, RunState.FINISHED, reason), candidates
