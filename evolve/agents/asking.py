"""Asking for work: claims requests of a run for an agent, with all that it needs to know."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nashforge.archive import Archive
from nashforge.archive.agents import AgentRequest, RequestState
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.answers.verbs import (
    Asked,
    Held,
    Interface,
    OpenTask,
    ProgramView,
    State,
    Task,
    UnderWay,
)
from nashforge.evolve.agents.brief import seen_in, shortened
from nashforge.evolve.agents.comparing import best_of, better_since, threshold
from nashforge.evolve.agents.pace import preparing_of, queue_of
from nashforge.evolve.agents.views import Desk, moment, open_desk
from nashforge.evolve.config.parts import ModelOptions
from nashforge.evolve.proposers.agents.payload import TRAIN
from nashforge.evolve.proposers.llm.recordings.systems import stored_system
from nashforge.evolve.proposers.registry import AGENT

MOST = 16
"""Requests that are claimed at once, at most."""

REPAIR = "repair"

AGAIN = ("waiting", "preparing", "paused")
"""States in which there will be something, if one asks again."""

RETRY_SECONDS = 5.0
POLL_SECONDS = 0.25
LONGEST_NAME = 128


@dataclass(frozen=True)
class Who:
    """The one who asks and tells: kept with what becomes of it.

    Attributes
    ----------
    author : str
        A person, a model or an agent, by whatever name it goes.
    client : str
        The program that speaks for it, with its version.
    """

    author: str
    client: str

    def __post_init__(self) -> None:
        for name in ("author", "client"):
            text = " ".join(getattr(self, name).split())
            if not text or len(text) > LONGEST_NAME or not text.isprintable():
                raise AgentError(
                    f"{name} = {text[:40]!r}: it is a name of 1 to {LONGEST_NAME} printable characters"
                )
            object.__setattr__(self, name, text)


def ask(
    archive: Archive,
    run: str,
    who: Who,
    *,
    count: int = 1,
    interface: str | None = None,
    wait: float = 0.0,
    full: bool = False,
    look: bool = False,
    still_there: Callable[[], bool] = lambda: True,
) -> Asked:
    """Claim requests of a run, or only look for some.

    Parameters
    ----------
    run
        Its name, or the beginning of it, or ``latest``.
    count
        How many requests are wanted at most.
    interface
        The hash of the interface that the agent knows, which is then not told again.
    wait
        Seconds to wait for a request if none is open.
    full
        Whether all is told that belongs to a task. Otherwise what the same agent was told before in this
        run, or with an earlier task of the same answer, is named and left out.
    look
        Whether nothing is claimed: the answer says at once what is open, and what is held.
    still_there
        Whether whoever asks still waits for the answer.

    Raises
    ------
    AgentError
        If no agent writes for the run, or the count is out of bounds.
    """
    if not 1 <= count <= MOST:
        raise AgentError(f"count = {count}: between 1 and {MOST} requests can be claimed at once")
    desk = open_desk(archive, run)
    settings = desk.standing.settings
    if not is_written_by_agents(settings):
        raise AgentError(
            f"the run {desk.run.nickname} is written by {settings.get('proposer')}, and not by agents; start "
            f"one with `nashforge run {desk.run.domain} --proposer agent`"
        )
    if look:
        return _asked(desk, [], who, interface, full=full, look=True)
    seconds = float(settings.get("agent_lease") or ModelOptions().agent_lease)
    deadline = time.monotonic() + wait
    while True:
        claimed = [] if desk.is_over else _claim(desk, who, seconds, count)
        in_vain = desk.is_over or desk.interruption is not None
        if claimed or in_vain or time.monotonic() >= deadline or not still_there():
            return _asked(desk.now(), claimed, who, interface, full=full)
        time.sleep(min(POLL_SECONDS, max(deadline - time.monotonic(), 0.0)))
        desk = desk.now()


def again(archive: Archive, run: str, who: Who, task: int) -> Asked:
    """Tell a task again that an agent holds, with its token and nothing left out; nothing is claimed.

    Parameters
    ----------
    task
        The position of its candidate.

    Raises
    ------
    AgentError
        If nothing of it is held under the agent's name.
    """
    desk = open_desk(archive, run)
    held = [] if desk.is_over else _held(desk, who, [])
    mine = [one for one in held if one.index == task]
    if not mine:
        others = f"those of {', '.join(str(one.index) for one in held)}" if held else "none"
        raise AgentError(
            f"{who.author} does not hold the task of candidate {task} of {desk.run.nickname}, but {others}; "
            "ask for one"
        )
    return _asked(desk, mine[-1:], who, None, full=True)


def is_written_by_agents(settings: Mapping[str, Any]) -> bool:
    """Whether agents are among those who write the programs of a run of these settings."""
    return AGENT in str(settings.get("proposer", "")).replace(" ", "").split(",")


def _claim(desk: Desk, who: Who, seconds: float, count: int) -> list[AgentRequest]:
    requests = desk.archive.requests
    requests.sweep(desk.run)
    return requests.claim(desk.run, author=who.author, client=who.client, seconds=seconds, count=count)


def _asked(
    desk: Desk,
    claimed: list[AgentRequest],
    who: Who,
    known: str | None,
    *,
    full: bool = False,
    look: bool = False,
) -> Asked:
    told = None
    before = [] if full or not claimed else _told_before(desk, claimed, who)
    if claimed:
        digest = str(claimed[0].payload["system"])
        text = stored_system(desk.archive, desk.run, digest)
        heard = digest == known or any(str(one.payload["system"]) == digest for one in before)
        told = Interface(hash=digest, text=None if heard else text)
    over = desk.is_over
    unclaimed = _open(desk) if look and not over else []
    state = _state(desk, claimed, unclaimed)
    held = [] if over else _held(desk, who, claimed)
    reason = desk.redaction(desk.run.stop_reason or str(desk.run.state)) if over else None
    return Asked(
        run=desk.run.nickname,
        domain=desk.run.domain,
        tasks=[
            task_of(desk, request, None if full else [*before, *claimed[:place]])
            for place, request in enumerate(claimed)
        ],
        held=[
            Held(
                token=one.token if full else None,  # several agents may go by one name
                expires=moment(one.expires),
                index=one.index,
                kind=one.kind,
                parent=one.payload["parent"]["program"],
                better_since=better_since(desk, one),
            )
            for one in held
            if one.expires is not None
        ],
        open=unclaimed,
        best=best_of(desk),
        interface=told,
        notes=desk.notes() if claimed else [],
        budget=desk.budget(),
        queue=None if over else queue_of(desk),
        preparing=preparing_of(desk) if state == "preparing" else None,
        state=state,
        stop_reason=reason,
        interrupted=desk.interruption,
        retry_seconds=RETRY_SECONDS if state in AGAIN else None,
        lost=desk.is_lost,
        message=_message(desk, who, state, held, reason),
    )


def _open(desk: Desk) -> list[OpenTask]:
    """Return the requests that nobody holds: those that wait, and those whose lease has ended."""
    now = desk.archive.database.now()
    return [
        OpenTask(
            index=one.index,
            kind=one.kind,
            parent=one.payload["parent"]["program"],
            fitness=one.payload["parent"]["fitness"],
        )
        for one in desk.archive.requests.of(desk.run)
        if one.state is RequestState.WAITING
        or (one.state is RequestState.CLAIMED and one.expires is not None and one.expires <= now)
    ]


def _state(desk: Desk, claimed: Sequence[AgentRequest], unclaimed: Sequence[OpenTask] = ()) -> State:
    """Return what whoever asks does next, in a word."""
    if claimed:
        return "tasks"
    if desk.is_over:
        return "finished"
    if desk.interruption is not None:
        return "interrupted"
    if unclaimed:
        return "open"
    if desk.is_paused:
        return "paused"
    return "waiting" if desk.standing.result.best is not None else "preparing"


def _held(desk: Desk, who: Who, claimed: Sequence[AgentRequest]) -> list[AgentRequest]:
    """Return the requests that an agent claimed before and has not told anything by."""
    now = {request.id for request in claimed}
    return [
        one
        for one in desk.archive.requests.of(desk.run)
        if one.state is RequestState.CLAIMED and one.author == who.author and one.id not in now
    ]


def _message(desk: Desk, who: Who, state: State, held: Sequence[AgentRequest], reason: str | None) -> str:
    if state == "tasks":
        todo = (
            "write the program of each task and tell it by its token, as a whole program or as "
            "SEARCH/REPLACE blocks; give up what you cannot do; then ask again until the run has finished"
        )
        if desk.interruption is None:
            return todo
        return (
            f"{todo}. Nobody works on the run now ({desk.interruption}): what is told is kept, and evaluated "
            f"when {desk.resumed_by} continues it"
        )
    if state == "open":
        return "nothing was claimed, as it was only looked: ask without that to claim the oldest that is open"
    if state == "finished":
        return f"nothing more is wanted: the run has finished ({desk.ending or reason})"
    if state == "interrupted":
        held_too = "; what you hold stays yours, and what is told by it is kept" if held else ""
        return (
            f"the run is not finished, but nobody works on it ({desk.interruption}), and nothing comes until "
            f"{desk.resumed_by} continues it: say so to whoever runs it, and ask again then{held_too}"
        )
    if state == "paused":
        return f"the run is paused, and goes on where it is after {desk.resumed_by}; ask again later"
    if state == "preparing":
        progress = preparing_of(desk)
        how_far = "" if progress is None else f" ({progress.words})"
        return (
            "the run still measures the programs that it starts from and those that it is compared with, "
            f"which can take minutes{how_far}; ask again, with a longer wait"
        )
    if held:
        some = "a token" if len(held) == 1 else f"{len(held)} tokens"
        return (
            f"{who.author} holds {some} already: tell a program by each, or give it up; more is wanted when "
            "outcomes are in"
        )
    waiting = queue_of(desk).words
    queue = f" ({waiting})" if waiting else ""
    return f"all that is wanted is being written or evaluated{queue}; ask again, with a longer wait"


def _told_before(desk: Desk, claimed: list[AgentRequest], who: Who) -> list[AgentRequest]:
    """Return the requests that an agent was told before; to mend a failure, it need not have asked."""
    now = {request.id for request in claimed}
    return [
        one
        for one in desk.archive.requests.of(desk.run)
        if (one.author, one.client) == (who.author, who.client) and one.id not in now and one.kind != REPAIR
    ]


def task_of(desk: Desk, request: AgentRequest, before: Sequence[AgentRequest] | None = None) -> Task:
    """Return what an agent is told of a request that it has claimed.

    Parameters
    ----------
    before
        What it was told before, which is named and left out; None: all is told.
    """
    payload = request.payload
    assert request.expires is not None
    assert request.claimed is not None
    rejected, more = desk.rejected(int(payload["parent"]["candidate"]))
    others = desk.under_way(request)
    partner = payload.get("partner")
    prompt, left_out = _prompt(desk, request, others, before or ())
    short = bool(before)
    return Task(
        token=request.token,
        expires=moment(request.expires),
        seconds=round((request.expires - request.claimed).total_seconds(), 1),
        index=request.index,
        kind=request.kind,
        attempt=request.attempt,
        parent=_view(payload["parent"]),
        partner=None if partner is None else _view(partner),
        inspirations=[_view(other, source=not short) for other in payload.get("inspirations", [])],
        failure=desk.failed(payload.get("failure")),
        rejected=rejected,
        rejected_left_out=more,
        under_way=others,
        measure_seconds=round(max(desk.measure_seconds - request.measured, 0.0), 3),
        program_seconds=_program_seconds(desk, payload),
        validated_from=threshold(desk, request.index),
        better_since=better_since(desk, request),
        short=short,
        left_out=left_out,
        prompt=prompt,
    )


def _program_seconds(desk: Desk, payload: Mapping[str, Any]) -> float | None:
    stored = desk.archive.runs.get_value(desk.run, f"{TRAIN} {payload.get(TRAIN)}")
    return float(stored["seconds"]) if isinstance(stored, dict) and "seconds" in stored else None


def _prompt(
    desk: Desk, request: AgentRequest, others: Sequence[UnderWay], before: Sequence[AgentRequest]
) -> tuple[str, list[str]]:
    """Return the task in words, with what holds now below: what else is under way, and the lab book.

    What the agent was told before is left out, and named beside it.
    """
    text, left_out = str(request.payload["user"]), list[str]()
    if before:
        text, left_out = shortened(text, seen_in(str(one.payload["user"]) for one in before))
    parts = [text]
    if others:
        lines = [f"- #{one.index}, {one.kind} of {one.parent}, {_whose(one)}" for one in others]
        parts.append("\n".join(["# What else is being written or measured: do something else", "", *lines]))
    last = max((one.claimed for one in before if one.claimed is not None), default=None)
    notes = [note for note in desk.notes() if last is None or note.created >= moment(last)]
    if notes:
        lines = [f"- {note.text}" + (f" ({note.author})" if note.author else "") for note in notes]
        parts.append("\n".join(["# Lab book of this run", "", *lines]))
    return "\n\n".join(parts), left_out


def _whose(one: UnderWay) -> str:
    if one.yours:
        return "by you"
    return "by another proposer, or not claimed yet" if one.author is None else f"by {one.author}"


def _view(stored: Mapping[str, Any], *, source: bool = True) -> ProgramView:
    left_out = ("candidate",) if source else ("candidate", "source")
    return ProgramView.model_validate({name: value for name, value in stored.items() if name not in left_out})
