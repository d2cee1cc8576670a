"""Programs that are being written: each with its request, the calls made for it and what they cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nashforge.archive import Candidate, ModelCall
from nashforge.evolve.proposers.base import Draft, Request
from nashforge.evolve.proposers.experiments import Experiment, Findings
from nashforge.evolve.proposers.llm.providers.base import Prompt
from nashforge.evolve.proposers.llm.recordings.replay import RecordedCall
from nashforge.evolve.proposers.llm.tools.conversation import Conversation

MEMO, EXPERIMENT, REPAIR = "memo", "experiment", "repair"
"""Purposes of calls besides the tasks."""


@dataclass
class Order:
    """A program that is being written.

    Attributes
    ----------
    purpose : str
        What the next call, or the one under way, is for.
    repairs : int
        How many repairs are left.
    experiments : list of Findings
        What was measured for it.
    seconds : float
        Processor time that is left for experiments.
    conversation : Conversation or None
        The turns in which its writer has called tools.
    """

    candidate: Candidate
    request: Request
    writer: str
    prompt: Prompt
    purpose: str
    repairs: int
    call: ModelCall | None = None
    recorded: RecordedCall | None = None
    calls: int = 0
    cost: float = 0.0
    remarks: list[str] = field(default_factory=list)
    mechanisms: tuple[str, ...] = ()
    asked: list[Experiment] = field(default_factory=list)
    experiments: list[Findings] = field(default_factory=list)
    seconds: float = 0.0
    conversation: Conversation | None = None

    @property
    def index(self) -> int:
        """Position of its candidate."""
        return self.candidate.index

    def finished(self, source: str | None = None, note: str | None = None, **more: Any) -> Draft:
        """Return it as it is handed in: a program, or why there is none; and what it took."""
        data: dict[str, Any] = {"model": self.writer, "calls": self.calls, "cost": self.cost}
        if self.remarks:
            data["remarks"] = self.remarks
        if self.conversation is not None:
            data["experiments"] = self.conversation.summary
        elif self.asked:
            spent = sum(found.seconds for found in self.experiments)
            data["experiments"] = {"asked": len(self.asked), "seconds": round(spent, 3)}
        if self.mechanisms:
            data["mechanisms"] = list(self.mechanisms)
        return Draft(self.index, source, note, data=data, **more)
