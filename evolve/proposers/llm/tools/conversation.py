"""Conversations: the turns in which a model has variants measured, one after the other, before it answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nashforge.evolve.proposers.experiments import LEAST_SECONDS, Experiment
from nashforge.evolve.proposers.llm.providers.base import Prompt
from nashforge.evolve.proposers.llm.providers.turns import ToolCall, ToolResult, Turn
from nashforge.evolve.proposers.llm.recordings.replay import RecordedCall, Told
from nashforge.evolve.proposers.llm.tools.measure import MEASURE, ToolError, experiment_of

MOST_ERRORS = 2
"""Turns that a model may take besides those in which something is measured: its calls may be at fault."""

_OVER = "There are no more measurements: answer now, in the form that was asked for."


@dataclass
class Conversation:
    """A conversation about one program.

    Attributes
    ----------
    most : int
        How often variants may be measured in all.
    seconds : float
        Processor time that is left.
    turns : list of Turn
        Those that are over.
    measured : int
        How often something was measured.
    used, total : float
        Processor time of the latest turn, and of all.
    """

    most: int
    seconds: float
    turns: list[Turn] = field(default_factory=list)
    measured: int = 0
    used: float = 0.0
    total: float = 0.0
    _heard: RecordedCall | None = None
    _waiting: deque[ToolCall] = field(default_factory=deque)
    _results: list[ToolResult] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether the model may call a tool in its next turn."""
        return (
            self.measured < self.most
            and self.seconds >= 2 * LEAST_SECONDS
            and len(self.turns) < self.most + MOST_ERRORS
        )

    @property
    def left(self) -> str:
        """The sentence on what may still be measured."""
        if not self.is_open:
            return _OVER
        left = self.most - self.measured
        return (
            f"You may measure {left} time{'s' if left > 1 else ''} more, within {self.seconds:.1f} s of "
            "processor time; or answer now, in the form that was asked for."
        )

    def hear(self, recorded: RecordedCall) -> None:
        """Begin a turn: the model called tools."""
        self._heard, self._waiting = recorded, deque(recorded.calls)
        self._results, self.used = [], 0.0

    def recall(self, told: Told) -> None:
        """End the turn with what the model was told before an interruption."""
        self._results, self._waiting = list(told.results), deque()
        self.measured += sum(not result.error for result in told.results)
        self.seconds, self.used = max(self.seconds - told.seconds, 0.0), told.seconds
        self._end()

    def next_experiment(self, base: str, donors: Sequence[str], games: int) -> Experiment | None:
        """Return what is to be measured next; None, and the turn ends, if all calls have their results."""
        while self._waiting:
            try:
                return self._allowed(experiment_of(self._waiting.popleft(), base, donors, games))
            except ToolError as error:
                # It may quote what a model has written, half letters included.
                text = f"Error: {error}.".encode("utf-8", "replace").decode()
                self._results.append(ToolResult(text, error=True))
        last = self._results[-1]
        # The turn counts before it is said what is left.
        self._end()
        turn = self.turns[-1]
        told = replace(last, text=f"{last.text}\n\n{self.left}")
        self.turns[-1] = replace(turn, results=(*turn.results[:-1], told))
        return None

    def _allowed(self, experiment: Experiment) -> Experiment:
        if self.measured >= self.most:
            raise ToolError("not measured: there are no more measurements")
        count = len(experiment.variants)
        if self.seconds < LEAST_SECONDS * (count + 1):
            raise ToolError(
                f"{self.seconds:.1f} s of processor time are left, too few for {count} programs beside the "
                "current one; measure fewer, or answer"
            )
        return experiment

    def tell(self, text: str, seconds: float) -> None:
        """Answer the call that was measured."""
        self.measured += 1
        self.used += seconds
        self.seconds = max(self.seconds - seconds, 0.0)
        self._results.append(ToolResult(text))

    def _end(self) -> None:
        heard = self._heard
        assert heard is not None
        self.turns.append(Turn(heard.said, heard.calls, tuple(self._results), heard.output))
        self.total += self.used

    @property
    def summary(self) -> dict[str, Any]:
        """The numbers that are kept with the candidate."""
        return {"asked": self.measured, "seconds": round(self.total, 3), "turns": len(self.turns)}

    def prompt(self, first: Prompt) -> Prompt:
        """Return what is sent next, of what was sent first."""
        return replace(first, tools=(MEASURE,), turns=tuple(self.turns), calling=self.is_open)
