"""Ablations of a program, for prompts: what fitness each of its parts is worth, as far as that was measured.

Nothing is measured here. Whatever measured a program without one of its parts on the training games counts:
an idea of the search that left it out, or `nashforge distill`, which tries all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from nashforge.archive import Archive, program_hash
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.fitness import fitness_of
from nashforge.evolve.evaluation.messages import Stage
from nashforge.evolve.proposers.rewriting.ablation import removals, size_of
from nashforge.evolve.proposers.rewriting.normal_form.cleanup import tidy
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable

MOST = 8
"""Parts that are told: those that are worth most, and the one that is worth least."""

LARGEST = 600
"""Expressions and statements of programs that are taken apart: the time grows with the square, to seconds."""


@dataclass(frozen=True)
class Ablation:
    """A part of a program that was left out.

    Attributes
    ----------
    removed : str
        What, in words.
    cost : float
        By how much training fitness is lower without it; negative: it is higher.
    """

    removed: str
    cost: float


class Ablations:
    """Looks for measurements of programs without one of their parts.

    Parameters
    ----------
    archive, domain, train
        Where they are stored, what programs are, and the training stage, with what the reference reached.
    """

    def __init__(self, archive: Archive, domain: Domain, train: Stage) -> None:
        self._archive, self._domain, self._train = archive, domain, train
        self._parts: dict[str, dict[str, str]] = {}

    def of(self, source: str, fitness: float) -> tuple[Ablation, ...]:
        """Return what the parts of a program are worth, the most valuable first, as far as that is known.

        Parameters
        ----------
        fitness
            Of the whole program, in training.
        """
        parts = self._without_one(source)
        found = []
        for program in self._archive.programs.by_hash(parts):
            known = self._archive.evaluations.cached(
                program, suite_digest=self._train.digest, evaluator=self._domain.evaluator, split="train"
            )
            if known is None:
                continue
            values = {
                score.game: score.value
                for score in sorted(known.scores, key=lambda score: score.iteration or 0)
                if score.metric == self._domain.metric
            }
            stage = self._train
            if stage.fitness.kind == "log_ratio" and not values.keys() <= stage.references.keys():
                continue
            reached = fitness_of(stage.fitness, values, stage.references, known.scores, stage.floors)
            found.append(Ablation(parts[program], fitness - reached))
        found.sort(key=lambda ablation: -ablation.cost)
        return tuple(found if len(found) <= MOST else [*found[: MOST - 1], found[-1]])

    def _without_one(self, source: str) -> dict[str, str]:
        """Return what was removed, by the hash of what it leaves; nothing where programs have no grammar."""
        if source not in self._parts:
            self._parts[source] = {}
            grammar = self._domain.grammar()
            if grammar is not None:
                try:
                    if size_of(source, grammar) > LARGEST:
                        return {}
                    for removal in removals(tidy(source, grammar), grammar):
                        self._parts[source].setdefault(
                            program_hash(removal.source, self._domain.name), removal.note
                        )
                except NotApplicable:  # written in ways that cannot be taken apart
                    self._parts[source] = {}
        return self._parts[source]
