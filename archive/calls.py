"""Records of requests to language models: what was sent, what came back, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class CallStatus(StrEnum):
    """The status of a model call."""

    RESERVED = "reserved"
    """Money is set aside; the call may be under way."""
    OK = "ok"
    REFUSED = "refused"
    """The model declined to answer."""
    TRUNCATED = "truncated"
    """The answer reached the limit of tokens."""
    INVALID = "invalid"
    """The answer could not be read."""
    TIMEOUT = "timeout"
    ERROR = "error"
    LOST = "lost"
    """The process died during the call; the reservation is counted as spent."""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request to a language model, its answer and its price (US dollars)."""

    id: int
    token: str
    run_id: int | None
    candidate_id: int | None
    provider: str
    model: str
    status: CallStatus
    reason: str | None
    input_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reserved_cost: float
    cost: float | None
    latency: float | None
    created: datetime
    finished: datetime | None
    request: dict[str, Any]
    response: dict[str, Any] | None
    imported: datetime | None = None
