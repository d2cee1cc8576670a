"""The configuration of a run: one validated, immutable object, stored with the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from nashforge.errors import NashforgeError
from nashforge.evolve.config.models import ModelOptions
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.checks import strategic_of
from nashforge.evolve.evaluation.messages import Fitness
from nashforge.games.naming import choice
from nashforge.games.texts import TextError, read_toml

Strategy = Literal["evolution", "best_of_n", "sequential"]


_OPTION_NAMES = {
    "suite": "train",
    "validation_suite": "validation",
    "test_suite": "test",
    "allow_weaker_sandbox": "tier",
    "model": "proposer",
}
"""Fields that have another name on the command line."""


class ConfigError(NashforgeError, ValueError):
    """A run cannot be configured as asked."""

    exit_code = 2


class RunConfig(ModelOptions):
    """Everything that decides what a run does. Equal configurations, seeds and answers give equal runs.

    Attributes
    ----------
    domain, strategy
        What is searched, and how parents are chosen; who writes the programs is said by the fields of
        `nashforge.evolve.config.models.ModelOptions`.
    seed
        Of every random draw.
    disguise_seed
        Number of the disguises of validation games, see `nashforge.evolve.evaluation.disguises`; None: drawn
        when the run starts.
    max_evaluations
        Stop after so many evaluated candidates, the seed program included; programs that repeat a known one
        do not count.
    max_minutes
        Stop asking for new candidates after so many minutes.
    patience
        Stop after so many evaluations without a better training fitness; None: never.
    executor
        Where programs are evaluated: ``local``, on this machine, or ``celery``, by workers on any machines.
    workers
        Worker processes; None: one a core (``celery``: as many as workers are alive).
    weight
        The run's share of workers that it has in common with other runs, relative to theirs.
    propose_on
        Where models are asked: ``here``, by the run's process, or by ``workers`` that hold the keys.
    lookahead
        How many candidates may be asked for ahead of the oldest outcome that is not in; None: one for one
        worker, else twice the workers. It decides what is known when a candidate is proposed, so runs are
        the same for the same value, however fast the workers are.
    horizon
        Iterations a game.
    train, validation, test
        Suites (names or TOML files).
    final_test
        Whether the best program is measured on the test suite at the end.
    islands, archive, migrate_every
        The population, see `nashforge.evolve.search.population.islands.Population`.
    parents
        What parents are compared by: ``train``, the training fitness, or ``both``, the mean of training and
        validation fitness.
    verify
        A program is validated when its training fitness is among so many best.
    stagnation
        After so many evaluations without a better training fitness, larger steps are taken.
    tier
        Weakest sandbox tier to accept.
    """

    domain: str = "cfr"
    strategy: Strategy = "evolution"
    seed: int = Field(default=0, ge=0, lt=2**63)  # databases hold no larger numbers
    disguise_seed: int | None = Field(default=None, ge=0, lt=2**63)
    max_evaluations: int = Field(default=80, ge=1)
    max_minutes: float | None = Field(default=None, gt=0)
    patience: int | None = Field(default=None, ge=1)
    executor: Literal["local", "celery"] = "local"
    workers: int | None = Field(default=None, ge=1)
    weight: float = Field(default=1.0, gt=0)
    propose_on: Literal["here", "workers"] = "here"
    lookahead: int | None = Field(default=None, ge=1)
    horizon: int = Field(default=1000, ge=1)
    train: str = "cfr-train"
    validation: str = "cfr-validation"
    test: str = "cfr-test"
    final_test: bool = True
    fitness: Fitness = Fitness()
    islands: int = Field(default=3, ge=1)
    archive: int = Field(default=40, ge=1)
    migrate_every: int = Field(default=15, ge=1)
    parents: Literal["train", "both"] = "train"
    verify: int = Field(default=5, ge=1)
    stagnation: int = Field(default=15, ge=1)
    tier: Literal["strict", "no-landlock", "none"] = "strict"

    @model_validator(mode="after")
    def _room_on_every_island(self) -> RunConfig:
        if self.archive < self.population_islands:
            raise ValueError(
                f"an archive of {self.archive} is too small for {self.population_islands} islands; give it a "
                "program an island at least"
            )
        return self

    @property
    def population_islands(self) -> int:
        """How many islands there are: one a model, if each has its own."""
        return len(self.proposers) if self.model_islands and not self.offline else self.islands


def load_config(
    options: Mapping[str, Any], path: str | Path | None = None, base: Mapping[str, Any] | None = None
) -> RunConfig:
    """Return a configuration from options, over those of a TOML file, over the domain's defaults.

    Parameters
    ----------
    options
        Values by name; None means not given.
    path
        A TOML file, see `read_run_file`.
    base
        Values of the run that is to be repeated, below those of the file.

    Raises
    ------
    ConfigError
        If the file cannot be read or a value is not allowed; names the option and what is allowed. Or if
        it says what only the options may, see `nashforge.evolve.config.consent`.
    """
    from nashforge.evolve.config.consent import require_consent

    values: dict[str, Any] = dict(base or {})
    values |= {} if path is None else read_run_file(path).values
    values |= {name: value for name, value in options.items() if value is not None}
    work = domain(str(values.get("domain", "cfr")))
    defaults: dict[str, Any] = {"horizon": work.horizon, "fitness": work.fitness.model_dump()}
    defaults.update(work.search)
    defaults.update({str(split): suite for split, suite in work.suites.items()})
    objective = values.pop("objective", None)
    if objective is not None:
        values["fitness"] = {**values.get("fitness", {}), "kind": "objective", "objective": objective}
    risk = values.pop("risk", None)
    if isinstance(values.get("fitness"), Mapping):
        # What a file leaves open is as the domain has it, and not as another domain would.
        values["fitness"] = defaults["fitness"] | dict(values["fitness"])
    config = checked(defaults | values, path)
    if path is not None or base is not None:
        source = f"the configuration {path}" if path is not None else "the run to be repeated"
        require_consent(config, options, source, foreign=path is not None)
    if risk is None:
        return config
    return config.model_copy(update={"fitness": strategic_of(work, config.fitness, str(risk))})


def checked(values: Mapping[str, Any], path: str | Path | None = None) -> RunConfig:
    """Return the configuration of these values, over the fields' defaults.

    Parameters
    ----------
    path
        The file that some of them come from, named in errors.

    Raises
    ------
    ConfigError
        If a value is not allowed; names the option and what is allowed.
    """
    try:
        return RunConfig.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_sentence(error, path)) from error


@dataclass(frozen=True)
class RunFile:
    """What a TOML file says about a run.

    Attributes
    ----------
    values : dict
        Fields of `RunConfig`.
    name, database : str or None
        What the run is to be called, and where it is to be stored.
    """

    values: Mapping[str, Any]
    name: str | None = None
    database: str | None = None


def read_run_file(path: str | Path) -> RunFile:
    """Read a run's TOML file: fields of `RunConfig`, or options as `nashforge run` spells them.

    Raises
    ------
    ConfigError
        If the file cannot be read or is not TOML.
    """
    try:
        table = read_toml(path)
    except TextError as error:
        raise ConfigError(f"the configuration {path} {error}") from error
    values: dict[str, Any] = {}
    for spelled, value in table.items():
        name = spelled.replace("-", "_")
        name = _OPTION_NAMES.get(name, name)
        if name in values:
            raise ConfigError(f"the configuration {path} gives {name!r} twice, once as {spelled!r}; keep one")
        values[name] = value
    apart: dict[str, str | None] = {}
    for name in ("name", "database"):
        text = values.pop(name, None)
        if text is not None and not isinstance(text, str):
            raise ConfigError(f"the configuration {path} has {name} = {text!r}; it must be text")
        apart[name] = text
    return RunFile(values, **apart)


def _sentence(error: ValidationError, path: str | Path | None) -> str:
    parts = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        if not name:  # several fields together are wrong
            parts.append(str(problem["ctx"]["error"]))
        elif problem["type"] == "extra_forbidden":
            remedy = choice(str(problem["loc"][-1]), _option_names(problem["loc"]))
            parts.append(f"there is no option {name!r}; {remedy}")
        else:
            parts.append(f"{_shown(name, path)} = {_quoted(problem['input'])}: {problem['msg'].lower()}")
    where = f" in {path}" if path is not None else ""
    return f"the configuration{where} is not valid: " + "; ".join(parts)


def _quoted(value: object) -> str:
    """Return a value as an error repeats it: in short, also where it is a number of thousands of digits."""
    try:
        return _short(repr(value))
    except ValueError:
        return "a huge number"


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}..."


def _option_names(place: tuple[int | str, ...]) -> list[str]:
    """Return what a run's file may say where a name was not known."""
    if len(place) > 1:
        return list(Fitness.model_fields)
    return [*RunConfig.model_fields, *_OPTION_NAMES, "objective", "risk", "name", "database"]


def _shown(name: str, path: str | Path | None) -> str:
    """Return a field as the person may have written it: on the command line, or in a file."""
    spelled = next((option for option, field in _OPTION_NAMES.items() if field == name), name)
    option = f"--{spelled.replace('_', '-')}"
    if path is None and "." not in name:
        return option
    return name if spelled == name else f"{name} ({option})"
