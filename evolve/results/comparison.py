"""A program of a run beside the one that the run started from and those of the library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nashforge.archive import Archive, Candidate, Evaluation, Program, Run, Status, program_hash
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Split, Trial
from nashforge.evolve.measurement.program_results import ProgramResult, measured_in, remembered
from nashforge.evolve.search.measured.outcomes import identity_in
from nashforge.evolve.search.population.pareto import summary
from nashforge.solvers.metrics.registry import Metric

MOST_OTHERS = 6
"""Programs of the library that stand beside one of a run: those that are best there."""
FLOOR = 1e-12
"""Smaller values count as this in geometric means."""


@dataclass(frozen=True)
class Comparison:
    """A program beside the seed and those of the library that were measured on the same games.

    Attributes
    ----------
    labels : tuple of str
        Names of the programs, the one that is looked at first.
    rows : tuple of ProgramResult
        By program, then by game; a program that was measured in some games only has rows of these.
    """

    split: Split
    suite: str
    games: tuple[str, ...]
    labels: tuple[str, ...]
    rows: tuple[ProgramResult, ...]

    def value(self, label: str, game: str) -> float | None:
        """Return what a program reached in a game, by the domain's metric."""
        return next((row.value for row in self.rows if (row.label, row.game) == (label, game)), None)

    def mean(self, label: str, metric: Metric, floor: float) -> float | None:
        """Return the mean of a metric over the games, if a program was measured in all of them.

        Geometric where the metric spans orders of magnitude. Games in which the metric is undefined for the
        program are left out.
        """
        mine = [row for row in self.rows if row.label == label]
        if len(mine) < len(self.games):
            return None
        means = summary((score for row in mine for score in row.scores), [metric], floor)
        return None if means is None else means[metric.name]


def comparison(
    archive: Archive, work: Domain, run: Run, candidate: Candidate, seed: Candidate | None, split: Split
) -> Comparison | None:
    """Return how a candidate of a run does on the games of a split; None if it was not measured there.

    Parameters
    ----------
    seed
        The program that the run started from, which stands beside it.
    """
    measured = archive.evaluations.find(candidate=candidate, split=split, status=[Status.OK])
    if not measured:
        return None
    latest = measured[-1]
    games = tuple(dict.fromkeys(score.game for score in latest.scores if score.game))
    horizon = int(latest.settings.get("horizon", work.horizon))
    # As the games were when it was measured: a file may hold another one by now.
    trials = [
        Trial(label=game, game=game, iterations=horizon, identity=identity_in(latest.settings, game))
        for game in games
    ]
    own = archive.programs.get(latest.program)
    rows = [measured_in(work, own.nickname, own, trial, latest) for trial in trials]
    hashes = {name: program_hash(work.source(name), work.name) for name in work.baselines()}
    others = {digest: name for name, digest in hashes.items()}
    if seed is not None and seed.program is not None:
        library = others.pop(seed.program, None)
        title = f"{library or seed.nickname} (start)"
        others = {seed.program: title, **others}
    others.pop(own.hash, None)
    known = archive.programs.by_hash(others)
    for digest, label in others.items():
        if digest in known:
            stored = _believed(archive, known[digest], run)
            # In the same stage: the same games at the same scales, each as long. Or else game by game.
            alike = [row for row in stored if _stage(row) == _stage(latest)]
            found = [
                measured_in(work, label, known[digest], trial, alike[-1])
                if alike
                else remembered(work, label, known[digest], trial, stored)
                for trial in trials
            ]
            rows += [row for row in found if row is not None]
    labels = tuple(dict.fromkeys(row.label for row in rows))
    whole = Comparison(split, latest.suite, games, labels, tuple(rows))
    return _shortened(
        whole, work.metrics[work.metric], [own.nickname, *([] if seed is None else labels[1:2])]
    )


def _shortened(whole: Comparison, metric: Metric, kept: Sequence[str]) -> Comparison:
    """Return a comparison with some programs and the best of the others, so that a page has room for all."""
    means = {label: whole.mean(label, metric, FLOOR) for label in whole.labels if label not in kept}
    sign = 1.0 if metric.direction == "min" else -1.0
    ranked = sorted(means, key=lambda label: math.inf if means[label] is None else sign * means[label])  # type: ignore[operator]
    chosen = {*kept, *ranked[:MOST_OTHERS]}
    labels = tuple(label for label in whole.labels if label in chosen)
    return replace(whole, labels=labels, rows=tuple(row for row in whole.rows if row.label in chosen))


def _stage(row: Evaluation) -> tuple[str, str]:
    """Return what evaluations have in common that measured the same in the same way."""
    return row.suite_digest, row.evaluator


def _believed(archive: Archive, program: Program, run: Run) -> list[Evaluation]:
    """Return a program's measurements that were made here; before them, in the report of an imported run,
    those that came with it, which are told as such."""
    rows = archive.evaluations.find(program=program, status=[Status.OK])
    came = [row for row in rows if row.imported is not None and row.run_id == run.id]
    return [*came, *(row for row in rows if row.imported is None)]
