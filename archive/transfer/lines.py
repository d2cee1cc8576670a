"""The lines of an export file: JSON objects, checked field by field because the file may be anybody's.

Names and labels are shown in tables and within lines: they hold printable characters only, none that end a
line, move the cursor or turn the direction of writing. Prose may have lines of its own.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    FiniteFloat,
    StringConstraints,
    TypeAdapter,
)

from nashforge.archive.calls import CallStatus
from nashforge.archive.hashing import clean_text
from nashforge.archive.nicknames import check_nickname
from nashforge.archive.records import Role, RunState, Status
from nashforge.archive.transfer.limits import DEEPEST, LONGEST_NUMBER

VERSION = 1
"""Version of the file format."""


def _clean(text: str) -> str:
    cleaned = clean_text(text)
    assert cleaned is not None
    return cleaned


@lru_cache(maxsize=4096)
def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"{text!r:.80} holds characters that cannot be shown in a line")
    return text


def _storable(value: Any, level: int = 0) -> Any:
    """Return JSON that can be stored and read again anywhere."""
    if level > DEEPEST:
        raise ValueError(f"it is nested more than {DEEPEST} levels deep")
    if isinstance(value, dict):
        for name, item in value.items():
            _printable(name)
            _storable(item, level + 1)
    elif isinstance(value, list):
        for item in value:
            _storable(item, level + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"the number {value} is not finite")
    elif isinstance(value, int) and abs(value) >= 10**LONGEST_NUMBER:
        raise ValueError(f"a whole number has more than {LONGEST_NUMBER} digits")
    return value


def _utc(moment: datetime) -> datetime:
    if not 1970 < moment.year < 2200:
        raise ValueError(f"the time {moment} is not of our days")
    return moment.astimezone(UTC)


Hash: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Token: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{8,64}$")]
Uid: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Nickname: TypeAlias = Annotated[str, AfterValidator(check_nickname)]
Name: TypeAlias = Annotated[str, StringConstraints(max_length=64), AfterValidator(_printable)]
LongName: TypeAlias = Annotated[str, StringConstraints(max_length=128), AfterValidator(_printable)]
Label: TypeAlias = Annotated[str, StringConstraints(max_length=4096), AfterValidator(_printable)]
Free: TypeAlias = Annotated[dict[str, Any], AfterValidator(_storable)]
Prose: TypeAlias = Annotated[str, AfterValidator(_clean)]
Moment: TypeAlias = Annotated[AwareDatetime, AfterValidator(_utc)]
Whole: TypeAlias = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Count: TypeAlias = Annotated[int, Field(ge=0, lt=2**63)]
# Sums and means of a whole archive must stay numbers.
Place: TypeAlias = Annotated[int, Field(ge=0, lt=2**31)]
Iteration: TypeAlias = Annotated[int, Field(ge=0, lt=2**53)]
Measure: TypeAlias = Annotated[FiniteFloat, Field(ge=-1e100, le=1e100)]
Amount: TypeAlias = Annotated[FiniteFloat, Field(ge=0, le=1e9)]
Tokens: TypeAlias = Annotated[int, Field(ge=0, le=10**12)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class HeaderLine(_Line):
    """First line."""

    kind: Literal["nashforge-archive"] = "nashforge-archive"
    version: int = VERSION


class ProgramLine(_Line):
    """A program."""

    kind: Literal["program"] = "program"
    hash: Hash
    nickname: Nickname
    domain: Name
    source: str
    ast_hash: Name | None
    created: Moment


class RunLine(_Line):
    """A run; ``values`` are what it remembered with `set_state`."""

    kind: Literal["run"] = "run"
    uid: Uid
    nickname: Nickname
    domain: Name
    config: Free
    seed: Count | None
    state: RunState
    stop_reason: Prose | None
    created: Moment
    started: Moment | None
    finished: Moment | None
    versions: Free
    host: Free
    values: Annotated[dict[Name, Any], AfterValidator(_storable)]


class StudyLine(_Line):
    """A study, after its runs."""

    kind: Literal["study"] = "study"
    uid: Uid
    nickname: Nickname
    domain: Name
    config: Free
    created: Moment
    runs: Annotated[list[Uid], FailFast()]


class ParentLine(_Line):
    """A parent of a candidate."""

    run: Uid
    index: Place
    role: Role


class CandidateLine(_Line):
    """A candidate, after its program and run."""

    kind: Literal["candidate"] = "candidate"
    run: Uid
    index: Place
    status: Status
    program: Hash | None
    operator: Name
    proposer: LongName
    island: Place | None
    train: Measure | None
    validation: Measure | None
    test: Measure | None
    created: Moment
    finished: Moment | None
    reason: Prose | None
    note: Prose | None
    data: Free
    parents: Annotated[list[ParentLine], FailFast()]


class ScoreLine(_Line):
    """A score of an evaluation; numbers are numbers, since `CheckedEvaluationLine` takes them as they are."""

    model_config = ConfigDict(strict=True)

    game: Label
    metric: Name
    iteration: Iteration | None
    value: Measure
    direction: Literal["min", "max"]


class EvaluationLine(_Line):
    """A finished evaluation, after its program, run and candidate."""

    kind: Literal["evaluation"] = "evaluation"
    token: Token
    attempt: Place
    program: Hash
    run: Uid | None
    candidate: Place | None
    split: Annotated[Name, StringConstraints(max_length=24)] | None
    suite: LongName
    suite_digest: Name
    evaluator: Name
    status: Status
    worker: LongName | None
    tier: Annotated[Name, StringConstraints(max_length=32)] | None
    queued: Moment
    started: Moment | None
    finished: Moment | None
    cpu_seconds: Amount | None
    wall_seconds: Amount | None
    peak_memory: Count | None
    fitness: Measure | None
    fingerprint: Name | None
    seeds: Annotated[list[Whole], FailFast()]
    settings: Free
    reason: Prose | None
    log: Prose | None
    scores: Annotated[list[ScoreLine], FailFast()]


class CheckedEvaluationLine(EvaluationLine):
    """An evaluation whose text was checked before: its scores, most of a file, are taken as they are."""

    scores: list[Any]


def plain_scores(line: EvaluationLine) -> list[dict[str, Any]]:
    """Return the scores of a line by their fields."""
    if isinstance(line, CheckedEvaluationLine):
        return line.scores
    return [dict(score) for score in line.scores]


class CallLine(_Line):
    """A settled model call, after its run and candidate."""

    kind: Literal["model_call"] = "model_call"
    token: Token
    run: Uid
    candidate: Place | None
    provider: Name
    model: LongName
    status: CallStatus
    input_tokens: Tokens
    cached_tokens: Tokens
    cache_write_tokens: Tokens
    output_tokens: Tokens
    reserved_cost: Amount
    cost: Amount | None
    latency: Amount | None
    created: Moment
    finished: Moment | None
    reason: Prose | None
    request: Free
    response: Free | None


class NoteLine(_Line):
    """An entry of the lab book of a run, after it."""

    kind: Literal["note"] = "note"
    run: Uid
    author: LongName | None
    text: Annotated[Prose, StringConstraints(max_length=20_000)]
    created: Moment


class EndLine(_Line):
    """Last line: how many lines of each kind there must be."""

    kind: Literal["end"] = "end"
    counts: dict[str, int]


Line: TypeAlias = (
    HeaderLine
    | ProgramLine
    | RunLine
    | StudyLine
    | CandidateLine
    | EvaluationLine
    | CallLine
    | NoteLine
    | EndLine
)
_CheckedLine: TypeAlias = (
    HeaderLine
    | ProgramLine
    | RunLine
    | StudyLine
    | CandidateLine
    | CheckedEvaluationLine
    | CallLine
    | NoteLine
    | EndLine
)
parser: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])
"""Reads a line of anybody's."""


@cache
def checked_parser() -> TypeAdapter[Any]:
    """Return what reads a line again that ``parser`` has read before, in less time."""
    return TypeAdapter(Annotated[_CheckedLine, Field(discriminator="kind")])
