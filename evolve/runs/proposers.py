"""The proposer that a run's configuration names; and making sure beforehand that there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nashforge import prompts
from nashforge.archive import Archive, Run
from nashforge.evolve.config.model_names import CLI, Model, check_way, is_priceless, key_of, parse_model
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.domains import domain
from nashforge.evolve.proposers.llm.prices import NO_PRICE, Price, load_prices, parse_price, price_of
from nashforge.evolve.proposers.llm.providers.cli import probe
from nashforge.evolve.proposers.llm.recordings.cassette import find_recording
from nashforge.evolve.proposers.registry import AGENT, named_proposer, proposer_names
from nashforge.games.naming import choice

if TYPE_CHECKING:
    from nashforge.evolve.domains.base import Domain
    from nashforge.evolve.evaluation.messages import Stage
    from nashforge.evolve.proposers.base import Proposer
    from nashforge.evolve.proposers.experiments import Laboratory
    from nashforge.evolve.proposers.llm.proposer import ModelProposer
    from nashforge.evolve.proposers.llm.providers.base import Provider
    from nashforge.evolve.service.settings import ServiceSettings


def make_proposer(config: RunConfig, work: Domain) -> Proposer:
    """Return the proposer of a configuration that asks no model and no agent, and names one.

    Raises
    ------
    ConfigError
        If there is none of that name, or the domain has none that works without a model.
    """
    return _named(",".join(config.models.proposers), work)


def _named(name: str, work: Domain) -> Proposer:
    if name not in proposer_names():
        raise ConfigError(
            f"there is no proposer {name!r}: language models are named PROVIDER:MODEL, such as "
            f"anthropic:claude-sonnet-5, and of the others {choice(name, proposer_names())}"
        )
    found = named_proposer(name, work)
    if found is None:
        raise ConfigError(
            f"the domain {work.name!r} has no offline proposer: only a language model or an agent can write "
            "its programs; choose one with --proposer"
        )
    return found


def check_proposers(config: RunConfig, work: Domain) -> None:
    """Make sure that there are the proposers that a configuration names, without asking them.

    Raises
    ------
    ConfigError, nashforge.evolve.config.model_names.ModelError, PriceError
        If there is none of a name, or a model has no key or no price, or the domain has no prompts.
    """
    names = config.models.proposers
    for name in names:
        if ":" not in name and name != AGENT:
            _named(name, work)
    if config.models.agents and _fallback(config) is not None:
        _named(config.models.agent_fallback, work)
    if not names:
        make_proposer(config, work)
    if config.models.models:
        check_models(config)
    if not config.models.offline:
        check_prompts(config)


def _fallback(config: RunConfig) -> str | None:
    """Return who steps in for agents that do not come; None: nobody."""
    name = config.models.agent_fallback
    if name == "none":
        return None
    if name == AGENT or ":" in name:
        raise ConfigError(
            f"agent_fallback = {name!r}: it is the name of a proposer that answers at once, such as offline, "
            "or none"
        )
    return name


def check_models(config: RunConfig) -> None:
    """Make sure that a run's models can be asked, without asking them.

    Raises
    ------
    ConfigError, nashforge.evolve.config.model_names.ModelError, PriceError
        If a model has no key or no price.
    """
    models = models_of(config)
    prices_of(config, models)
    if config.models.replay is None and config.models.propose_on == "here":
        for model in models:
            key_of(model)
            if model.provider == CLI:
                probe(model)
    if config.models.propose_on == "workers" and any(model.provider == CLI for model in models):
        raise ConfigError("commands are run here and by no workers; leave --propose-on out")


def check_prompts(config: RunConfig) -> None:
    """Make sure that the domain has prompts, so that models and agents can be told what to write.

    Raises
    ------
    ConfigError
        If it has none.
    """
    name = domain(config.domain).name
    folders = config.models.prompts, domain(config.domain).prompts
    places = [Path(folder) for folder in folders if folder is not None]
    try:
        known = prompts.template_names(places)
    except OSError as error:
        raise ConfigError(str(error)) from error
    if f"{name}/system" not in known:
        raise ConfigError(
            f"the domain {name!r} has no prompt {name}/system, so no model can be told what to write; give "
            "one with --prompts FOLDER, or use the offline proposer"
        )


def models_of(config: RunConfig) -> list[Model]:
    """Return the models of a configuration.

    Raises
    ------
    ConfigError, nashforge.evolve.config.model_names.ModelError
        If one is ill-named or named twice.
    """
    models = [_in_the_way_of(parse_model(text), config) for text in config.models.models]
    labels = [model.label for model in models]
    if len(set(labels)) < len(labels):
        raise ConfigError(f"the models {config.models.proposer!r} are not all different; name each once")
    return models


def _in_the_way_of(model: Model, config: RunConfig) -> Model:
    """Return a model with the effort and thinking of a configuration, where it has none of its own."""
    if model.provider == CLI:
        return model
    options = config.models
    model = replace(model, effort=model.effort or options.effort, thinking=model.thinking or options.thinking)
    check_way(model)
    return model


def prices_of(config: RunConfig, models: list[Model]) -> Mapping[str, Price]:
    """Return the price of every model by its label; nothing costs anything in a replay.

    Raises
    ------
    PriceError
        If one has no price.
    """
    if config.models.replay is not None:
        return {model.label: Price(input=0, output=0) for model in models}
    known = load_prices(config.models.prices)
    unknown = None if config.models.price_unknown is None else parse_price(config.models.price_unknown)
    return {
        model.label: price_of(model.label, known, unknown or (NO_PRICE if is_priceless(model) else None))
        for model in models
    }


def make_writers(
    archive: Archive,
    run: Run,
    config: RunConfig,
    work: Domain,
    note: Callable[[str], None],
    service: ServiceSettings | None = None,
) -> Proposer:
    """Return the proposer of a run: the one that it names, or an ensemble of those.

    `check_proposers` has found nothing wrong with the configuration.

    Raises
    ------
    nashforge.evolve.proposers.llm.recordings.cassette.CassetteError
        If the run that is to be replayed is not there.
    """
    names = config.models.proposers
    if config.models.offline and len(names) == 1:
        return make_proposer(config, work)
    models = make_model_proposer(archive, run, config, note, service) if config.models.models else None
    if models is not None and len(config.models.models) == len(names):
        return models
    from nashforge.evolve.proposers.ensemble import Ensemble

    members: dict[str, Proposer] = {}
    for name in names:
        if name == AGENT:
            members[name] = _agents(archive, run, config, work, note)
        elif ":" in name and models is not None:
            members[parse_model(name).label] = models
        else:
            members[name] = _named(name, work)
    return Ensemble(
        archive,
        run,
        members,
        islands=config.population.model_islands,
        budget=(config.budget.usd or None) if models is not None else None,
        replaying=config.models.replay is not None,
    )


def _agents(
    archive: Archive, run: Run, config: RunConfig, work: Domain, note: Callable[[str], None]
) -> Proposer:
    from nashforge.evolve.proposers.agents.proposer import AgentProposer

    recording, fallback = None, _fallback(config)
    if config.models.replay is not None:
        recorded = find_recording(archive, config.models.replay)
        recording = recorded.of(lambda label: label.partition(":")[0] == AGENT)
    return AgentProposer(
        archive,
        run,
        config,
        work,
        fallback=None if fallback is None else _named(fallback, work),
        recording=recording,
        note=note,
    )


def make_model_proposer(
    archive: Archive,
    run: Run,
    config: RunConfig,
    note: Callable[[str], None],
    service: ServiceSettings | None = None,
) -> ModelProposer:
    """Return the models of a configuration as a proposer; `check_models` has found nothing wrong with it.

    Raises
    ------
    nashforge.evolve.proposers.llm.recordings.cassette.CassetteError
        If the run that is to be replayed is not there.
    """
    from nashforge.evolve.proposers.llm.proposer import ModelProposer

    models = models_of(config)
    recording = None if config.models.replay is None else find_recording(archive, config.models.replay)
    return ModelProposer(
        archive,
        run,
        config,
        domain(config.domain),
        labels=[model.label for model in models],
        providers={} if recording is not None else _providers(archive, run, config, models, service),
        prices=prices_of(config, models),
        recording=recording,
        laboratory=None if recording is not None else _laboratory(config),
        note=note,
    )


def _laboratory(config: RunConfig) -> Callable[[Stage], Laboratory] | None:
    """Return what makes the laboratory of a run; None where programs are not measured on this machine."""
    if config.evaluation.executor != "local" or not config.models.experiments:
        return None
    from nashforge.evolve.executors.local import LocalExecutor
    from nashforge.evolve.measurement.experiments import ConfinedLaboratory

    work = domain(config.domain)
    return lambda train: ConfinedLaboratory(work, train, lambda: LocalExecutor(1), tier=config.sandbox.tier)


def _providers(
    archive: Archive, run: Run, config: RunConfig, models: list[Model], service: ServiceSettings | None
) -> dict[str, Provider]:
    """Return how the models are asked: from here, or by workers."""
    if config.models.propose_on == "here":
        from nashforge.evolve.proposers.llm.providers import connect

        return {model.label: connect(model, config.models.retries) for model in models}
    from nashforge.evolve.service.model_requests import QueuedProvider
    from nashforge.evolve.service.settings import service_settings

    settings = service or service_settings()
    return {
        model.label: QueuedProvider(
            archive,
            settings,
            run,
            model,
            retries=config.models.retries,
            seconds=config.models.proposal_seconds,
            weight=config.evaluation.share,
        )
        for model in models
    }
