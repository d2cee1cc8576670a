"""The beginning of a refinement: the run that its policies are stored in, and the writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nashforge.archive import Archive, Run
from nashforge.evolve.config.model_names import is_priceless, key_of, parse_model
from nashforge.evolve.config.versions import package_versions
from nashforge.evolve.domains.dilemmas.suites import DilemmaSuite
from nashforge.evolve.proposers.llm.prices import NO_PRICE, load_prices, price_of
from nashforge.evolve.synthesis.writers import ModelWriter, OfflineWriter, Writer
from nashforge.solvers.policies.library import policy_source

SEED = "nearest_apple"
"""Policy of the library that refinements begin with, and that fitness is told beside."""


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


def start_synthesis(
    archive: Archive, suite: DilemmaSuite, options: Mapping[str, object], *, seed: int, name: str | None
) -> Run:
    """Return the run that the policies of a refinement are stored in.

    Parameters
    ----------
    options
        Its configuration, besides the seed and what the suite says: ``proposer``, ``feedback`` and so on.
    name
        What to call it; None: two words.
    """
    setting = suite.parsed()
    config = {
        "domain": setting.game,
        "strategy": "synthesis",
        "horizon": setting.horizon,
        **dict.fromkeys(("train", "validation", "test"), suite.name),
        "fitness": {"kind": "value", "floor": 1e-7, "reference": SEED},
        "seed": seed,
        **options,
    }
    return archive.runs.create(setting.game, config, seed=seed, nickname=name, versions=package_versions())
