"""Levels of feedback: how much of the measurements a model is told, as data; see ``prompts/feedback``."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nashforge import prompts
from nashforge.evolve.config.faults import fault_of


class Feedback(BaseModel):
    """A feedback level; ``prompts/feedback/dense.toml`` says what each setting means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    games: bool = True
    curve: int = Field(default=0, ge=0)
    seconds: bool = False
    others: int = Field(default=3, ge=0)
    failures: int = Field(default=4, ge=0)
    failed_sources: int = Field(default=0, ge=0)
    memory: int = Field(default=0, ge=0)
    library: bool = False
    families: bool = False


def load_feedback(name: str) -> Feedback:
    """Return a level: ``sparse``, ``dense``, or the one in a TOML file.

    Raises
    ------
    nashforge.prompts.PromptError
        If there is no such level or it has an unknown or wrong setting.
    """
    try:
        return Feedback.model_validate(dict(prompts.feedback_table(name)))
    except ValidationError as error:
        first = error.errors()[0]
        raise prompts.PromptError(
            f"the feedback level {name} has a wrong setting ({first['loc'][0]}: {fault_of(first)}); the "
            f"settings are {', '.join(Feedback.model_fields)}"
        ) from error
