"""The part of a run's configuration that language models need."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

REPLAY = "replay:"
"""Beginning of a proposer's name that stands for the recorded answers of a run."""


class ModelOptions(BaseModel):
    """Who writes the programs, what that may cost, and what they are told.

    Attributes
    ----------
    proposer
        ``offline``, a proposer that another package brings, or ``PROVIDER:MODEL``; several models, separated
        by commas, are an ensemble.
    replay
        Run, or cassette file, whose recorded answers are used instead of asking; None: models are asked.
    budget_usd
        What the run may spend on models, in US dollars; 0: no limit.
    max_tokens
        What the run may take of models' tokens, input and output together; None: no limit.
    max_output_tokens
        The longest answer, hidden thinking included; what is set aside before a call follows from it.
    proposal_seconds
        How long a call may take in all, repetitions of turned-away requests included.
    retries
        How often a request that was turned away is repeated within a call.
    max_useless
        After so many proposals in a row that came to nothing (an answer without a usable program, a refusal,
        a program that is known) the run ends: they cost money, and the next ones will be no better.
    repairs
        How often a model is shown what was wrong with its answer and asked again.
    outage_minutes
        How long a run waits for a provider that is not available before it stops.
    prices
        A price list of the user's own; None: the usual one.
    price_unknown
        Price ``INPUT/OUTPUT`` of models without one, in dollars per million tokens; None: they are refused.
    feedback
        How much of the measurements models are told: ``sparse``, ``dense`` or a TOML file.
    prompts
        Folder of prompt templates that come before the library's; None: only those.
    model_islands
        Whether every model works on an island of its own, where only verified programs of others arrive.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    proposer: str = "offline"
    replay: str | None = None
    budget_usd: float = Field(default=5.0, ge=0)
    max_tokens: int | None = Field(default=None, ge=1)
    max_output_tokens: int = Field(default=16384, ge=256)
    proposal_seconds: float = Field(default=600.0, gt=0)
    retries: int = Field(default=4, ge=0)
    max_useless: int = Field(default=20, ge=1)
    repairs: int = Field(default=1, ge=0)
    outage_minutes: float = Field(default=60.0, ge=0)
    prices: str | None = None
    price_unknown: str | None = None
    feedback: str = "dense"
    prompts: str | None = None
    model_islands: bool = False

    @field_validator("proposer", mode="before")
    @classmethod
    def _joined(cls, value: Any) -> Any:
        if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
            return ",".join(value)
        return value

    @property
    def proposers(self) -> tuple[str, ...]:
        """The names of those who write programs, each once."""
        return tuple(dict.fromkeys(name.strip() for name in self.proposer.split(",") if name.strip()))

    @property
    def offline(self) -> bool:
        """Whether programs are written without models."""
        return not any(":" in name for name in self.proposers)
