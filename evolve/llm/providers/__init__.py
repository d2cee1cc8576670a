"""The providers of language models, each behind its official library."""

from __future__ import annotations

from evolve.llm.models import Model, key_of
from evolve.llm.providers.base import Provider


def connect(model: Model, retries: int) -> Provider:
    """Return a connection to a model; nothing is sent yet.

    Parameters
    ----------
    retries
        How often the provider's library repeats a request that was turned away (rate limits, overload).

    Raises
    ------
    evolve.llm.models.ModelError
        If it needs a key and there is none.
    """
    key = key_of(model)
    if model.provider == "anthropic":
        from evolve.llm.providers.anthropic import AnthropicProvider

        return AnthropicProvider(model, key, retries)
    from evolve.llm.providers.google import GoogleProvider

    return GoogleProvider(model, key, retries)
