"""Language models as proposers: which model is asked, when, and what it may cost."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nashforge.archive import Archive, BudgetExceeded, CallStatus, Candidate, ModelCall, Run, Status
from nashforge.evolve.config.model_names import parse_model, place_of
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Stage
from nashforge.evolve.executors.dispatcher import SearchError
from nashforge.evolve.proposers.base import Draft, Halt, Ledger, Proposer, Request
from nashforge.evolve.proposers.experiments import Laboratory
from nashforge.evolve.proposers.llm.bandit import Bandit
from nashforge.evolve.proposers.llm.calls import Calls
from nashforge.evolve.proposers.llm.circuit_breaker import CircuitBreaker
from nashforge.evolve.proposers.llm.cost_estimate import estimate_costs
from nashforge.evolve.proposers.llm.memos import IDEAS, memos_of
from nashforge.evolve.proposers.llm.orders import EXPERIMENT, Order
from nashforge.evolve.proposers.llm.prices import Price
from nashforge.evolve.proposers.llm.prompter import make_prompter
from nashforge.evolve.proposers.llm.prompting import Prompter
from nashforge.evolve.proposers.llm.providers.base import NoTools, Provider, Refused, Unavailable
from nashforge.evolve.proposers.llm.recordings.replay import (
    EXPERIMENTS,
    FINDINGS,
    RecordedCall,
    Recording,
    recorded_call,
    unfinished,
)
from nashforge.evolve.proposers.llm.recordings.systems import keep_system
from nashforge.evolve.proposers.llm.writing import Ask, Writing
from nashforge.evolve.proposers.outages import keep_outages

REFUSALS = 5
"""A run ends when a model turns so many requests in a row away for good."""


class ModelProposer(Proposer):
    """Has programs written by language models, or takes their recorded answers.

    Parameters
    ----------
    archive, run, config, domain
        Of the run.
    providers, prices
        By label of the model; without providers, only recorded answers are used.
    recording
        Recorded answers of the run that is replayed; None: models are asked.
    laboratory
        Makes what measures experiments, from the training stage; None: there are none.
    note
        Called with what is worth telling people.
    """

    def __init__(
        self,
        archive: Archive,
        run: Run,
        config: RunConfig,
        domain: Domain,
        *,
        labels: Sequence[str],
        providers: Mapping[str, Provider],
        prices: Mapping[str, Price],
        recording: Recording | None = None,
        laboratory: Callable[[Stage], Laboratory] | None = None,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._archive, self._run, self._config, self._domain = archive, run, config, domain
        self._labels, self._prices, self._note = tuple(labels), prices, note
        self._make_laboratory = laboratory
        self._replaying = recording is not None
        self._recording = recording.of(self._labels.__contains__) if recording is not None else Recording(())
        self._calls = Calls(archive, providers, prices, config.models.proposal_seconds)
        self._bandit = Bandit(self._labels)
        self._breakers = {label: CircuitBreaker() for label in self._labels}
        self._refusals = dict.fromkeys(self._labels, 0)
        self._orders: dict[int, Order] = {}
        self._ready: deque[tuple[int, RecordedCall]] = deque()
        self._ring: Callable[[], None] = lambda: None
        self._spent, self._tokens, self._count = 0.0, 0, 0
        self._outages: dict[str, str] = {}
        self._prompter: Prompter
        self._writing: Writing | None = None

    name = "models"

    # What the search asks for.

    @property
    def busy(self) -> int:
        """Number of programs that are being written."""
        return len(self._orders)

    @property
    def ledger(self) -> Ledger | None:
        """The run's spending; None for a replay."""
        if self._replaying:
            return None
        reserved = sum(order.call.reserved_cost for order in self._orders.values() if order.call is not None)
        return Ledger(
            self._spent,
            reserved,
            self._tokens,
            self._count,
            self._config.budget.usd or None,
            self._waiting(),
        )

    def begin(self, train: Stage, evaluations: int) -> None:
        """Render the system prompt, and count what was lost with an interrupted process as spent."""
        self._prompter = make_prompter(self._archive, self._config, self._domain, train)
        options, replaying = self._config.models, self._replaying
        if replaying:
            self._note("recorded answers are used; no model is asked and nothing is spent")
            self._writing = Writing(options, self._prompter, train, self._recording, None, replaying=True)
            return
        self._archive.calls.write_off(self._run)
        laboratory = None
        if self._prompter.offers_experiments and self._make_laboratory is not None:
            laboratory = self._make_laboratory(train)
        memos, known = memos_of(self._archive, self._run)
        total = self._archive.calls.spending(self._run)[""]
        self._spent, self._count = total.cost, total.calls
        self._tokens = (
            total.input_tokens + total.cached_tokens + total.cache_write_tokens + total.output_tokens
        )
        self._recording = unfinished(self._archive, self._run).of(self._labels.__contains__)
        self._writing = Writing(
            options, self._prompter, train, self._recording, laboratory, memos=memos, known=known
        )
        keep_system(self._archive, self._run, self._prompter.system)
        for model in map(parse_model, self._config.models.models):
            place = place_of(model)
            if place is not None:
                self._note(f"{model.label} is asked at {place}")
        prices = {label: self._prices[label] for label in self._labels}
        experiments = options.experiments if laboratory is not None else 0
        self._note(
            estimate_costs(prices, self._prompter.system, self._config, evaluations, self._spent, experiments)
        )

    def renew(self, train: Stage) -> None:
        """Render the system prompt anew, which tells the training games and what is known of them."""
        self._prompter = make_prompter(self._archive, self._config, self._domain, train)
        self._steps.renew(self._prompter, train)
        if not self._replaying:
            keep_system(self._archive, self._run, self._prompter.system)

    @property
    def _steps(self) -> Writing:
        assert self._writing is not None, "the proposer was not begun"
        return self._writing

    def choose(self) -> str:
        """Return the model that the bandit prefers."""
        return self._bandit.choose()

    def island(self, writer: str) -> int | None:
        """Return a model's own island, if it has one."""
        return self._labels.index(writer) if self._config.population.model_islands else None

    def reserve(self, candidate: Candidate, request: Request, writer: str) -> None:
        """Take a recorded answer, or set money aside for asking a model."""
        order = self._steps.begin(candidate, request, writer)
        self._fund(order)
        self._steps.begun(order)
        if not self._replaying:
            self._archive.runs.set_value(self._run, "bandit", self._bandit.state())
        self._orders[candidate.index] = order

    def submit(self, request: Request) -> None:
        """Use the recorded answer, or call the model."""
        self._start(request.index)

    def _start(self, index: int) -> None:
        order = self._orders[index]
        if order.recorded is not None:
            self._ready.append((index, order.recorded))
            order.recorded = None
            self._ring()
        elif self._breakers[order.writer].is_open:
            # Money is not held back for what waits.
            self._release(order, "the model is not available")
            self._breakers[order.writer].held.append(index)
        else:
            assert order.call is not None
            self._calls.start(index, order.call, order.prompt, self._config.models.max_output_tokens)

    def collect(self) -> list[Draft]:
        """Return what was written; ask again where an answer needs repair or a model is back."""
        drafts: list[Draft | None] = []
        while self._ready:
            index, recorded = self._ready.popleft()
            self._orders[index].cost += recorded.cost
            drafts.append(self._read(index, recorded))
        for index, step in self._steps.measured():
            drafts.append(self._go(index, step))
        for end in self._calls.take():
            drafts.append(self._ended(end.index, end.call, end.failure))
        for breaker in self._breakers.values():
            for index in breaker.release():
                drafts.append(self._again(index))
            if breaker.seconds_open > 60 * self._config.models.outage_minutes and not len(self._calls):
                raise Halt(f"outage: {breaker.reason}")
        self._remember_outages(self._breakers)
        return [draft for draft in drafts if draft is not None]

    def _remember_outages(self, breakers: Mapping[str, CircuitBreaker]) -> None:
        """Store what is waited for, for whoever asks where the run stands, when that has changed."""
        now = {label: one.reason for label, one in breakers.items() if one.reason is not None}
        if now != self._outages:
            self._outages = now
            outages = [(label, now[label], breakers[label].seconds_open) for label in now]
            keep_outages(self._archive, self._run, outages)

    def wait(self, seconds: float) -> None:
        """Wait until an answer came, at most so long."""
        if not self._ready:
            self._calls.wait(seconds)

    def notify(self, ring: Callable[[], None]) -> None:
        """Have something called when an answer comes."""
        self._ring = self._calls.ring = ring

    def observe(self, candidate: Candidate, gain: float) -> None:
        """Tell the bandit what a program gained and cost."""
        if candidate.proposer in self._bandit.arms:
            self._bandit.tell(candidate.proposer, gain, float(candidate.data.get("cost", 0.0)))

    def replayed(self, writer: str) -> None:
        """Have the bandit go through a choice that is stored."""
        if writer in self._bandit.arms:
            self._bandit.asked(writer)

    def asked_after(self, index: int) -> int:
        """Return what the recording knows, where that of a whole run is replayed."""
        return self._recording.asked_after(index) if self._replaying else 0

    def close(self) -> None:
        """Give up what is under way; as it may have been answered, it counts as spent."""
        self._calls.close()
        if self._writing is not None:
            self._writing.close()
        if self._orders and not self._replaying:
            self._archive.calls.write_off(self._run)
        self._orders.clear()
        self._remember_outages({})  # the best is tested yet, and nobody waits for models

    # Money.

    def _fund(self, order: Order) -> None:
        """Take the next recorded answer, or set the most that a call can cost aside."""
        index = order.candidate.index
        order.recorded = self._recording.next_call(index)
        if order.recorded is not None:
            return
        if self._replaying:
            raise Halt("replayed: the recording has no more answers")
        request: dict[str, Any] = {
            "index": index,
            "purpose": order.purpose,
            "system": self._prompter.digest,
            IDEAS: len(order.request.memory.ideas),
        }
        if order.prompt.turns and order.conversation is not None:
            request["seconds"] = order.conversation.used
        elif order.purpose == EXPERIMENT and order.experiments:
            request |= {
                EXPERIMENTS: len(order.experiments),
                FINDINGS: order.experiments[-1].as_json(),
            }
        order.call = self._calls.reserve(
            self._run,
            order.candidate,
            order.writer,
            order.prompt,
            request,
            max_output=self._config.models.max_output_tokens,
            cap=self._config.budget.usd or None,
            token_cap=self._config.budget.max_tokens,
        )

    def _release(self, order: Order, reason: str) -> None:
        assert order.call is not None
        self._archive.calls.settle(order.call, CallStatus.ERROR, cost=0.0, reason=f"not sent: {reason}")
        order.call = None

    # What becomes of calls.

    def _ended(self, index: int, call: ModelCall, failure: Exception | None) -> Draft | None:
        order = self._orders[index]
        breaker = self._breakers[order.writer]
        order.call = None
        order.cost += call.cost or 0.0
        self._spent += call.cost or 0.0
        self._tokens += call.input_tokens + call.cached_tokens + call.cache_write_tokens + call.output_tokens
        self._count += 1
        if isinstance(failure, Unavailable):
            if not breaker.is_open:
                self._note(f"{order.writer} is not available: {call.reason}; waiting for it")
            breaker.failed(str(call.reason))
            breaker.held.append(index)
            return None
        if isinstance(failure, NoTools):
            breaker.answered()
            return self._without_tools(order, str(call.reason))
        if isinstance(failure, Refused):
            self._refusals[order.writer] += 1
            if failure.fatal or self._refusals[order.writer] >= REFUSALS:
                raise SearchError(f"{order.writer} refuses all requests: {call.reason}")
            # Whoever turns a request away for good is there to be asked.
            breaker.answered()
        elif failure is not None:
            breaker.lost(str(call.reason))
        else:
            if breaker.is_open:
                self._note(f"{order.writer} is available again")
            breaker.answered()
            self._refusals[order.writer] = 0
        return self._read(index, recorded_call(index, call))

    def _without_tools(self, order: Order, reason: str) -> Draft | None:
        """Ask in words for what a model refuses because of the tools beside it."""
        if self._steps.without_tools(order):
            self._note(f"{order.writer} takes no tools ({reason}); variants are measured as its answers ask")
        return self._go(order.index, Ask(f"there was no money left to ask without tools: {reason}"))

    def _again(self, index: int) -> Draft | None:
        """Ask for a held program again."""
        order = self._orders[index]
        try:
            self._fund(order)
        except BudgetExceeded as error:
            reason = f"there was no money left to ask again: {error}"
            return self._go(index, order.finished(status=Status.CANCELLED, reason=reason))
        assert order.call is not None
        self._calls.start(index, order.call, order.prompt, self._config.models.max_output_tokens)
        return None

    def _read(self, index: int, recorded: RecordedCall) -> Draft | None:
        """Make a program of an answer, or go on towards one."""
        order = self._orders[index]
        order.calls += 1
        return self._go(index, self._steps.read(order, recorded))

    def _go(self, index: int, step: Draft | Ask | None) -> Draft | None:
        """Hand a program in, or make the next call for it, or take that from the recording."""
        order = self._orders[index]
        if isinstance(step, Ask):
            try:
                self._fund(order)
            except (BudgetExceeded, Halt):
                step = order.finished(reason=step.otherwise)
            else:
                self._start(index)
                return None
        if step is not None:
            del self._orders[index]
        return step

    def _waiting(self) -> str | None:
        """Say why nothing is being written, if all there is to write is held back."""
        unavailable = {label: breaker for label, breaker in self._breakers.items() if breaker.is_open}
        if not unavailable or len(self._calls) or self._ready or not self._orders:
            return None
        label, breaker = min(unavailable.items(), key=lambda item: item[1].seconds_left)
        left = time.strftime("%M:%S", time.gmtime(breaker.seconds_left))
        return f"{label}: {breaker.reason}; next try in {left}"
