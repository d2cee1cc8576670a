"""The beginning of a refinement: the run that its policies are stored in, and the writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nashforge.archive import Archive, Run
from nashforge.evolve.config.model_names import is_priceless, key_of, parse_model
from nashforge.evolve.config.parts import REPLAY, SYNTHESIS
from nashforge.evolve.config.versions import package_versions
from nashforge.evolve.domains.dilemmas.suites import DilemmaSuite
from nashforge.evolve.proposers.llm.prices import NO_PRICE, load_prices, price_of
from nashforge.evolve.proposers.llm.recordings.cassette import CassetteError, find_recording
from nashforge.evolve.synthesis.feedback import Level
from nashforge.evolve.synthesis.writers import ModelWriter, OfflineWriter, ReplayWriter, Writer
from nashforge.solvers.policies.library import policy_source

SEED = "nearest_apple"
"""Policy of the library that refinements begin with, and that fitness is told beside."""

MOST = 10_000
"""Policies of a refinement that is repeated; a cassette may be anybody's."""


class Options(BaseModel):
    """The configuration that repeats a refinement, besides its writer and its suite."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    max_evaluations: int = Field(ge=1, le=MOST)
    feedback: Level
    select: bool
    seed: int = Field(ge=0)


def writer_of(proposer: str, game: str, budget: float | None) -> Callable[[Archive, Run], Writer]:
    """Return what makes the writer of a run, after checking that it can write.

    Parameters
    ----------
    proposer
        ``offline``, or a model such as ``anthropic:MODEL``.
    budget
        What a model may spend, in US dollars; None: no limit.

    Raises
    ------
    ModelError
        If there is no such model, or no key for it.
    PriceError
        If its price is not known.
    """
    if proposer == "offline":
        return lambda archive, run: OfflineWriter(game, policy_source(SEED))
    model = parse_model(proposer)
    key_of(model)
    price = price_of(model.label, load_prices(), NO_PRICE if is_priceless(model) else None)
    return lambda archive, run: ModelWriter(archive, run, model, price, budget)


def replay_of(
    archive: Archive, proposer: str, game: str
) -> tuple[Callable[[Archive, Run], Writer], dict[str, Any]]:
    """Return what makes the writer of ``replay:RUN``, and how it repeats that refinement.

    Parameters
    ----------
    proposer
        ``replay:`` and a run of the archive, or the file of a cassette.

    Raises
    ------
    CassetteError
        If there are no recorded answers, or they are no refinement of this game.
    """
    reference = proposer.removeprefix(REPLAY)
    recording = find_recording(archive, reference)
    config = recording.config
    if config.get("strategy") != SYNTHESIS:
        raise CassetteError(f"{reference} is a search; replay it with `nashforge run --proposer {proposer}`")
    if config.get("domain") != game:
        raise CassetteError(f"{reference} is of {config.get('domain')}, not of {game}; name that game")
    try:
        told = Options.model_validate(config)
    except ValidationError as error:
        raise CassetteError(f"the configuration in {reference} is damaged; export it again") from error
    return lambda archive, run: ReplayWriter(recording), {**told.model_dump(), "proposer": proposer}


def start_synthesis(
    archive: Archive, suite: DilemmaSuite, options: Mapping[str, Any], *, name: str | None
) -> Run:
    """Return the run that the policies of a refinement are stored in.

    Parameters
    ----------
    options
        Its configuration, besides what the suite says: ``proposer``, ``feedback``, ``seed`` and so on.
    name
        What to call it; None: two words.
    """
    setting = suite.parsed()
    config = {
        "domain": setting.game,
        "strategy": SYNTHESIS,
        "horizon": setting.horizon,
        **dict.fromkeys(("train", "validation", "test"), suite.name),
        "fitness": {"kind": "value", "floor": 1e-7, "reference": SEED},
        **options,
    }
    return archive.runs.create(
        setting.game, config, seed=options["seed"], nickname=name, versions=package_versions()
    )
