"""What a domain is: everything that the search needs to know about one kind of program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from nashforge.evolve.evaluation.messages import Fitness, Report, Split, Stage, Task
from nashforge.evolve.evaluation.metrics import Metric

if TYPE_CHECKING:
    from nashforge.evolve.proposers.base import Proposer
    from nashforge.evolve.proposers.rewriting.grammar import Grammar
    from nashforge.evolve.sandbox import Sandbox


class Domain(Protocol):
    """One kind of evolvable program and how it is judged.

    Attributes
    ----------
    name : str
        As used on the command line.
    title : str
        One line for people.
    evaluator : str
        Version of the evaluation: measurements of different versions are not compared.
    seed : str
        Name of the library program that a search starts from.
    hosts : tuple of str
        Modules that run the programs in the sandbox.
    metric : str
        The measured quantity behind the fitness; one of ``metrics``.
    metrics : dict
        Everything that its reports measure, by name; see `nashforge.evolve.evaluation.metrics.catalogue`.
    fitness : Fitness
        Default fitness, with the library program that it refers to.
    suites : dict
        Default suite of each split, for ``train``, ``validation`` and ``test``.
    horizon : int
        Default number of iterations.

    Notes
    -----
    A domain may have an attribute ``search``, too: its defaults of other fields of
    `nashforge.evolve.config.run.RunConfig`; and ``effort``: the metric that ``metric`` is traded off against
    where nobody says otherwise. Without it, that is ``seconds``, if the domain measures it. A method
    ``length(suite, horizon)`` says in words how long its programs are run, where that is not ``horizon``
    iterations.

    One whose interface has changed may have a method ``translate(source)``. It returns what today's engine
    runs in the place of a program of an earlier interface, and None for one of today's; it raises
    `nashforge.evolve.domains.translation.TranslationError` for one that cannot be translated mechanically.
    """

    name: str
    title: str
    evaluator: str
    seed: str
    hosts: tuple[str, ...]
    metric: str
    metrics: Mapping[str, Metric]
    fitness: Fitness
    suites: Mapping[Split, str]
    horizon: int

    def baselines(self) -> tuple[str, ...]:
        """Return the names of the library's programs."""

    def source(self, baseline: str) -> str:
        """Return the source of a library program."""

    def smoke(self, horizon: int) -> Stage:
        """Return the cheap first stage, whose fingerprint tells programs apart by what they do."""

    def stage(self, split: Split, suite: str, horizon: int, fitness: Fitness) -> Stage:
        """Return what to measure for a split: the games of a suite, disguised for validation.

        Raises
        ------
        nashforge.games.SuiteError
            If there is no such suite.
        """

    def adhoc(self, games: Sequence[str], horizon: int, fitness: Fitness) -> Stage:
        """Return a stage over given games, undisguised."""

    def prepare(self, stage: Stage) -> None:
        """Make sure that the games of a stage can be played; what takes long the first time is done here.

        Raises
        ------
        nashforge.games.GameError
            If one of them cannot be compiled.
        """

    def evaluate(self, task: Task, sandbox: Sandbox) -> Report:
        """Run a task.

        What the program does wrong becomes a status of the report; what the machine does wrong is raised as
        `nashforge.evolve.sandbox.InfrastructureError`.
        """

    def grammar(self) -> Grammar | None:
        """Return the grammar of its programs; None: offline tools cannot read them."""

    def proposer(self) -> Proposer | None:
        """Return what writes its programs without a model; None: there is no such proposer."""
