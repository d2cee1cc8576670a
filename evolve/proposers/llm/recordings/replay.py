"""Answers that are already paid for: of an interrupted run, or of a whole run that is to be replayed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nashforge.archive import Archive, CallStatus, ModelCall, Run, Status
from nashforge.evolve.config.run import stored_settings

DECISIVE = (
    CallStatus.OK,
    CallStatus.TRUNCATED,
    CallStatus.REFUSED,
    CallStatus.INVALID,
    CallStatus.TIMEOUT,
)
"""Calls that a proposal went on from. Others (turned away, lost with the process) were made again."""


@dataclass(frozen=True)
class RecordedCall:
    """One recorded call.

    Attributes
    ----------
    index : int
        Position of the candidate that it was made for.
    label : str
        The model.
    purpose : str
        What it was made for: a task, a repair, a memo, to go on after an experiment.
    """

    index: int
    label: str
    status: CallStatus
    text: str
    reason: str | None
    cost: float
    purpose: str = ""


class Recording:
    """Recorded calls by the position of their candidate, in the order in which they were made.

    Parameters
    ----------
    calls
        The calls.
    config
        The configuration of the run that they were made for.
    """

    def __init__(self, calls: Iterable[RecordedCall], config: Mapping[str, Any] | None = None) -> None:
        self.config = dict(config or {})
        self._calls: dict[int, deque[RecordedCall]] = {}
        for recorded in calls:
            if recorded.status in DECISIVE:
                self._calls.setdefault(recorded.index, deque()).append(recorded)

    def __len__(self) -> int:
        return sum(len(calls) for calls in self._calls.values())

    def of(self, mine: Callable[[str], bool]) -> Recording:
        """Return the calls of some models, by their labels, for whoever asks these."""
        calls = [call for each in self._calls.values() for call in each if mine(call.label)]
        return Recording(calls, self.config)

    def next_call(self, index: int) -> RecordedCall | None:
        """Return the next call of a candidate; None if there is none."""
        left = self._calls.get(index)
        return left.popleft() if left else None

    def knows(self, index: int) -> bool:
        """Whether there is another call of a candidate."""
        return bool(self._calls.get(index))

    def purpose(self, index: int) -> str | None:
        """Return what the next call of a candidate was made for; None if there is none."""
        left = self._calls.get(index)
        return left[0].purpose if left else None

    def writer(self, index: int) -> str | None:
        """Return the model that wrote a candidate."""
        left = self._calls.get(index)
        return left[0].label if left else None


def recorded_call(index: int, call: ModelCall) -> RecordedCall:
    """Return a stored call as a recorded one."""
    text = str((call.response or {}).get("text", ""))
    return RecordedCall(
        index,
        f"{call.provider}:{call.model}",
        call.status,
        text,
        call.reason,
        call.cost or 0.0,
        str(call.request.get("purpose", "")),
    )


def recording_of(archive: Archive, run: Run) -> Recording:
    """Return all calls of a run."""
    positions = {candidate.id: candidate.index for candidate in archive.candidates.of(run)}
    calls = (
        recorded_call(positions[call.candidate_id], call)
        for call in archive.calls.find(run=run)
        if call.candidate_id in positions
    )
    return Recording(calls, stored_settings(archive, run))


def unfinished(archive: Archive, run: Run) -> Recording:
    """Return the calls for candidates of a run that were still being written when it was interrupted."""
    calls = [
        recorded_call(candidate.index, call)
        for candidate in archive.candidates.of(run, status=[Status.PROPOSING])
        for call in archive.calls.find(candidate=candidate)
    ]
    return Recording(calls)
