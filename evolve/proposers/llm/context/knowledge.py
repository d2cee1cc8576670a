"""Knowledge from before a search: the library's programs with their values, and known mechanisms."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

from nashforge.archive import Archive
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.domains.program_docs import described
from nashforge.evolve.evaluation.fitness import fitness_of
from nashforge.evolve.evaluation.messages import Stage


@dataclass(frozen=True)
class KnownProgram:
    """A program of the library.

    Attributes
    ----------
    title, formula : str
        As its documentation has them.
    fitness : float or None
        On the training games; None where it was not measured there.
    values : dict
        Final value on each training game.
    constants : str
        The values of what the formula leaves open.
    """

    name: str
    title: str
    formula: str
    fitness: float | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    constants: str = ""


@dataclass(frozen=True)
class Best:
    """The best value of the library in a game, and who reached it."""

    value: float
    name: str


@dataclass(frozen=True)
class Knowledge:
    """All that is known before a search begins.

    Attributes
    ----------
    programs : tuple of KnownProgram
        Of the library, the best first, those without a fitness last.
    best : dict
        The best of them in each training game.
    mechanisms : dict
        A sentence a mechanism, by family and name.
    """

    programs: tuple[KnownProgram, ...] = ()
    best: Mapping[str, Best] = field(default_factory=dict)
    mechanisms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def measured(self) -> tuple[KnownProgram, ...]:
        """The programs with values."""
        return tuple(program for program in self.programs if program.values)

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """The names of those without."""
        return tuple(program.name for program in self.programs if not program.values)


def knowledge_of(archive: Archive, domain: Domain, train: Stage) -> Knowledge:
    """Return what is known of a domain, with the values that the archive has for a training stage.

    Parameters
    ----------
    train
        With what the reference reached.
    """
    programs = [_known(archive, domain, train, name) for name in domain.baselines()]
    better = min if domain.metrics[domain.metric].direction == "min" else max
    best: dict[str, Best] = {}
    for trial in train.trials:
        there = [(one.values[trial.label], one.name) for one in programs if trial.label in one.values]
        if there:
            value = better(value for value, _ in there)
            best[trial.label] = Best(value, next(name for found, name in there if found == value))
    programs.sort(key=lambda one: (one.fitness is None, -(one.fitness or 0.0)))
    return Knowledge(tuple(programs), best, domain.mechanisms())


def _known(archive: Archive, domain: Domain, train: Stage, name: str) -> KnownProgram:
    source = domain.source(name)
    about = described(name, source)
    program = archive.programs.add(source, domain.name)
    known = archive.evaluations.cached(
        program, suite_digest=train.digest, evaluator=domain.evaluator, split="train"
    )
    values: dict[str, float] = {}
    fitness = None
    if known is not None:
        at: dict[str, int] = {}
        for score in known.scores:
            if score.metric == domain.metric and (score.iteration or 0) >= at.get(score.game, -1):
                at[score.game], values[score.game] = score.iteration or 0, score.value
        if train.fitness.kind != "log_ratio" or values.keys() <= train.references.keys():
            fitness = fitness_of(train.fitness, values, train.references, known.scores, train.floors)
    return KnownProgram(name, about.title, _even(about.formula), fitness, values, about.constants)


def _even(formula: str) -> str:
    """Return a formula whose paragraphs begin at the margin, the first line of each with its others."""
    return "\n\n".join(_flush(paragraph) for paragraph in formula.split("\n\n"))


def _flush(paragraph: str) -> str:
    first, _, rest = paragraph.partition("\n")
    if first.startswith(" ") or not rest.startswith(" "):
        return textwrap.dedent(paragraph)
    return f"{first}\n{textwrap.dedent(rest)}"
