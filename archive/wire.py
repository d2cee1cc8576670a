"""The lines of an export file: JSON objects, checked field by field because the file may be anybody's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    TypeAdapter,
)

from archive.hashing import clean_text
from archive.nicknames import check_nickname
from archive.records import CallStatus, Role, RunState, Status

VERSION = 1
"""Version of the file format."""


def _clean(text: str) -> str:
    cleaned = clean_text(text)
    assert cleaned is not None
    return cleaned


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Hash: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Token: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{8,64}$")]
Uid: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Nickname: TypeAlias = Annotated[str, AfterValidator(check_nickname)]
# Names are shown on terminals: no control characters.
Name: TypeAlias = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
LongName: TypeAlias = Annotated[str, StringConstraints(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]
Prose: TypeAlias = Annotated[str, AfterValidator(_clean)]
Moment: TypeAlias = Annotated[AwareDatetime, AfterValidator(_utc)]
Whole: TypeAlias = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Count: TypeAlias = Annotated[int, Field(ge=0, lt=2**63)]


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
    config: dict[str, Any]
    seed: Count | None
    state: RunState
    stop_reason: Prose | None
    created: Moment
    started: Moment | None
    finished: Moment | None
    versions: dict[str, Any]
    host: dict[str, Any]
    values: dict[Name, Any]


class ParentLine(_Line):
    """A parent of a candidate."""

    run: Uid
    index: Count
    role: Role


class CandidateLine(_Line):
    """A candidate, after its program and run."""

    kind: Literal["candidate"] = "candidate"
    run: Uid
    index: Count
    status: Status
    program: Hash | None
    operator: Name
    proposer: LongName
    island: Whole | None
    train: FiniteFloat | None
    validation: FiniteFloat | None
    test: FiniteFloat | None
    created: Moment
    finished: Moment | None
    reason: Prose | None
    note: Prose | None
    data: dict[str, Any]
    parents: list[ParentLine]


class ScoreLine(_Line):
    """A score of an evaluation."""

    game: Prose
    metric: Name
    iteration: Whole | None
    value: FiniteFloat
    direction: Literal["min", "max"]


class EvaluationLine(_Line):
    """A finished evaluation, after its program, run and candidate."""

    kind: Literal["evaluation"] = "evaluation"
    token: Token
    attempt: Count
    program: Hash
    run: Uid | None
    candidate: Count | None
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
    cpu_seconds: FiniteFloat | None
    wall_seconds: FiniteFloat | None
    peak_memory: Count | None
    fitness: FiniteFloat | None
    fingerprint: Name | None
    seeds: list[Whole]
    settings: dict[str, Any]
    reason: Prose | None
    log: Prose | None
    scores: list[ScoreLine]


class CallLine(_Line):
    """A settled model call, after its run and candidate."""

    kind: Literal["model_call"] = "model_call"
    token: Token
    run: Uid
    candidate: Count | None
    provider: Name
    model: LongName
    status: CallStatus
    input_tokens: Count
    cached_tokens: Count
    cache_write_tokens: Count
    output_tokens: Count
    reserved_cost: FiniteFloat
    cost: FiniteFloat | None
    latency: FiniteFloat | None
    created: Moment
    finished: Moment | None
    reason: Prose | None
    request: dict[str, Any]
    response: dict[str, Any] | None


class EndLine(_Line):
    """Last line: how many lines of each kind there must be."""

    kind: Literal["end"] = "end"
    counts: dict[str, int]


Line: TypeAlias = HeaderLine | ProgramLine | RunLine | CandidateLine | EvaluationLine | CallLine | EndLine
parser: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])
