"""Prompts: rendered from the domain's templates and from what the search knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nashforge import prompts
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.fitness import floor_words, reference_words
from nashforge.evolve.evaluation.messages import Stage, Task
from nashforge.evolve.evaluation.rounding import words as rounding_words
from nashforge.evolve.proposers.base import Failure, Individual, Request
from nashforge.evolve.proposers.experiments import MOST_VARIANTS, Findings
from nashforge.evolve.proposers.held_out import Redaction
from nashforge.evolve.proposers.llm.context.ablations import Ablation, Ablations
from nashforge.evolve.proposers.llm.context.deciding import rules, validation_of
from nashforge.evolve.proposers.llm.context.ideas import families_told, nudge, one_line, told
from nashforge.evolve.proposers.llm.context.knowledge import Knowledge
from nashforge.evolve.proposers.llm.context.numbers import View, view
from nashforge.evolve.proposers.llm.context.sources import beside, shown
from nashforge.evolve.proposers.llm.feedback import Feedback
from nashforge.evolve.proposers.llm.providers.base import Prompt
from nashforge.evolve.proposers.llm.recordings.systems import digest_of
from nashforge.evolve.sandbox.limits import Limits
from nashforge.evolve.sandbox.program import STANDARD_IMPORTS, host_imports

LONGEST_REASON = 1500
"""Characters of a failure's reason that are told."""

LONGEST_NOTE = 600
"""Characters of an entry of the lab book that are told."""

LONGEST_REPLY = 12_000
"""Characters of an answer that could not be used that are shown for its repair."""

WHOLE_LINES = 60
"""Programs of so many lines are asked for whole: edits would save nothing."""

WHOLE = ("design", "combine", "simplify")
"""Tasks whose answer is a whole program, however long the current one is."""

SHORTER, SHORTEST = 0.75, 12
"""What is left of a program that is made simpler, as a share of its lines; and the fewest lines asked for."""

NUDGED = ("edit", "design", "combine")
"""Tasks that are led to families of mechanisms with few ideas."""


@dataclass(frozen=True)
class Repair:
    """A failure that a model is asked to repair.

    Attributes
    ----------
    source : str
        The program that failed, or that an answer was meant for.
    reason : str
        What was wrong.
    reply : str or None
        The whole answer that could not be used.
    """

    source: str
    reason: str
    reply: str | None = None


@dataclass(frozen=True)
class Context:
    """The circumstances of a run that prompts tell beside its training stage; all may be left out.

    Attributes
    ----------
    knowledge : Knowledge
        What the library knows.
    validation : Stage or None
        What good programs are measured on.
    letters : dict
        The letter of each validation trial's family, by label.
    parents_by : str
        ``train`` or ``both``: what makes programs parents.
    experiments : int
        How often variants may be measured before an answer.
    apart : bool
        Whether no family of validation is one of training.
    copies : int
        In how many further disguises of validation the best are measured.
    held_out : tuple of str
        Names of the games of validation and test, which no prompt tells, whoever wrote them down.
    ablations : Ablations or None
        Knows what the parts of programs are worth.
    """

    knowledge: Knowledge = field(default_factory=Knowledge)
    validation: Stage | None = None
    letters: Mapping[str, str] = field(default_factory=dict)
    parents_by: str = "train"
    experiments: int = 0
    apart: bool = False
    copies: int = 0
    held_out: tuple[str, ...] = ()
    ablations: Ablations | None = None


class Prompter:
    """Renders the prompts of one run.

    Parameters
    ----------
    domain
        What is searched.
    train
        The training stage, with what the reference program reached.
    level
        How much of the measurements is told.
    folder
        Templates of the user's own, which come first.
    context
        What else is known of the run.

    Raises
    ------
    nashforge.prompts.PromptError
        If the domain has no system prompt, or it mentions a variable that nobody gives.
    """

    def __init__(
        self,
        domain: Domain,
        train: Stage,
        level: Feedback,
        folder: str | None = None,
        context: Context | None = None,
    ) -> None:
        own = domain.prompts
        folders = [Path(folder)] if folder is not None else []
        self._folders = (*folders, *([Path(own)] if own is not None else []))
        self._domain, self._level, self._train = domain, level, train
        self._context = context or Context()
        self._redaction = Redaction(self._context.held_out)
        self._families = prompts.families(domain.name, self._folders) if level.library else {}
        self.system = self._system(train)
        self.digest = digest_of(self.system)

    def _system(self, train: Stage) -> str:
        known, validation = self._context.knowledge, self._context.validation
        told_of = None
        if validation is not None:
            told_of = validation_of(
                validation,
                self._context.letters,
                apart=self._context.apart,
                copies=self._context.copies,
            )
        return prompts.render_for(
            self._domain.name,
            "system",
            folders=self._folders,
            **_common(self._domain, train),
            facts=self._facts(train),
            **dict(self._domain.prompt_variables(train)),
            knowledge=known if self._level.library and known.programs else None,
            families=self._families,
            validation=told_of,
            parents_by=self._context.parents_by,
        ).strip()

    def _facts(self, train: Stage, *, plain: bool = False) -> dict[str, str]:
        """Return what is told of each trial's game, by label: once where a game is played several times.

        Parameters
        ----------
        plain
            Whether nothing is told of the others, and levels do not matter.
        """
        first: dict[str, int] = {}
        found: dict[str, str] = {}
        for place, trial in enumerate(train.trials, 1):
            before = first.setdefault(trial.game, place)
            again = f"the game of {before}, {trial.iterations:,} iterations"
            own = "" if plain else self._domain.facts(trial)
            found[trial.label] = own if before == place else again
        return found if plain or self._level.library else dict.fromkeys(found, "")

    @property
    def offers_experiments(self) -> bool:
        """Whether models are told that they may measure; not where they are told no values by game."""
        return self._context.experiments > 0 and self._level.library and self._level.games

    def memo(self, request: Request, last: str = "") -> Prompt:
        """Return what is sent to have a memo written of the search so far.

        Parameters
        ----------
        last
            The last memo.
        """
        memory = told(request.memory, "", self._train, 2 * self._level.memory, self._masked)
        best = self._view(request.parent)
        user = prompts.render_for(
            self._domain.name,
            "memo",
            folders=self._folders,
            memory=memory,
            memo=last,
            best=best,
            notes=self._notes(request),
            games=self._legend(),
        )
        return Prompt(self.system, user.strip())

    def prompt(
        self,
        request: Request,
        repair: Repair | None = None,
        memo: str = "",
        experiments: Sequence[Findings] = (),
        *,
        tool: bool = False,
        file: bool = False,
    ) -> Prompt:
        """Return what is sent for a request, or for the repair of an answer to it.

        Parameters
        ----------
        memo
            What a model wrote down of the search so far.
        experiments
            What was measured for this request already.
        tool
            Whether variants are measured by a tool that the model calls, and not in words.
        file
            Whether the answer is a file that is handed over with a note, as by agents, and not a text.
        """
        if repair is None and request.failure is not None and request.failure.source is not None:
            repair = Repair(request.failure.source, shortened(self._masked(request.failure.reason)))
        parent = self._view(request.parent)
        partner = None if request.partner is None else self._view(request.partner)
        pair = None if partner is None else beside(partner, parent)
        others = [self._view(other) for other in request.inspirations]
        memory = told(request.memory, parent.name, self._train, self._level.memory, self._masked)
        families = families_told(self._families, request.memory) if self._families else ()
        failures = self._failures(request.failures)
        operator = "repair" if repair is not None else request.operator
        user = prompts.render_for(
            self._domain.name,
            "user",
            folders=self._folders,
            parent=parent,
            partner=pair,
            others=shown(others, parent, *([partner] if partner else []))[: self._level.others],
            memory=memory if repair is None else None,
            memo=self._masked(memo) if repair is None and self._level.memory else "",
            notes=self._notes(request) if repair is None else [],
            games=self._legend(),
            families=families,
            tried=sum(bool(idea.mechanisms) for idea in request.memory.ideas),
            ablations=self._ablations(request.parent) if repair is None else (),
            focus=nudge(families, request.index) if memory is not None and operator in NUDGED else None,
            failures=failures[: self._level.failures] if repair is None else [],
            failures_left_out=max(len(failures) - self._level.failures, 0),
            operator=f"{prompts.SHARED}/{operator}",
            whole=parent.lines <= WHOLE_LINES or request.operator in WHOLE,
            file=file,
            size=max(int(SHORTER * parent.lines), min(SHORTEST, parent.lines)),
            repair=repair,
            experiments=experiments if repair is None else (),
            measures_left=self._left(experiments) if repair is None else 0,
            most_variants=MOST_VARIANTS,
            tool=tool and repair is None,
        )
        return Prompt(self.system, user.strip())

    def _ablations(self, parent: Individual) -> Sequence[Ablation]:
        """Return what the parts of the current program are worth, where memories of the search are told."""
        if self._context.ablations is None or not self._level.memory:
            return ()
        return self._context.ablations.of(parent.source, parent.train)

    def _notes(self, request: Request) -> list[str]:
        """Return the lab book, an entry a line, with its author."""
        said = [(self._masked(text), author) for text, author in request.memory.notes]
        return [one_line(text, LONGEST_NOTE) + (f" ({author})" if author else "") for text, author in said]

    def _legend(self) -> list[str]:
        """Return what the training games are called, by their places: what repeats another says which."""
        facts = self._facts(self._train, plain=True)
        return [facts[trial.label] or trial.label for trial in self._train.trials]

    def findings(self, found: Findings) -> str:
        """Return what an experiment found, as a model is told."""
        text = prompts.render_for(self._domain.name, "measured", folders=self._folders, found=found)
        return f"{found.seconds:.1f} s of processor time were used.\n\n{text.strip()}"

    def _left(self, experiments: Sequence[Findings]) -> int:
        return max(self._context.experiments - len(experiments), 0) if self.offers_experiments else 0

    def _view(self, individual: Individual) -> View:
        titles = {
            name: metric.title or name.replace("_", " ")
            for name, metric in self._domain.metrics.items()
            if name not in self._domain.untold
        }
        return view(individual, self._train, self._context.knowledge, self._level, titles)

    def _masked(self, text: str) -> str:
        """Return a text in which games of validation and test have no names."""
        for label, letter in sorted(self._context.letters.items(), key=lambda item: -len(item[0])):
            text = text.replace(label, f"a validation game of family {letter}")
        return self._redaction(text)

    def _failures(self, failures: Sequence[Failure]) -> list[Failure]:
        """Return the latest failures, each kind once: what fails alike would be read again and again."""
        told_of = {(each.status, self._masked(each.reason)): each.source for each in failures}
        newest = list(told_of.items())[::-1]
        sources = self._level.failed_sources
        return [
            Failure(source if k < sources else None, status, shortened(reason))
            for k, ((status, reason), source) in enumerate(newest)
        ]


def shortened(reason: str, most: int = LONGEST_REASON) -> str:
    """Return a reason that fits into a prompt: its beginning, and its end where the error stands."""
    if len(reason) <= most:
        return reason
    return f"{reason[: most // 2]}\n[...]\n{reason[-(most // 2) :]}"


def _common(domain: Domain, train: Stage) -> dict[str, object]:
    imports = dict.fromkeys(
        (*STANDARD_IMPORTS, *(name for host in domain.host_modules for name in host_imports(host)))
    )
    metric = domain.metrics[domain.metric]
    memory = int(Task.model_fields["memory_bytes"].default)
    return {
        "title": domain.title,
        "metric": domain.metric,
        "better": "lower" if metric.direction == "min" else "higher",
        "games": [trial.label for trial in train.trials],
        "horizon": max(trial.iterations for trial in train.trials),
        "kind": train.fitness.kind,
        "objective": train.fitness.objective,
        "reference": reference_words(train.fitness.reference),
        "floor": floor_words(train.fitness),
        "clip": train.fitness.clip,
        "worst": train.fitness.worst,
        "rules": [*rules(train), *([chaos] if (chaos := rounding_words(domain.name, train)) else [])],
        "imports": tuple(imports),
        "limits": Limits(cpu_seconds=train.seconds, memory_bytes=memory),
    }
