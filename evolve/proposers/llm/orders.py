"""Programs that are being written: each with its request, the calls made for it and what they cost."""

from __future__ import annotations

from dataclasses import dataclass, field

from nashforge.archive import Candidate, ModelCall
from nashforge.evolve.proposers.base import Request
from nashforge.evolve.proposers.experiments import Experiment, Findings
from nashforge.evolve.proposers.llm.providers.base import Prompt
from nashforge.evolve.proposers.llm.recordings.replay import RecordedCall

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
