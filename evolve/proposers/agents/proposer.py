"""Agents as a proposer: what a search wants is a row that an agent claims, and its answer becomes a program.

The search waits for whoever comes. Where nobody claims a request in time, another proposer writes the program
in the agents' place, which is recorded, so that a replay does the same.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from nashforge.archive import Archive, BudgetExceeded, CallStatus, Candidate, Run, Status
from nashforge.archive.agents import AgentRequest, RequestState
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Stage
from nashforge.evolve.proposers.agents.payload import FAMILIES, GAMES, TRAIN, open_request, payload_of
from nashforge.evolve.proposers.base import Draft, Halt, Proposer, Request
from nashforge.evolve.proposers.families import letters
from nashforge.evolve.proposers.held_out import KEY, Redaction, held_out_names
from nashforge.evolve.proposers.llm.context.numbers import numbers_of
from nashforge.evolve.proposers.llm.feedback import load_feedback
from nashforge.evolve.proposers.llm.prompter import make_prompter
from nashforge.evolve.proposers.llm.prompting import Prompter
from nashforge.evolve.proposers.llm.recordings.replay import RecordedCall, Recording
from nashforge.evolve.proposers.llm.recordings.systems import keep_system
from nashforge.evolve.proposers.llm.replies.reading import ReplyError, mechanisms_in, read_reply

AGENT = "agent"
"""As a proposer, and as the provider of recorded answers."""

NOBODY = "nobody"
"""Name of the model in the record of a request that no agent claimed in time."""

LOOK_SECONDS = 0.4
"""How often is looked whether anybody has told something."""

SWEEP_SECONDS = 2.0
"""How often it is looked for leases that have ended, and for agents that did not come."""


@dataclass
class _Order:
    """A program that is asked for."""

    candidate: Candidate
    request: Request
    row: AgentRequest | None = None
    recorded: RecordedCall | None = None


class AgentProposer(Proposer):
    """Has programs written by agents, or takes their recorded answers.

    Parameters
    ----------
    archive, run, config, domain
        Of the run.
    fallback
        Who writes what no agent claims within ``agent_seconds``; None: it waits.
    recording
        Recorded answers of the run that is replayed; None: agents are asked.
    note
        Called with what is worth telling people.
    """

    name = AGENT

    def __init__(
        self,
        archive: Archive,
        run: Run,
        config: RunConfig,
        domain: Domain,
        *,
        fallback: Proposer | None = None,
        recording: Recording | None = None,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._archive, self._run, self._config, self._domain = archive, run, config, domain
        self._fallback, self._recording, self._note = fallback, recording, note
        self._level = load_feedback(config.models.feedback)
        self._orders: dict[int, _Order] = {}
        self._ready: deque[Draft] = deque()
        self._passed: dict[int, str] = {}
        self._looked = self._swept = 0.0
        self._news, self._fresh = archive.database.changes(), False
        self._ring: Callable[[], None] = lambda: None
        self._prompter: Prompter
        self._train: Stage
        self._redaction = Redaction(())

    def begin(self, train: Stage, evaluations: int) -> None:
        """Render what agents are told once, and note which games they are not told."""
        if self._fallback is not None:
            self._fallback.begin(train, evaluations)
        if self._recording is not None:
            return
        stages = self._config.stages(self._domain)
        names = held_out_names(stages)
        self._redaction = Redaction(names)
        with self._archive.database.transaction():
            self._archive.runs.set_value(self._run, KEY, names)
            self._archive.runs.set_value(self._run, FAMILIES, letters(self._domain, stages["validation"]))
            self._train_on(train)
        self._note(f"agents write programs: `nashforge ask {self._run.nickname}`")

    def renew(self, train: Stage) -> None:
        """Tell other training games from now on, and what is known of them."""
        if self._fallback is not None:
            self._fallback.renew(train)
        if self._recording is None:
            with self._archive.database.transaction():
                self._train_on(train)

    def _train_on(self, train: Stage) -> None:
        # Agents measure by a verb of their own, and are not told how models do.
        config = self._config.changed(experiments=0)
        self._prompter = make_prompter(self._archive, config, self._domain, train)
        self._train = train
        values = {
            f"{TRAIN} {train.digest}": train.model_dump(mode="json"),
            "references": dict(train.references),
            GAMES: list(numbers_of(train)),
        }
        keep_system(self._archive, self._run, self._prompter.system)
        for name, value in values.items():
            self._archive.runs.set_value(self._run, name, value)

    @property
    def busy(self) -> int:
        """Number of programs that are being written."""
        return len(self._orders)

    @property
    def waiting(self) -> str | None:
        """Why nothing is being written by this process: agents are waited for."""
        if not self._orders or self._ready or self._passed:
            return None
        some = "a request waits" if len(self._orders) == 1 else f"{len(self._orders)} requests wait"
        return f"{some} for agents: nashforge ask {self._run.nickname}"

    def asked_after(self, index: int) -> int:
        """Return what the recording knows."""
        return 0 if self._recording is None else self._recording.asked_after(index)

    def notify(self, ring: Callable[[], None]) -> None:
        """Have something called when the one that steps in has written something."""
        self._ring = ring
        if self._fallback is not None:
            self._fallback.notify(ring)

    def reserve(self, candidate: Candidate, request: Request, writer: str) -> None:
        """Take a recorded answer, or open a request to agents: the one that is there, for a resumed run."""
        order = _Order(candidate, request)
        if self._recording is not None:
            order.recorded = self._recording.next_call(candidate.index)
            if order.recorded is None:
                raise Halt("replayed: the recording has no more answers")
        else:
            # What holds when somebody asks is told then: what else is under way, and the lab book.
            lasting = replace(request, memory=replace(request.memory, under_way=(), notes=()))
            told, prompt = open_request(request, self._redaction), self._prompter.prompt(lasting, file=True)
            payload = payload_of(
                told,
                prompt,
                self._prompter.digest,
                self._level,
                self._train,
            )
            order.row = self._archive.requests.open(
                self._run, candidate, index=candidate.index, kind=request.operator, payload=payload
            )
        self._orders[candidate.index] = order
        self._fresh = True  # of a resumed run, it may have been told long ago

    def submit(self, request: Request) -> None:
        """Use what is recorded, or wait for an agent."""
        order = self._orders[request.index]
        if order.recorded is not None:
            self._replay(order, order.recorded)
        elif order.row is not None and order.row.state is RequestState.PASSED:
            self._step_in(order)

    def collect(self) -> list[Draft]:
        """Return what agents have told, and what was written in the place of those who did not come."""
        if self._recording is None:
            self._look_if_due()
        if self._fallback is not None and self._passed:
            for draft in self._fallback.collect():
                writer = self._passed.pop(draft.index)
                self._done(replace(draft, data={**draft.data, "model": writer, "passed": True}))
        drafts = list(self._ready)
        self._ready.clear()
        return drafts

    def wait(self, seconds: float) -> None:
        """Wait a moment."""
        if self._ready:
            return
        if self._passed and self._fallback is not None:
            self._fallback.wait(seconds)
        else:
            time.sleep(min(seconds, LOOK_SECONDS))

    def close(self) -> None:
        """Leave what is asked for as it is: a resumed run takes what was told meanwhile."""
        if self._fallback is not None:
            self._fallback.close()
        self._news.close()
        self._orders.clear()

    # What becomes of requests.

    def _look_if_due(self) -> None:
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS or not self._orders:
            return
        self._looked = now
        if self._news.any() or self._fresh:
            self._fresh = False
            self._look()
        if now - self._swept >= SWEEP_SECONDS:
            self._swept = now
            self._sweep()

    def _open_orders(self) -> dict[int, _Order]:
        return {
            order.candidate.id: order for index, order in self._orders.items() if index not in self._passed
        }

    def _look(self) -> None:
        open_orders = self._open_orders()
        if not open_orders:
            return
        for row in self._archive.requests.told(open_orders):
            self._told(open_orders[row.candidate_id], row)

    def _sweep(self) -> None:
        """Take back what nobody holds any more, and have written what nobody came for."""
        self._archive.requests.sweep(self._run)
        if self._fallback is None:
            return
        open_orders = self._open_orders()
        for row in self._archive.requests.overdue(self._run, self._config.models.agent_seconds):
            order = open_orders.get(row.candidate_id)
            if order is not None and row.index in self._orders:
                self._pass(order, row)

    def _told(self, order: _Order, row: AgentRequest) -> None:
        answer = row.answer or {}
        data: dict[str, Any] = {
            name: answer[name] for name in ("author", "client", "model", "calls", "cost") if name in answer
        }
        draft = self._read(
            order.request,
            str(answer.get("text", "")),
            str(answer.get("note") or ""),
            int(answer.get("reading", 1)),
        )
        note = answer.get("note") or draft.note
        if row.measured:
            data["experiments"] = {"seconds": round(row.measured, 3)}
        self._done(replace(draft, note=note, data={**data, **draft.data, "token": row.token}))

    def _read(self, request: Request, text: str, note: str, reading: int) -> Draft:
        try:
            edited = read_reply(text, request.base, request.donors, reading=reading)
        except ReplyError as error:
            return Draft(request.index, reason=f"no usable answer: {error}")
        named = edited.mechanisms or mechanisms_in(note)
        found = {"remarks": list(edited.remarks), "mechanisms": list(named)}
        data = {name: values for name, values in found.items() if values}
        return Draft(request.index, edited.source, edited.note or None, data=data)

    def _pass(self, order: _Order, row: AgentRequest) -> None:
        """Have the other proposer write what no agent has claimed, and record that it does."""
        reason = f"no agent came within {self._config.models.agent_seconds:g} s"
        with self._archive.database.transaction():
            if self._archive.requests.pass_by(row, reason) is None:
                return
            call = self._archive.calls.reserve(
                self._run,
                provider=AGENT,
                model=NOBODY,
                request={"index": row.index, "purpose": row.kind, "system": self._prompter.digest},
                reserved_cost=0.0,
                candidate=order.candidate,
            )
            self._archive.calls.settle(call, CallStatus.TIMEOUT, cost=0.0, reason=reason)
        self._step_in(order)

    def _step_in(self, order: _Order) -> None:
        index, fallback = order.candidate.index, self._fallback
        if fallback is None:
            reason = "no agent came, and no other proposer writes in their place"
            self._done(Draft(index, status=Status.CANCELLED, reason=reason))
            return
        writer = fallback.choose()
        try:
            fallback.reserve(order.candidate, order.request, writer)
        except (BudgetExceeded, Halt) as error:
            reason = f"no agent came, and {writer} could not write: {error}"
            self._done(Draft(index, status=Status.CANCELLED, reason=reason))
            return
        self._passed[index] = writer
        fallback.submit(order.request)
        self._ring()

    def _replay(self, order: _Order, recorded: RecordedCall) -> None:
        if recorded.status is CallStatus.TIMEOUT:
            self._step_in(order)
            return
        draft = self._read(order.request, recorded.text, recorded.note, recorded.reading)
        draft = replace(draft, note=recorded.note or draft.note)
        data = {"model": recorded.label, "calls": 1, "cost": recorded.cost}
        self._done(replace(draft, data={**data, **draft.data}))

    def _done(self, draft: Draft) -> None:
        self._orders.pop(draft.index, None)
        self._ready.append(draft)
