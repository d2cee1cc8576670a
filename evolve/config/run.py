"""The configuration of a run: one validated, immutable object, stored with the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from nashforge.archive import Archive, Run
from nashforge.evolve.config.consent import OWN_START, names_in, require_consent
from nashforge.evolve.config.faults import fault_of
from nashforge.evolve.config.parts import (
    AGENT,
    BudgetOptions,
    ChallengerOptions,
    EvaluationOptions,
    ModelOptions,
    Part,
    PopulationOptions,
    SandboxOptions,
)
from nashforge.evolve.config.settings import ConfigError, Setting, Settings
from nashforge.evolve.config.starts import MOST_STARTS, chosen
from nashforge.evolve.domains import domain as domain_of_name
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.domains.capabilities import NotOfferedError
from nashforge.evolve.domains.checks import strategic_of
from nashforge.evolve.evaluation.disguises import copied, disguised, rescaled
from nashforge.evolve.evaluation.labels import shortened
from nashforge.evolve.evaluation.messages import COPIES, Fitness, Split, Stage
from nashforge.games.naming import choice
from nashforge.games.texts import TextError, read_toml

FITNESS_OPTIONS = {"objective": "evaluation", "risk": "evaluation"}
"""What files and the command line say of the fitness beside its fields."""


class RunConfig(Part):
    """Everything that decides what a run does. Equal configurations, seeds and answers give equal runs.

    It is made from settings by name as well as from its parts: stored runs hold settings by name.
    """

    domain: str = "cfr"
    """What is searched."""

    strategy: Literal["evolution", "best_of_n", "sequential"] = "evolution"
    """How parents are chosen: `evolution`, `best_of_n` or `sequential`."""

    seed: int = Field(default=0, ge=0, lt=2**63)  # databases hold no larger numbers
    """Of every random draw."""

    start: Annotated[tuple[str, ...], Setting(option="from", consent=OWN_START)] = Field(
        default=(), max_length=MOST_STARTS
    )
    """Programs to start from, by name, file or run (of which it is the best); `strongest`: the three of the
    library with the highest training fitness. Without any: `strongest` where models or agents write, else
    the domain's own."""

    population: PopulationOptions = PopulationOptions()
    budget: BudgetOptions = BudgetOptions()
    evaluation: EvaluationOptions = EvaluationOptions()
    challenger: ChallengerOptions = ChallengerOptions()
    models: ModelOptions = ModelOptions()
    sandbox: SandboxOptions = SandboxOptions()

    @model_validator(mode="before")
    @classmethod
    def _nested(cls, values: Any) -> Any:
        return SETTINGS.nested(values) if isinstance(values, Mapping) else values

    @model_validator(mode="after")
    def _room_on_every_island(self) -> RunConfig:
        if self.population.size < self.islands:
            raise ValueError(
                f"a population of {self.population.size} is too small for {self.islands} islands; give it a "
                "program an island at least"
            )
        return self

    @property
    def islands(self) -> int:
        """The number of islands: one a model, if each has its own."""
        own = self.population.model_islands and not self.models.offline
        return len(self.models.proposers) if own else self.population.islands

    def items(self) -> Iterator[tuple[Setting, Any]]:
        """Yield every setting with its value."""
        for setting in SETTINGS.values():
            yield setting, reduce(getattr, setting.path, self)

    def settings(self) -> dict[str, Any]:
        """Return the settings by name, as they are stored."""
        dumped = self.model_dump(mode="json")
        return {name: reduce(getitem, setting.path, dumped) for name, setting in SETTINGS.items()}

    def changed(self, **settings: Any) -> RunConfig:
        """Return a configuration with other values of some settings.

        Raises
        ------
        ConfigError
            If one is not allowed.
        """
        return checked(self.settings() | SETTINGS.named(settings))

    def stages(self, work: Domain) -> dict[Split, Stage]:
        """Return what a program is measured on, by split; validation games are disguised as in this run.

        Raises
        ------
        nashforge.games.GameError
            If a suite does not exist or is ill-formed.
        """
        options = self.evaluation
        stages = {split: self._whole_stage(work, split, suite) for split, suite in options.suites.items()}
        for split in COPIES[: options.copies]:
            copy = copied(stages["validation"], split)
            if copy is not None:
                stages[split] = copy
        number = options.disguise_seed
        return {
            split: rescaled(disguised(stage, number), number, 1.0 if split == "test" else options.rescale)
            for split, stage in stages.items()
        }

    def _whole_stage(self, work: Domain, split: Split, suite: str) -> Stage:
        """Return a stage with the shorter trials of its games first: who fails there takes no more."""
        options = self.evaluation

        def staged(horizon: int) -> Stage:
            found = work.stage(split, suite, horizon, options.fitness)
            if not options.against or split == "test":
                return found
            if work.duels is None:
                raise NotOfferedError(
                    f"programs of the domain {work.name!r} do not play each other; leave --against out"
                )
            return work.duels.against(found, options.against)

        stage = staged(options.horizon)
        short = [
            shortened(trial)
            for horizon in sorted(set(options.short_horizons))
            if horizon < options.horizon
            for trial in staged(horizon).trials
        ]
        return stage.model_copy(update={"trials": (*short, *stage.trials)})


OF_FEW: Mapping[str, object] = MappingProxyType({"islands": 1, "archive": 12})
"""The population where models or agents write: programs are dear and few, tasks build on the best.

Several islands are searches of a part of the depth each, see docs/howto-agents.md.
"""


def writes_offline(values: Mapping[str, Any]) -> bool:
    """Whether the settings of a new run have its programs written without models and agents."""
    said = values.get("proposer") or ()
    names = names_in(said) if isinstance(said, str) else tuple(map(str, said))
    return not any(":" in name or name == AGENT for name in names)


SETTINGS = Settings(RunConfig, Part, FITNESS_OPTIONS)
"""All settings by name."""


def load_config(
    options: Mapping[str, Any],
    path: str | Path | None = None,
    base: Mapping[str, Any] | None = None,
    *,
    domain: Domain | None = None,
) -> RunConfig:
    """Return a configuration from options, over those of a TOML file, over the domain's defaults.

    Parameters
    ----------
    options
        Settings by name; None means not given.
    path
        A TOML file, see `read_run_file`.
    base
        Settings of the run that is to be repeated, below those of the file.
    domain
        The domain, for one that is not installed; by default that of the options.

    Raises
    ------
    ConfigError
        If the file cannot be read or a value is not allowed; names the option and what is allowed. Or if
        it says what only the options may, see `nashforge.evolve.config.consent`.
    """
    options = given(options)
    file = {} if path is None else read_run_file(path).values
    values = SETTINGS.named(base or {}) | dict(file) | options
    if domain is not None:
        values.setdefault("domain", domain.name)
    work = domain or domain_of_name(str(values.get("domain", "cfr")))
    defaults: dict[str, Any] = {"horizon": work.horizon, "fitness": work.fitness.model_dump()}
    if not writes_offline(values):
        defaults |= SETTINGS.named(OF_FEW)
    defaults |= SETTINGS.named(work.run_defaults)
    defaults |= {str(split): suite for split, suite in work.suites.items()}
    objective = values.pop("objective", None)
    if objective is not None:
        values["fitness"] = {**values.get("fitness", {}), "kind": "objective", "objective": objective}
    risk = values.pop("risk", None)
    if isinstance(values.get("fitness"), Mapping):
        # What a file leaves open is as the domain has it, and not as another domain would.
        given_fitness = dict(values["fitness"])
        if "floor" in given_fitness:  # who names a floor means it, and not a share of the payoffs
            defaults["fitness"].pop("floor_relative", None)
        values["fitness"] = defaults["fitness"] | given_fitness
    config = checked(defaults | values, path)
    if path is not None or base is not None:
        source = f"the configuration {path}" if path is not None else "the run to be repeated"
        require_consent(config, options, source, origin="file" if path is not None else "stored")
    if risk is None:
        return config
    return config.changed(fitness=strategic_of(work, config.evaluation.fitness, str(risk)))


def given(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the settings that were given, by name; None, or no value of several, means not given."""
    return SETTINGS.named(
        {name: value for name, value in (options or {}).items() if value not in (None, [], ())}
    )


def stored_settings(archive: Archive, run: Run) -> dict[str, Any]:
    """Return the settings of a run by name, with what was chosen and changed since, unchecked."""
    changes = archive.runs.get_value(run, "changes", {})
    return SETTINGS.named(run.config) | dict(chosen(archive, run)) | SETTINGS.named(changes)


def checked(values: Mapping[str, Any], path: str | Path | None = None) -> RunConfig:
    """Return the configuration of these settings, over the defaults.

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
    """The contents of a TOML file that describes a run.

    Attributes
    ----------
    values : dict
        Settings by name.
    name, database : str or None
        What the run is to be called, and where it is to be stored.
    """

    values: Mapping[str, Any]
    name: str | None = None
    database: str | None = None


def read_run_file(path: str | Path) -> RunFile:
    """Read a run's TOML file: settings by name, or as `nashforge run` spells them, or in tables of parts.

    Raises
    ------
    ConfigError
        If the file cannot be read or is not TOML.
    """
    try:
        values = SETTINGS.named(read_toml(path), once=True)
    except (TextError, ConfigError) as error:
        raise ConfigError(f"the configuration {path} {error}") from error
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
        setting, rest = SETTINGS.at(problem["loc"])
        name = ".".join(str(part) for part in ([setting.name] if setting else []) + list(rest))
        if not problem["loc"]:  # several fields together are wrong
            parts.append(fault_of(problem))
        elif problem["type"] == "extra_forbidden":
            parts.append(f"there is no option {name!r}; {_instead(setting, rest)}")
        elif problem["type"] == "model_type":
            table = SETTINGS.parts.get(name, Fitness).model_fields
            parts.append(f"{name} = {_quoted(problem['input'])}: it is a table, of {', '.join(table)}")
        else:
            shown = name if setting is None or rest else _shown(setting, path)
            parts.append(f"{shown} = {_quoted(problem['input'])}: {fault_of(problem)}")
    where = f" in {path}" if path is not None else ""
    return f"the configuration{where} is not valid: " + "; ".join(parts)


def _quoted(value: object) -> str:
    """Return a value as an error repeats it: in short, also where it is a number of thousands of digits."""
    try:
        text = repr(value)
    except ValueError:
        return "a huge number"
    return text if len(text) <= 200 else f"{text[:200]}..."


def _instead(setting: Setting | None, rest: tuple[int | str, ...]) -> str:
    """Return what to write where a name was not known."""
    elsewhere = SETTINGS.find(str(rest[-1])) if setting is None and len(rest) > 1 else None
    if elsewhere is None:
        return choice(str(rest[-1]), _known(setting, rest))
    *part, field = elsewhere.path
    return f"it is {field} in [{part[0]}]" if part else f"{field} stands alone, before the tables"


def _known(setting: Setting | None, rest: tuple[int | str, ...]) -> list[str]:
    """Return the names that a run's file may have there."""
    if setting is not None:
        return list(Fitness.model_fields)
    if len(rest) > 1:
        return list(SETTINGS.parts[str(rest[0])].model_fields)
    names = [name for item in SETTINGS.values() for name in (item.name, item.option, *item.aliases)]
    names += [item.former for item in SETTINGS.values() if item.former]
    return [*dict.fromkeys(names), *FITNESS_OPTIONS, *SETTINGS.parts, "name", "database"]


def _shown(setting: Setting, path: str | Path | None) -> str:
    """Return a setting as the person may have written it: on the command line, or in a file."""
    option = f"--{setting.option.replace('_', '-')}"
    if path is None:
        return option
    return setting.name if setting.option == setting.name else f"{setting.name} ({option})"
