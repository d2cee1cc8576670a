"""Answers that are already paid for: of an interrupted run, or of a whole run that is to be replayed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from nashforge.archive import Archive, CallStatus, ModelCall, Run, Status
from nashforge.evolve.config.run import stored_settings
from nashforge.evolve.proposers.experiments import Findings
from nashforge.evolve.proposers.llm.providers.turns import ToolCall, ToolResult, calls_of, results_of
from nashforge.evolve.proposers.order import late_of

DECISIVE = (
    CallStatus.OK,
    CallStatus.TRUNCATED,
    CallStatus.REFUSED,
    CallStatus.INVALID,
    CallStatus.TIMEOUT,
)
"""Calls that a proposal went on from. Others (turned away, lost with the process) were made again."""


class Told(NamedTuple):
    """The results of tools that a call told, and the processor time that they took."""

    results: tuple[ToolResult, ...]
    seconds: float


FINDINGS, EXPERIMENTS = "findings", "experiments"
"""Fields of a call's request: what was found last in an experiment that an answer asked for in words, and how
many there were for the program."""


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
    tools : bool
        Whether there were tools that the model might have called.
    turn : int
        How many turns of a conversation came before.
    told : Told or None
        What the last of them was told.
    found : tuple of int and Findings, or None
        How many experiments were asked for in words before it, and what the last of them found.
    calls, said, output
        The tools that the model called, all that it said, and tokens of output, see `Turn`.
    note
        What an agent said of its program beside the text; empty if nothing.
    reading
        As which its text was read, see `nashforge.evolve.proposers.llm.replies.reading.READING`.
    """

    index: int
    label: str
    status: CallStatus
    text: str
    reason: str | None
    cost: float
    purpose: str = ""
    tools: bool = False
    turn: int = 0
    told: Told | None = None
    found: tuple[int, Findings] | None = None
    calls: tuple[ToolCall, ...] = ()
    said: Any = None
    output: int = 0
    note: str = ""
    reading: int = 1


class Recording:
    """Recorded calls by the position of their candidate, in the order in which they were made.

    Parameters
    ----------
    calls
        The calls.
    config
        The configuration of the run that they were made for.
    starts
        Sources of the programs that the run started from, which are in no library.
    late
        How many outcomes were told before a candidate was asked for, of those that were asked for late, by
        their positions; see `nashforge.evolve.proposers.order`.
    """

    def __init__(
        self,
        calls: Iterable[RecordedCall],
        config: Mapping[str, Any] | None = None,
        starts: Iterable[str] = (),
        late: Mapping[int, int] | None = None,
    ) -> None:
        self.config, self.starts, self._late = dict(config or {}), tuple(starts), dict(late or {})
        self._all = tuple(calls)
        self._calls: dict[int, deque[RecordedCall]] = {}
        self._told: dict[tuple[int, int], Told] = {}
        self._found: dict[tuple[int, int], Findings] = {}
        for recorded in self._all:
            if recorded.told is not None:  # to be told again, also where the answer got lost
                self._told[recorded.index, recorded.turn] = recorded.told
            if recorded.found is not None:
                self._found[recorded.index, recorded.found[0]] = recorded.found[1]
            if recorded.status in DECISIVE:
                self._calls.setdefault(recorded.index, deque()).append(recorded)

    def __len__(self) -> int:
        return sum(len(calls) for calls in self._calls.values())

    def of(self, mine: Callable[[str], bool]) -> Recording:
        """Return the calls of some models, by their labels, for whoever asks these."""
        return Recording((call for call in self._all if mine(call.label)), self.config, (), self._late)

    def asked_after(self, index: int) -> int:
        """Return how many outcomes were told before a candidate was asked for; 0: as many as usual."""
        return min(self._late.get(index, 0), index)

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

    def told(self, index: int, turn: int) -> Told | None:
        """Return what the model of a candidate was told after so many turns; None if it was told nothing."""
        return self._told.get((index, turn))

    def found(self, index: int, experiments: int) -> Findings | None:
        """Return what the last of so many experiments for a candidate found; None if that is not known."""
        return self._found.get((index, experiments))

    def writer(self, index: int) -> str | None:
        """Return the model that wrote a candidate."""
        left = self._calls.get(index)
        return left[0].label if left else None


def recorded_call(index: int, call: ModelCall) -> RecordedCall:
    """Return a stored call as a recorded one."""
    return recorded_values(
        index,
        f"{call.provider}:{call.model}",
        call.status,
        call.response or {},
        call.reason,
        call.cost or 0.0,
        call.request,
        call.output_tokens,
    )


def recorded_values(
    index: int,
    label: str,
    status: CallStatus,
    response: Mapping[str, Any],
    reason: str | None,
    cost: float,
    request: Mapping[str, Any],
    output: int,
) -> RecordedCall:
    """Return the call of what is stored of its request and response, see `RecordedCall`."""
    told = found = None
    if request.get("turn"):
        told = Told(results_of(request["results"]), float(request.get("seconds", 0.0)))
    if request.get(FINDINGS):
        found = int(request[EXPERIMENTS]), Findings.of_json(request[FINDINGS])
    return RecordedCall(
        index,
        label,
        status,
        str(response.get("text", "")),
        reason,
        cost,
        str(request.get("purpose", "")),
        bool(request.get("tools")),
        int(request.get("turn", 0)),
        told,
        found,
        calls_of(response.get("calls") or ()),
        response.get("said"),
        output,
        str(response.get("note") or ""),
        int(request.get("reading", 1)),
    )


def recording_of(archive: Archive, run: Run) -> Recording:
    """Return all calls of a run."""
    candidates = archive.candidates.of(run)
    positions = {candidate.id: candidate.index for candidate in candidates}
    calls = (
        recorded_call(positions[call.candidate_id], call)
        for call in archive.calls.find(run=run)
        if call.candidate_id in positions
    )
    return Recording(calls, stored_settings(archive, run), (), late_of(candidates))


def unfinished(archive: Archive, run: Run) -> Recording:
    """Return the calls for candidates of a run that were still being written when it was interrupted."""
    calls = [
        recorded_call(candidate.index, call)
        for candidate in archive.candidates.of(run, status=[Status.PROPOSING])
        for call in archive.calls.find(candidate=candidate)
    ]
    return Recording(calls)
