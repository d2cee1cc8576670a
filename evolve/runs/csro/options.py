"""The settings of a CSRO run beside those of its searches, and the run that holds its population."""

from __future__ import annotations

import platform
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nashforge.archive import Archive, Run
from nashforge.evolve.config.consent import Origin, require_consent
from nashforge.evolve.config.faults import fault_of
from nashforge.evolve.config.parts import CSRO, REPLAY
from nashforge.evolve.config.run import RunConfig, checked, stored_settings
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.config.starts import STRONGEST
from nashforge.evolve.config.versions import package_versions
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.domains.capabilities import Duels, NotOfferedError
from nashforge.evolve.evaluation.disguises import draw
from nashforge.evolve.proposers.llm.recordings.cassette import replay_values
from nashforge.evolve.results.csro import MOST_ITERATIONS
from nashforge.evolve.runs.run import check
from nashforge.evolve.runs.starts import with_starts
from nashforge.games.naming import choice
from nashforge.solvers.psro.meta_solvers import LIBRARY as META_SOLVERS

ORACLES = {"evolution": "evolution", "refinement": "sequential"}
"""The strategy of the searches, by the name of the oracle."""


SEARCHES = "searches"
"""What a CSRO run remembers: its searches (their uid), by iteration."""


class CSROOptions(BaseModel):
    """Settings of a CSRO run beside those of its searches.

    Attributes
    ----------
    iterations : int
        Best responses that are searched for.
    meta_solver : str
        Name of the library's meta-solver that mixes the population.
    oracle : str
        ``evolution``, from the strongest members; ``refinement``, of the last program again and again.
    evaluations : int
        Programs that each search evaluates.
    matches : int
        Of each pair, in the restricted game and with outsiders.
    replay : str or None
        The CSRO run (its uid) whose recorded answers are used instead of asking models.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    iterations: int = Field(default=8, ge=1, le=MOST_ITERATIONS)
    meta_solver: str = "nash"
    oracle: Literal["evolution", "refinement"] = "evolution"
    evaluations: int = Field(default=30, ge=2)
    matches: int = Field(default=4, ge=2, le=1000)
    replay: str | None = None


def csro_options(**values: Any) -> CSROOptions:
    """Return settings that a person gave.

    Raises
    ------
    ConfigError
        If one is not allowed; names the option and what is allowed.
    """
    try:
        return CSROOptions.model_validate(values)
    except ValidationError as error:
        told = [
            f"--{str(each['loc'][0]).replace('_', '-')} = {each['input']!r}: {fault_of(each)}"
            for each in error.errors()
        ]
        raise ConfigError("; ".join(told)) from error


def duels_of(work: Domain) -> Duels:
    """Return how programs of a domain play each other.

    Raises
    ------
    NotOfferedError
        If they do not.
    """
    if work.duels is None:
        raise NotOfferedError(
            f"programs of the domain {work.name!r} do not play each other, so that there is no population to "
            "respond to; choose rrps"
        )
    return work.duels


def start_csro(archive: Archive, config: RunConfig, options: CSROOptions, *, name: str | None = None) -> Run:
    """Store the run of a population, which has not begun; see `nashforge.evolve.runs.csro.loop`.

    Parameters
    ----------
    config
        Of the searches; their number of evaluations, strategy and opponents are as the options say, and
        ``start`` names the population to begin with (by default the domain's own program).

    Raises
    ------
    ConfigError, nashforge.games.GameError, SandboxUnavailable, nashforge.evolve.service.settings.ServiceError
        If it cannot be carried out; nothing is stored then.
    """
    work = domain(config.domain)
    duels = duels_of(work)
    if options.meta_solver not in (known := META_SOLVERS.names()):
        raise ConfigError(
            f"there is no meta-solver {options.meta_solver!r} in the library; "
            f"{choice(options.meta_solver, known)}"
        )
    if config.evaluation.against:
        raise ConfigError("csro finds out itself whom its searches play against; leave --against out")
    if STRONGEST in config.start:
        raise ConfigError("a population begins with programs that are named; give their names in --from")
    config = config.changed(
        final_test=False,
        max_evaluations=options.evaluations,
        strategy=ORACLES[options.oracle],
        fitness={"kind": "objective", "objective": duels.objective, "reference": work.seed},
        start=config.start or (work.seed,),
    )
    check(config)
    config = with_starts(archive, config, work)
    if config.evaluation.disguise_seed is None:
        config = config.changed(disguise_seed=draw(config.seed))
    settings = config.settings() | {
        "strategy": CSRO,
        "max_evaluations": len(config.start) + options.iterations,
        CSRO: options.model_dump(mode="json"),
    }
    return archive.runs.create(
        config.domain,
        settings,
        seed=config.seed,
        nickname=name,
        versions=package_versions(),
        host={"machine": platform.machine(), "system": platform.platform(), "node": platform.node()},
    )


def options_of(run: Run) -> CSROOptions:
    """Return the settings of a stored CSRO run.

    Raises
    ------
    ConfigError
        If it is none, or what is stored is damaged.
    """
    if run.config.get("strategy") != CSRO:
        raise ConfigError(f"{run.nickname} is no run of `nashforge csro`; choose one, see `nashforge runs`")
    try:
        return CSROOptions.model_validate(run.config.get(CSRO))
    except ValidationError as error:
        raise ConfigError(f"the configuration of {run.nickname} is damaged; start another run") from error


def searches_of(archive: Archive, run: Run, changes: dict[str, Any]) -> RunConfig:
    """Return the configuration of the searches of a CSRO run, without their opponents.

    Raises
    ------
    ConfigError
        If the changes do not say again what only a person may say.
    """
    options = options_of(run)
    settings = stored_settings(archive, run) | changes
    settings.pop(CSRO, None)
    config = checked(settings | {"strategy": ORACLES[options.oracle], "max_evaluations": options.evaluations})
    origin: Origin = "stored" if run.imported is None else "imported"
    require_consent(config, changes, f"the run {run.nickname}", origin=origin)
    return config


def search_of(archive: Archive, reference: str, iteration: int) -> Run:
    """Return the search of an iteration of a CSRO run.

    Raises
    ------
    ConfigError
        If it has none.
    """
    run = archive.runs.get(reference)
    searches = archive.runs.get_value(run, SEARCHES, {})
    if str(iteration) not in searches:
        raise ConfigError(f"{run.nickname} has no search of iteration {iteration}, which was to be repeated")
    return archive.runs.get(searches[str(iteration)])


def repetition_of(archive: Archive, reference: str) -> tuple[RunConfig, CSROOptions]:
    """Return what repeats a CSRO run from the recorded answers of its models.

    Raises
    ------
    ConfigError
        If it is no CSRO run, or has no search yet.
    nashforge.evolve.proposers.llm.recordings.cassette.CassetteError
        If no models were asked.
    """
    run = archive.runs.get(reference)
    options, kept = options_of(run), stored_settings(archive, run)
    first = search_of(archive, run.uid, 1)
    values = replay_values(archive, REPLAY + first.uid)
    config = checked(values | {"seed": kept["seed"], "start": kept["start"], "against": ()})
    return config, options.model_copy(update={"replay": run.uid})
