"""The providers of language models, each behind its official library."""

from __future__ import annotations

from nashforge.evolve.config.model_names import CLI, Key, Model, check_installed, key_of
from nashforge.evolve.proposers.llm.providers.base import Provider


def connect(model: Model, retries: int) -> Provider:
    """Return a connection to a model; nothing is sent yet.

    Parameters
    ----------
    model
        Its provider, name and address; the key is that of the environment, empty for servers that need none.
    retries
        How often the provider's library repeats a request that was turned away (rate limits, overload).

    Raises
    ------
    nashforge.evolve.config.model_names.ModelError
        If it needs a key and there is none.
    """
    if model.provider == CLI:
        from nashforge.evolve.proposers.llm.providers.cli import CommandProvider

        return CommandProvider(model)
    return connect_with(model, key_of(model), retries)


def connect_with(model: Model, key: Key, retries: int) -> Provider:
    """Return a connection to a model that is reached over the network, with this key; nothing is sent yet."""
    check_installed(model)
    if model.provider == "anthropic":
        from nashforge.evolve.proposers.llm.providers.anthropic import AnthropicProvider

        return AnthropicProvider(model, key, retries)
    if model.provider == "google":
        from nashforge.evolve.proposers.llm.providers.google import GoogleProvider

        return GoogleProvider(model, key, retries)
    from nashforge.evolve.proposers.llm.providers.openai import OpenAIProvider

    return OpenAIProvider(model, key, retries)
