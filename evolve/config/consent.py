"""What only the person at this command line decides: where keys and prompts go, how programs are confined.

Stored runs and configuration files may be somebody else's, also where they lie in one's own folder. So an
address of a model and a weaker tier of the sandbox that come from there count only if they are given again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nashforge.evolve.config.model_names import Model, ModelError, address_of_environment, parse_model
from nashforge.evolve.config.run import ConfigError, RunConfig


def require_consent(config: RunConfig, given: Mapping[str, Any], source: str) -> None:
    """Make sure that what a configuration asks of this person was said by this person.

    Parameters
    ----------
    config
        What would be done.
    given
        What the command line says, by field; None or missing: nothing.
    source
        What the rest comes from, for the error.

    Raises
    ------
    ConfigError
        If the configuration names an address, or a weaker tier, that the command line does not; the text
        names the option that does.
    """
    if config.tier != "strict" and given.get("tier") is None:
        raise ConfigError(
            f"{source} accepts a weaker sandbox ({config.tier}), which only you can allow: give "
            f"--allow-weaker-sandbox {config.tier}, or --allow-weaker-sandbox strict to confine all programs"
        )
    if config.offline or config.replay is not None or given.get("proposer") is not None:
        return
    for name in config.proposers:
        model = _model(name)
        if model is None or model.address in (None, address_of_environment(model.provider)):
            continue
        again = " ".join(f"--proposer {text}" for text in config.proposers)
        raise ConfigError(
            f"{source} has the model {model.label} asked at {model.address}, an address that you have not "
            f"named; if you trust it with your prompts and keys, give {again}"
        )


def _model(name: str) -> Model | None:
    try:
        return parse_model(name)
    except ModelError:
        return None  # whoever asks it tells what is wrong with it
