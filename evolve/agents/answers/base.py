"""The form of all answers to agents, and the error of what cannot be answered."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from nashforge.errors import NashforgeError


class AgentError(NashforgeError):
    """A request of an agent that cannot be done. The text is a sentence and a remedy."""

    exit_code = 2


class Answer(BaseModel):
    """An immutable piece of an answer; every field is described where it stands."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
