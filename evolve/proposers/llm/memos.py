"""Memos: what models write down of a search every so often, kept as answers of calls with that purpose."""

from __future__ import annotations

from nashforge.archive import Archive, CallStatus, Run
from nashforge.evolve.config.parts import ModelOptions
from nashforge.evolve.proposers.llm.feedback import load_feedback
from nashforge.evolve.proposers.llm.orders import MEMO
from nashforge.evolve.proposers.memory import Memory

IDEAS = "ideas"
"""The field of a call's request that says how many outcomes a memo knew."""


def due(memory: Memory, before: int, options: ModelOptions) -> bool:
    """Whether it is time for a memo.

    Parameters
    ----------
    before
        How many outcomes the last memo knew.
    """
    every = options.reflect_every
    if not every or len(memory.ideas) - before < every:
        return False
    return load_feedback(options.feedback).memory > 0


def memos_of(archive: Archive, run: Run) -> tuple[list[str], int]:
    """Return the memos of a run, oldest first, and how many outcomes the last that was asked for knew."""
    calls = [call for call in archive.calls.find(run=run) if call.request.get("purpose") == MEMO]
    texts = [
        str((call.response or {}).get("text", "")).strip() for call in calls if call.status is CallStatus.OK
    ]
    known = max((int(call.request.get(IDEAS, 0)) for call in calls), default=0)
    return [text for text in texts if text], known
