"""What only the person at this command line decides: where keys and prompts go, what may be spent, and which
files are told to models.

Stored runs and configuration files may be somebody else's, also where they lie in one's own folder. So an
address of a model and a weaker tier of the sandbox that come from there count only if they are given again.
Folders of prompts, price lists and large budgets that come from a configuration file, or from a run that was
imported, need the same; a run that was made here has them from whoever made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nashforge.evolve.config.model_names import Model, ModelError, address_of_environment, parse_model
from nashforge.evolve.config.run import ConfigError, RunConfig
from nashforge.prompts import is_own_level

USUAL_BUDGET: float = RunConfig.model_fields["budget_usd"].default
"""Most US dollars that a configuration of somebody else may spend unasked."""


def require_consent(
    config: RunConfig, given: Mapping[str, Any], source: str, *, foreign: bool = True
) -> None:
    """Make sure that what a configuration asks of this person was said by this person.

    Parameters
    ----------
    config
        What would be done.
    given
        What the command line says, by field; None or missing: nothing.
    source
        What the rest comes from, for the error.
    foreign
        Whether that may be somebody else's in all it says; False for a run that was made here.

    Raises
    ------
    ConfigError
        If the configuration names an address, a weaker tier, a file that models are told of, prices or a
        large budget that the command line does not; the text names the option that does.
    """
    if config.tier != "strict" and given.get("tier") is None:
        raise ConfigError(
            f"{source} accepts a weaker sandbox ({config.tier}), which only you can allow: give "
            f"--allow-weaker-sandbox {config.tier}, or --allow-weaker-sandbox strict to confine all programs"
        )
    if config.offline:
        return
    if foreign:
        require_own_prompts(config, given, source)
    if config.replay is not None:
        return
    _require_addresses(config, given, source)
    if foreign:
        _require_money(config, given, source)


def require_own_prompts(config: RunConfig, given: Mapping[str, Any], source: str) -> None:
    """Make sure that templates and feedback levels that are read from files are this person's.

    Raises
    ------
    ConfigError
        As for `require_consent`.
    """
    if config.prompts is not None and given.get("prompts") is None:
        raise ConfigError(
            f"{source} takes its prompts from the folder {config.prompts}, which you have not named; look at "
            f"what is in it and give --prompts {config.prompts}, or a folder of your own (empty: the usual "
            "prompts)"
        )
    if is_own_level(config.feedback) and given.get("feedback") is None:
        raise ConfigError(
            f"{source} takes its feedback level from the file {config.feedback}, which you have not named; "
            f"give --feedback {config.feedback}, or --feedback dense"
        )


def _require_money(config: RunConfig, given: Mapping[str, Any], source: str) -> None:
    if config.prices is not None and given.get("prices") is None:
        raise ConfigError(
            f"{source} takes prices from the file {config.prices}, which you have not named, and your budget "
            f"is kept by them; check it and give --prices {config.prices}, or a list of your own"
        )
    if config.price_unknown is not None and given.get("price_unknown") is None:
        raise ConfigError(
            f"{source} has models without a price cost {config.price_unknown}, and your budget is kept by "
            f"that; if it is true, give --price-unknown {config.price_unknown}"
        )
    if given.get("budget_usd") is not None or 0 < config.budget_usd <= USUAL_BUDGET:
        return
    spends = f"spends up to ${config.budget_usd:,.2f}" if config.budget_usd else "spends without a limit"
    raise ConfigError(
        f"{source} {spends} on models, and only you can allow more than ${USUAL_BUDGET:g}; give --budget-usd"
    )


def _require_addresses(config: RunConfig, given: Mapping[str, Any], source: str) -> None:
    if given.get("proposer") is not None:
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
