"""Checks of each line of an export by itself, before anything is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nashforge.archive.calls import CallStatus
from nashforge.archive.hashing import normalize_source, program_hash
from nashforge.archive.transfer.lines import (
    CallLine,
    CandidateLine,
    EvaluationLine,
    Line,
    ProgramLine,
    RunLine,
    StudyLine,
)

Check = Callable[[str, Mapping[str, Any]], None]
"""Called with the kind and the fields of lines; raises ValueError for what cannot be read later."""


def check_line(line: Line, check: Check) -> None:
    """Make sure that a line does not contradict itself, and that what it refers to elsewhere can be read.

    Raises
    ------
    ValueError
        If it is not so.
    """
    if isinstance(line, ProgramLine):
        if (
            normalize_source(line.source) != line.source
            or program_hash(line.source, line.domain) != line.hash
        ):
            raise ValueError(f"the source of {line.nickname} does not have the hash {line.hash[:12]}")
    elif isinstance(line, RunLine):
        changes = line.values.get("changes", {})
        if not isinstance(changes, dict):
            raise ValueError(f"the changes of the run {line.nickname} are no options by name")
        check(line.kind, {"domain": line.domain, "config": line.config, "changes": changes})
    elif isinstance(line, StudyLine):
        if len(set(line.runs)) < len(line.runs):
            raise ValueError(f"the study {line.nickname} has a run twice")
        check(line.kind, {"domain": line.domain, "config": line.config})
    elif isinstance(line, CandidateLine):
        if line.status.failed and any(v is not None for v in (line.train, line.validation, line.test)):
            raise ValueError(f"candidate {line.index} failed and yet has a fitness")
        if any(parent.run == line.run and parent.index >= line.index for parent in line.parents):
            raise ValueError(f"candidate {line.index} descends from one that did not come before it")
        check(line.kind, vars(line))
    elif isinstance(line, EvaluationLine):
        if not line.status.finished or (line.status.failed and (line.scores or line.fitness is not None)):
            raise ValueError(
                f"the evaluation {line.token} ended as {line.status} and yet has scores or no end"
            )
        if len({(s.game, s.metric, s.iteration) for s in line.scores}) != len(line.scores):
            raise ValueError(f"two scores of the evaluation {line.token} are of the same game and iteration")
        check(line.kind, vars(line))
    elif isinstance(line, CallLine):
        if line.status is CallStatus.RESERVED:
            raise ValueError(f"the model call {line.token} is not settled")
        check(line.kind, vars(line))
