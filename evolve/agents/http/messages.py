"""Questions of agents as they go over HTTP; the answers are in `nashforge.evolve.agents.answers`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

LONGEST_WAIT = 60.0
"""Seconds that a server lets a question wait; clients ask again."""


class Question(BaseModel):
    """The part that all questions have: who asks, and of which run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    author: str
    client: str
    run: str = "latest"


class AskQuestion(Question):
    """Asks for work."""

    count: int = 1
    interface: str | None = None
    wait: float = Field(default=0.0, ge=0.0, le=LONGEST_WAIT, allow_inf_nan=False)
    full: bool = False
    look: bool = False


class TellQuestion(Question):
    """Hands a program over, or asks what became of it."""

    token: str
    text: str | None = None
    edits: bool = False
    note: str | None = None
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = Field(default=0.0, allow_inf_nan=False)
    wait: float = Field(default=0.0, ge=0.0, le=LONGEST_WAIT, allow_inf_nan=False)


class MeasureQuestion(Question):
    """Has variants measured before one is told."""

    token: str
    programs: dict[str, str]
    games: tuple[int, ...] = ()
    iterations: int | None = None


class GiveUpQuestion(Question):
    """Gives a request back."""

    token: str


class NotesQuestion(Question):
    """Reads the lab book, or adds to it."""

    add: str | None = None


class ContextQuestion(Question):
    """Asks for all that is known of the run."""

    top: int = 5
    task: int | None = None
    interface: bool = False


class Markdown(BaseModel):
    """The answer to that."""

    markdown: str


class Refusal(BaseModel):
    """The answer to what cannot be done."""

    error: str
