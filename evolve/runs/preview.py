"""The prompt that a run would send next, from what is stored; nothing is sent or evaluated."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace

import numpy as np

from nashforge.archive import Archive, Candidate, ModelCall, Run
from nashforge.evolve.config.parts import AGENT
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.fitness import best_of
from nashforge.evolve.evaluation.messages import Report, Task
from nashforge.evolve.executors.base import Lost
from nashforge.evolve.proposers.base import Individual, Proposer, Request
from nashforge.evolve.proposers.llm.memos import due, memos_of
from nashforge.evolve.proposers.llm.orders import MEMO
from nashforge.evolve.proposers.llm.prices import most_tokens, usual_tokens
from nashforge.evolve.proposers.llm.prompter import make_prompter
from nashforge.evolve.proposers.llm.proposer import ModelProposer
from nashforge.evolve.proposers.llm.providers.base import Prompt
from nashforge.evolve.proposers.llm.providers.turns import most_tokens_of
from nashforge.evolve.proposers.llm.recordings.systems import stored_system
from nashforge.evolve.proposers.llm.tools.measure import MEASURE
from nashforge.evolve.proposers.llm.writing import takes_tools
from nashforge.evolve.runs.continuing import check_continuable
from nashforge.evolve.runs.proposers import models_of
from nashforge.evolve.runs.run import resumed_config
from nashforge.evolve.search.events import Silent
from nashforge.evolve.search.loop import Search
from nashforge.evolve.search.proposals import ProposalQueue, SearchContext, Stop
from nashforge.evolve.search.references import floors, known_values, references_of
from nashforge.evolve.search.strategies import make_strategy


@dataclass(frozen=True)
class Preview:
    """A prompt, and about how many tokens it has.

    Attributes
    ----------
    operator : str
        What is asked for.
    tokens, most : int
        An estimate for code and English, and an upper bound.
    """

    operator: str
    prompt: Prompt
    tokens: int
    most: int


def preview(
    archive: Archive, run: Run, config: RunConfig | None = None, operator: str | None = None
) -> Preview:
    """Return the prompt that a run would send next.

    Parameters
    ----------
    config
        Its configuration, with what is to be tried out; by default as it would be resumed.
    operator
        Ask for this one instead of what the strategy would choose.

    Raises
    ------
    nashforge.prompts.PromptError
        If the domain has no prompts, or one of them cannot be rendered.
    nashforge.evolve.runs.continuing.OutdatedRunError
        If this version would not go on with the run.
    """
    check_continuable(archive, run)
    chosen = config or resumed_config(archive, run)
    # Of an offline run: what a model would be told if it took over.
    labels = [model.label for model in models_of(chosen)] or ["any:model"]
    agents = chosen.models.proposers == (AGENT,)
    chosen = chosen.changed(proposer=labels)
    work = domain(chosen.domain)
    train = chosen.stages(work)["train"]
    names = references_of(archive, run, work, chosen.evaluation.fitness)
    known = known_values(archive, work, train, names)
    if names and len(known) == len(names):
        more = {"references": best_of(known.values()), "floors": floors(work, train)}
        train = train.model_copy(update=more)
    prompter = make_prompter(archive, chosen, work, train)
    request, writer = _next_request(archive, run, chosen, labels)
    memos, before = memos_of(archive, run)
    last = memos[-1] if memos else ""
    if operator is not None:
        request = _as(request, operator)
    tool = takes_tools(chosen.models, prompter, writer)
    if operator is None and due(request.memory, before, chosen.models):
        purpose, prompt = MEMO, prompter.memo(request, last)
    else:
        purpose, prompt = request.operator, prompter.prompt(request, memo=last, tool=tool, file=agents)
    return _preview(purpose, replace(prompt, tools=(MEASURE,)) if tool else prompt)


def _next_request(archive: Archive, run: Run, config: RunConfig, labels: list[str]) -> tuple[Request, str]:
    """Return what a run would ask a model for next, and which.

    A run asks ahead: what it asks for next may not depend on the newest outcomes.
    """
    work = domain(config.domain)
    # Were there no limit, so that a run that has reached one shows how it would go on.
    config = config.changed(max_evaluations=sys.maxsize, patience=None, max_minutes=None)
    proposer = ModelProposer(archive, run, config, work, labels=labels, providers={}, prices={})
    made: list[_Rehearsal] = []

    def rehearsal(context: SearchContext) -> _Rehearsal:
        made.append(_Rehearsal(context, proposer))
        return made[0]

    Search(archive, run, config, work, proposer, _Idle(), Silent()).rehearse(rehearsal)
    if not made[0].told:  # the seed is not measured yet
        strategy = make_strategy(config)
        strategy.tell(Individual(0, 0, "seed", work.seed, work.source(work.seed), 0.0))
        return strategy.ask(1, np.random.default_rng([config.seed, 1, 0]), ()), proposer.choose()
    return made[0].request


class _Rehearsal(ProposalQueue):
    """Goes through what is stored, and stops at what is not."""

    def __init__(self, context: SearchContext, proposer: Proposer) -> None:
        super().__init__(context, proposer)
        self._next: tuple[Request, str] | None = None

    def batch(self) -> AbstractContextManager[object]:
        """Nothing is written."""
        return nullcontext()

    def ask(self, index: int, open_candidate: Candidate | None, usual: int | None = None) -> Candidate | None:
        """Note what would be asked for."""
        self._next = self._asked(index)
        raise Stop("rehearsed")

    @property
    def told(self) -> int:
        """The number of known outcomes."""
        return self._context.board.told

    @property
    def request(self) -> tuple[Request, str]:
        """The next request, and whom it is for; while all is under way, from what is known now."""
        if self._next is None:
            self._next = self._asked(self.told)
        return self._next

    def _asked(self, index: int) -> tuple[Request, str]:
        writer = self._proposer.choose()
        return self._request(index, writer), writer


class _Idle:
    """An executor that is given nothing to do."""

    workers = 1

    def submit(self, task: Task) -> None:
        """Nothing is evaluated."""

    def wait(self, timeout: float | None = None) -> list[Report | Lost]:
        """Nothing is evaluated."""
        return []

    def close(self) -> None:
        """Nothing is open."""


def _as(request: Request, operator: str) -> Request:
    partner = request.partner
    if operator == "combine" and partner is None:
        partner = request.inspirations[0] if request.inspirations else request.parent
    return replace(
        request, operator=operator, partner=partner if operator == "combine" else None, failure=None
    )


def sent(archive: Archive, run: Run, call: ModelCall) -> Preview:
    """Return the prompt of a stored call, as it was sent; of a conversation, what was new in it."""
    request = call.request
    system = stored_system(archive, run, str(request.get("system", "")))
    user = str(request.get("user", ""))
    if request.get("turn"):
        user = "\n\n".join(f"{MEASURE.name} returned:\n\n{told['text']}" for told in request["results"])
    tools = (MEASURE,) if request.get("tools") else ()
    return _preview(str(request.get("purpose", "")), Prompt(system, user, tools))


def _preview(operator: str, prompt: Prompt) -> Preview:
    texts = prompt.system, prompt.user, *(json.dumps(asdict(tool)) for tool in prompt.tools)
    most = most_tokens(prompt.system) + most_tokens(prompt.user) + most_tokens_of(prompt.tools)
    return Preview(operator, prompt, sum(map(usual_tokens, texts)), most)
