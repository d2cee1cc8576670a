"""Failures of running a program; the program's failures and the machine's are kept apart."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from nashforge.errors import NashforgeError
from nashforge.evolve.sandbox.limits import Usage


class Status(StrEnum):
    """A failure of running a program: exactly one status, and no score."""

    REJECTED = "rejected"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    INVALID_OUTPUT = "invalid_output"
    INFRASTRUCTURE = "infrastructure"


MAX_REASON = 4000
"""Characters of a reason: programs write it in part, and it is stored, shown, and sent to models."""


def bounded(reason: str) -> str:
    """Return a reason as far as it is kept: its beginning and its end, where the lines of the program are."""
    if len(reason) <= MAX_REASON:
        return reason
    half = MAX_REASON // 2 - 50
    return f"{reason[:half]} ... ({len(reason) - 2 * half} characters left out) ... {reason[-half:]}"


class CandidateFailure(NashforgeError):
    """The program is at fault; running it again would fail again.

    Parameters
    ----------
    reason
        Plain text for people and models: what happened and, where known, on which line of the program.
    log
        What the program printed, up to the limit on the log.
    usage
        What the program used until it failed.
    """

    status: ClassVar[Status]

    def __init__(self, reason: str, log: str = "", usage: Usage | None = None) -> None:
        reason = bounded(reason)
        # All parameters go into ``args``, so that the exception survives pickling between workers.
        super().__init__(reason, log, usage)
        self.reason = reason
        self.log = log
        self.usage = usage or Usage()

    def __str__(self) -> str:
        return self.reason


class ProgramRejected(CandidateFailure):
    """It does not compile, imports what it may not, or does not define what the host asks for."""

    status = Status.REJECTED


class ProgramCrashed(CandidateFailure):
    """It raised an exception, died, or made a forbidden system call."""

    status = Status.CRASHED


class ProgramTimeout(CandidateFailure):
    """It exceeded a limit on wall or CPU time."""

    status = Status.TIMEOUT


class ProgramOutOfMemory(CandidateFailure):
    """It exceeded its memory allowance."""

    status = Status.MEMORY


class InvalidOutput(CandidateFailure):
    """An output is missing, not finite, or not what the host accepts."""

    status = Status.INVALID_OUTPUT


class InfrastructureError(NashforgeError, RuntimeError):
    """The machine, not the program, is at fault; the same evaluation may be tried again."""

    status: ClassVar[Status] = Status.INFRASTRUCTURE


class SandboxUnavailable(InfrastructureError):
    """This machine cannot confine programs as strictly as was asked for."""

    remedy = "see `nashforge doctor`, or accept the risk with --allow-weaker-sandbox LEVEL"


FAILURES: dict[Status, type[CandidateFailure]] = {
    kind.status: kind
    for kind in (ProgramRejected, ProgramCrashed, ProgramTimeout, ProgramOutOfMemory, InvalidOutput)
}
"""The exception for each status that is the program's own fault."""
