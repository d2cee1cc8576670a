"""A memory of current programs in the archive: they are measured once, whoever asks again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nashforge.archive import Archive
from nashforge.archive.records import Score
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Report, Stage
from nashforge.evolve.search.measured.outcomes import settings_of, stored


class Archived:
    """A memory in the archive, as measurements that were made on request: they are of no run and no split.

    Parameters
    ----------
    archive, domain
        Where programs are stored, and what they are.
    train
        The training stage, whose measurements of a program say the same.
    """

    def __init__(self, archive: Archive, domain: Domain, train: Stage) -> None:
        self._archive, self._domain, self._train = archive, domain, train

    def recall(self, source: str, stage: Stage) -> Sequence[Score] | None:
        """Return the scores of a program in a stage of one trial; None if they are not known."""
        program = self._archive.programs.add(source, self._domain.name)
        [trial] = stage.trials
        asked: list[tuple[str, str | None]] = [(stage.digest, None)]
        if trial in self._train.trials:
            asked.append((self._train.digest, "train"))
        for digest, split in asked:
            known = self._archive.evaluations.cached(
                program, suite_digest=digest, evaluator=self._domain.evaluator, split=split
            )
            scores = [] if known is None else [score for score in known.scores if score.game == trial.label]
            if scores:
                return scores
        return None

    def keep(self, source: str, stage: Stage, report: Report) -> None:
        """Store what a program reached in a stage of one trial."""
        program = self._archive.programs.add(source, self._domain.name)
        made = report.stages[-1].model_copy(update={"fitness": None, "fingerprint": None})
        row = stored(report, made, program.hash, settings_of(stage))
        self._archive.evaluations.add(replace(row, split=None))
