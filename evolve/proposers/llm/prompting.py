"""Prompts: rendered from the domain's templates and from what the search knows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nashforge import prompts
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Stage, Task
from nashforge.evolve.proposers.base import Failure, Request
from nashforge.evolve.proposers.llm.feedback import Feedback, view
from nashforge.evolve.proposers.llm.providers.base import Prompt
from nashforge.evolve.sandbox.limits import Limits
from nashforge.evolve.sandbox.program import STANDARD_IMPORTS, host_imports

LONGEST_REASON = 1500
"""Characters of a failure's reason that are told."""


@dataclass(frozen=True)
class Repair:
    """A failure that a model is asked to repair."""

    source: str
    reason: str
    reply: str | None = None


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

    Raises
    ------
    nashforge.prompts.PromptError
        If the domain has no system prompt, or it mentions a variable that nobody gives.
    """

    def __init__(self, domain: Domain, train: Stage, level: Feedback, folder: str | None = None) -> None:
        own = domain.prompts
        folders = [Path(folder)] if folder is not None else []
        self._folders = (*folders, *([Path(own)] if own is not None else []))
        self._domain, self._level = domain, level
        self._references = dict(train.references)
        extra = dict(domain.prompt_variables(train))
        self.system = prompts.render(
            f"{domain.name}/system", folders=self._folders, **_common(domain, train), **extra
        ).strip()
        self.digest = hashlib.sha256(self.system.encode("utf-8", "replace")).hexdigest()[:16]

    def prompt(self, request: Request, repair: Repair | None = None) -> Prompt:
        """Return what is sent for a request, or for the repair of an answer to it."""
        if repair is None and request.failure is not None and request.failure.source is not None:
            repair = Repair(request.failure.source, shortened(request.failure.reason))
        others = request.inspirations[: self._level.others]
        user = prompts.render_for(
            self._domain.name,
            "user",
            folders=self._folders,
            parent=view(request.parent, self._references, self._level),
            partner=None if request.partner is None else view(request.partner, self._references, self._level),
            others=[view(other, self._references, self._level) for other in others],
            failures=self._failures(request.failures) if repair is None else [],
            operator=f"{prompts.SHARED}/{'repair' if repair is not None else request.operator}",
            repair=repair,
        )
        return Prompt(self.system, user.strip())

    def _failures(self, failures: Sequence[Failure]) -> list[Failure]:
        told = list(failures)[::-1][: self._level.failures]
        shown = self._level.failed_sources
        return [
            Failure(failure.source if k < shown else None, failure.status, shortened(failure.reason))
            for k, failure in enumerate(told)
        ]


def shortened(reason: str) -> str:
    """Return a reason that fits into a prompt: its beginning, and its end where the error stands."""
    if len(reason) <= LONGEST_REASON:
        return reason
    half = LONGEST_REASON // 2
    return f"{reason[:half]}\n[...]\n{reason[-half:]}"


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
        "reference": train.fitness.reference,
        "floor": train.fitness.floor,
        "imports": tuple(imports),
        "limits": Limits(cpu_seconds=train.seconds, memory_bytes=memory),
    }
