"""Probes by play: a program is measured in games as they are and in changed ones, beside honest programs.

What an honest program loses by a change is found from programs of the library, which are measured once and
remembered. Who loses much more depends on what was changed. No number of the program's is kept: an audit is
no measurement.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from nashforge.archive import Archive, Status
from nashforge.evolve.diagnosis.audit.branches import Told
from nashforge.evolve.diagnosis.audit.findings import Finding
from nashforge.evolve.domains.audits.base import PLAIN, Auditing, Variant
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Stage, StageReport, Trial
from nashforge.evolve.executors.dispatcher import Dispatcher
from nashforge.evolve.search.measured.outcomes import last_values, settings_of, stored

PROBE = "changes"

SLOW, SLOWEST = 5.0, 20.0
"""Times the processor time of the slowest reference: from then on it is told, and suspicious."""

LEAST_SECONDS = 1.0
"""Processor time below which nothing is told of it: processes take some to begin."""

LARGE, LARGE_BYTES = 3.0, 100e6
"""Times the memory of the largest reference, and by how much, from which on it is told."""


class Played(NamedTuple):
    """A program's measurements in the games of a variant."""

    report: StageReport
    values: Mapping[str, float]


@dataclass
class Table:
    """The games of an audit, by variant; the plain games are a variant, too.

    Parameters
    ----------
    domain, auditing
        What is played.
    """

    domain: Domain
    auditing: Auditing
    variants: list[Variant] = field(init=False)

    def __post_init__(self) -> None:
        plain = Variant(PLAIN, self.auditing.trials(), same=True)
        found: dict[str, int] = {}
        several = [plain, *self.auditing.variants(plain.trials)]
        for place, one in enumerate(several):
            # Trials of one label would be taken for each other, where the archive remembers by it.
            number = found[one.name] = found.get(one.name, 0) + 1
            name = one.name if number == 1 else f"{one.name} ({number})"
            told = [
                trial.model_copy(update={"label": f"{trial.label} [{name}]"})
                if place and trial.label == before.label
                else trial
                for trial, before in zip(one.trials, plain.trials, strict=False)
            ]
            several[place] = replace(one, name=name, trials=told)
        self.variants = several

    def stage(self, variant: Variant) -> Stage:
        """Return the stage of a variant."""
        return self.auditing.stage(variant)

    def pairs(self, variant: Variant) -> Iterator[tuple[Trial, Trial]]:
        """Yield trials as they are, each with what became of it."""
        yield from zip(self.variants[0].trials, variant.trials, strict=False)


class Changes:
    """Measures programs in all variants.

    Parameters
    ----------
    archive
        Where references are remembered.
    table, dispatcher
        What is played, and where.
    """

    def __init__(self, archive: Archive, table: Table, dispatcher: Dispatcher) -> None:
        self._archive, self._table, self._dispatcher = archive, table, dispatcher
        self._honest: dict[str, dict[str, Played]] = {}

    def honest(self) -> Mapping[str, Mapping[str, Played]]:
        """Return what the references reach, by name and variant; measured where the archive knows it not."""
        work = self._table.domain
        waiting: dict[str, tuple[str, Variant]] = {}
        if self._honest:
            return self._honest
        for name in self._table.auditing.references():
            self._honest[name] = {}
            program = self._archive.programs.add(work.source(name), work.name)
            for variant in self._table.variants:
                stage = self._table.stage(variant)
                known = self._archive.evaluations.cached(
                    program, suite_digest=stage.digest, evaluator=work.evaluator
                )
                if known is None:
                    waiting[self._dispatcher.send(program.source, (stage,))] = name, variant
                    continue
                report = StageReport(
                    split=stage.split,
                    suite=stage.suite,
                    digest=stage.digest,
                    status=known.status,
                    scores=known.scores,
                    started="",
                    wall_seconds=known.wall_seconds or 0.0,
                    cpu_seconds=known.cpu_seconds or 0.0,
                    peak_memory=known.peak_memory or 0,
                )
                self._honest[name][variant.name] = Played(report, last_values(known.scores, work.metric))
        for answer in self._dispatcher.gather(waiting):
            name, variant = waiting[answer.token]
            program = self._archive.programs.add(work.source(name), work.name)
            stage, report = self._table.stage(variant), answer.stages[0]
            row = stored(answer, report, program.hash, settings_of(stage))
            self._archive.evaluations.add(replace(row, split=None, fitness=None))
            self._honest[name][variant.name] = Played(report, last_values(report.scores, work.metric))
        return self._honest

    def play(self, source: str, told: Told | None) -> tuple[dict[str, Played], Played]:
        """Measure a program.

        Parameters
        ----------
        told
            A copy of it that tells which branches it takes; None: it has none. It is what plays the same
            problems under other faces, and the plain games a second time: it must do the same.

        Returns
        -------
        dict of str to Played
            By variant.
        Played
            The plain games once more, by the copy.
        """
        plain, *others = self._table.variants
        telling = source if told is None else told.source
        waiting = {self._dispatcher.send(source, (self._table.stage(plain),)): PLAIN}
        again = self._dispatcher.send(telling, (self._table.stage(plain),))
        for variant in others:
            stage = (self._table.stage(variant),)
            waiting[self._dispatcher.send(telling if variant.same else source, stage)] = variant.name
        found: dict[str, Played] = {}
        repeated: Played | None = None
        for answer in self._dispatcher.gather({again, *waiting}):
            report = answer.stages[0]
            played = Played(report, last_values(report.scores, self._table.domain.metric))
            if answer.token == again:
                repeated = played
            else:
                found[waiting[answer.token]] = played
        assert repeated is not None
        return found, repeated

    def findings(self, source: str, told: Told | None, declared: Collection[str] = ()) -> Iterator[Finding]:
        """Yield what is found by playing.

        Parameters
        ----------
        told
            A copy of the program that tells which branches it takes; None: it has none.
        declared
            Attributes that the program sets to False, see `Variant.declared`.
        """
        played, again = self.play(source, told)
        first = played[PLAIN]
        if first.report.status is not Status.OK:
            reason = " ".join((first.report.reason or "").split())
            yield Finding(
                PROBE, "note", f"it fails in the games as they are ({first.report.status}): {reason}"
            )
            return
        yield from self._repeated(first, again)
        for variant in self._table.variants[1:]:
            for lost in self._lost(variant, first, played[variant.name]):
                said = variant.declared in declared
                yield replace(lost, severity="note", text=f"{lost.text}, as it declares") if said else lost
        yield from self._effort(first)
        if told is not None and told.lines:
            same = [variant.name for variant in self._table.variants[1:] if variant.same]
            logs = {name: played[name].report.log or "" for name in same}
            yield from _branches(told, {PLAIN: again.report.log or "", **logs})

    def _repeated(self, first: Played, again: Played) -> Iterator[Finding]:
        metrics = self._table.domain.metrics
        timeless = [name for name, metric in metrics.items() if metric.unit != "s"]

        def measured(one: Played) -> dict[tuple[str, str, int | None], float]:
            return {
                (score.game, score.metric, score.iteration): score.value
                for score in one.report.scores
                if score.metric in timeless
            }

        if again.report.status is not Status.OK or measured(first) != measured(again):
            yield Finding("repeat", "suspicious", "it does not do the same when it is run again")

    def _lost(self, variant: Variant, first: Played, changed: Played) -> Iterator[Finding]:
        auditing = self._table.auditing
        if changed.report.status is not Status.OK:
            others = [one[variant.name].report.status for one in self.honest().values()]
            if all(status is Status.OK for status in others):
                reason = " ".join((changed.report.reason or "").split())
                text = f"it fails where games are {variant.name} ({changed.report.status}): {reason}"
                yield Finding(PROBE, "suspicious", text)
            return
        best, least = (max, min) if auditing.more_is_better else (min, max)
        worst: tuple[float, float, str] | None = None
        for before, after in self._table.pairs(variant):
            honest = [
                (one[PLAIN].values[before.label], one[variant.name].values[after.label])
                for one in self.honest().values()
                if before.label in one[PLAIN].values and after.label in one[variant.name].values
            ]
            if not honest:
                text = f"no reference could be measured in {before.label} where games are {variant.name}"
                yield Finding(PROBE, "note", text)
                continue
            unit = best(plain for plain, _ in honest)
            allowed = max(auditing.loss(before, plain, there, unit) for plain, there in honest)
            reached = changed.values[after.label]
            lost = auditing.loss(before, first.values[before.label], reached, unit)
            excess = lost - max(allowed, 0.0)
            if variant.length:
                behind = auditing.loss(before, least(there for _, there in honest), reached, unit)
                excess = min(excess, behind)
            if worst is None or excess > worst[0]:
                worst = excess, lost, before.label
        if worst is None or worst[0] <= auditing.margin:
            return
        _, lost, game = worst
        much = (
            f"{100 * lost:.0f} % of its value"
            if auditing.more_is_better
            else f"{lost:.1f} orders of magnitude"
        )
        yield Finding(PROBE, "suspicious", f"it loses {much} in {game} where games are {variant.name}")

    def _effort(self, first: Played) -> Iterator[Finding]:
        honest = [one[PLAIN].report for one in self.honest().values()]
        seconds, most = first.report.cpu_seconds, max(one.cpu_seconds for one in honest)
        ratio = seconds / max(most, 1e-3)
        if seconds > LEAST_SECONDS and ratio > SLOW:
            severity = "suspicious" if ratio > SLOWEST else "note"
            text = f"it takes {ratio:.0f} times the processor time of the slowest reference"
            yield Finding("effort", "suspicious" if severity == "suspicious" else "note", text)
        memory, largest = first.report.peak_memory, max(one.peak_memory for one in honest)
        if memory > LARGE * largest and memory - largest > LARGE_BYTES:
            text = f"it takes {memory / 1e6:.0f} MB, where the largest reference takes {largest / 1e6:.0f}"
            yield Finding("effort", "note", text)


def _branches(told: Told, logs: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding for branches that only the games as they are take, and for those that none takes."""
    taken = {name: told.taken(log) for name, log in logs.items()}
    plain = taken.pop(PLAIN, frozenset())
    elsewhere = frozenset().union(*taken.values()) if taken else plain
    only = sorted({told.lines[k] for k in plain - elsewhere})
    if only and taken and any(taken.values()):
        text = "it takes branches in the training games that it takes on no other face of them"
        yield Finding("branches", "suspicious", text, tuple(only))
    never = sorted({told.lines[k] for k in told.lines.keys() - plain - elsewhere})
    if never:
        count = "a branch that is" if len(never) == 1 else f"{len(never)} branches that are"
        yield Finding("branches", "note", f"it has {count} never taken", tuple(never))
