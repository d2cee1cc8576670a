"""Records of what agents are asked for: requests that they claim and answer, and notes that they share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class RequestState(StrEnum):
    """The state of a request to agents."""

    WAITING = "waiting"
    """Nobody has claimed it."""
    CLAIMED = "claimed"
    """An agent holds its token."""
    TOLD = "told"
    """Its agent has answered."""
    GIVEN_UP = "given_up"
    """Its agent gave it back; another attempt takes its place."""
    EXPIRED = "expired"
    """Its agent was not heard of until its lease ended; another attempt takes its place."""
    PASSED = "passed"
    """Nobody came; another proposer writes the program."""


@dataclass(frozen=True, slots=True)
class AgentRequest:
    """One attempt to have a program of a run written by an agent.

    Attributes
    ----------
    token : str
        Identity of the attempt: only who claimed it knows it, and only its holder can answer.
    index : int
        Position of the candidate in the run.
    attempt : int
        1 for the first, 2 for the one after a token that was given up or ran out, ...
    kind : str
        What is wanted: ``edit``, ``design``, ``combine``, ``ablate``, ``simplify``, ``repair``.
    payload : dict
        What the agent is told, as plain JSON values.
    answer : dict or None
        What the agent told.
    refused : int
        Answers that could not be taken, so that another may follow.
    measured : float
        Seconds of processor time that measurements of variants took, or may still take.
    author, client : str or None
        Who claimed it, with which program.
    opened : datetime
        When the first attempt at this candidate was made.
    expires : datetime or None
        When the lease of a claim ends.
    """

    id: int
    token: str
    run_id: int
    candidate_id: int
    index: int
    attempt: int
    kind: str
    state: RequestState
    payload: dict[str, Any]
    answer: dict[str, Any] | None
    reason: str | None
    refused: int
    measured: float
    author: str | None
    client: str | None
    opened: datetime
    created: datetime
    claimed: datetime | None
    expires: datetime | None
    finished: datetime | None


@dataclass(frozen=True, slots=True)
class Awaited:
    """The tasks that a run wants of agents now.

    Attributes
    ----------
    open, held : int
        Requests that nobody has claimed, and those that agents hold.
    claimed : datetime or None
        When an agent claimed one last; None: none has yet.
    """

    open: int
    held: int
    claimed: datetime | None


@dataclass(frozen=True, slots=True)
class Note:
    """An entry of a run's lab book: a hypothesis, and what speaks for or against it."""

    id: int
    run_id: int
    author: str | None
    text: str
    created: datetime
