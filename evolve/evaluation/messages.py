"""Messages between the loop and its workers: plain data, checked on both sides, nothing to unpickle."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from nashforge.archive.records import Score, Status
from nashforge.errors import NashforgeError
from nashforge.solvers.metrics.registry import Parameters

Split = Literal["smoke", "train", "validation", "copy-1", "copy-2", "copy-3", "copy-4", "test"]

COPIES: tuple[Split, ...] = ("copy-1", "copy-2", "copy-3", "copy-4")
"""Further disguises of the validation games, on which a program is measured before it is called the best."""


class Message(BaseModel):
    """Immutable; unknown fields are an error, so that different versions cannot misunderstand each other."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Disguise(Message):
    """A secret version of a game: permuted, padded with dummy information sets, payoffs perturbed.

    ``duplicates`` is the share of information sets in which an action has a twin.
    """

    seed: int
    dummies: float = 0.0
    perturbation: float = 0.0
    duplicates: float = 0.0

    @model_serializer(mode="wrap")
    def _dump(self, standard: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Digests of stages are older than duplicates.
        values: dict[str, Any] = standard(self)
        return {name: value for name, value in values.items() if name != "duplicates" or value}


class Opponent(Message):
    """A program that others play against.

    Attributes
    ----------
    name : str
        As people are told.
    weight : float
        Of the returns against it, relative to those of the other opponents.
    source : str
        Its text; empty until the name has been looked up.
    """

    name: str = Field(min_length=1)
    weight: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    source: str = ""


class Trial(Message):
    """One game to be played: what, how long, where to measure.

    ``label`` names the trial in scores; it is the game string unless the game is disguised. ``identity`` is
    the digest of what the string stands for, see `nashforge.games.identity`: whoever plays it compares what
    it finds under that name. None where the string itself tells all. ``scale`` is the factor of all payoffs;
    what is reported is in units of the game without it. ``shift`` is added to the first player's payoffs and
    taken from the others', in units of their range. ``opponents`` are programs that it is played
    against, where the domain has such games.
    """

    label: str
    game: str
    iterations: int = Field(ge=1)
    checkpoints: tuple[int, ...] = ()
    disguise: Disguise | None = None
    identity: str | None = None
    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    shift: float = Field(default=0.0, allow_inf_nan=False)
    opponents: tuple[Opponent, ...] = ()

    @model_serializer(mode="wrap")
    def _dump(self, standard: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Digests of stages are older than scales and opponents, and those without identities than these.
        values: dict[str, Any] = standard(self)
        older = {
            "identity": self.identity is None,
            "scale": self.scale == 1.0,
            "shift": self.shift == 0.0,
            "opponents": not self.opponents,
        }
        return {name: value for name, value in values.items() if not older.get(name)}


class StrategicError(NashforgeError, ValueError):
    """Parameters of strategic measures that cannot be read, or have no meaning here."""

    exit_code = 2


class Strategic(Message):
    """Strategic measures that are asked for, and their parameters, see `nashforge.solvers.metrics.registry`.

    ``metrics`` are measured besides those that an objective needs; ``tau``, ``epsilon`` and ``divergence``
    are those of risk-adjusted values and gaps, ``radius`` (in nats) that of the robust value.
    """

    metrics: tuple[str, ...] = ()
    tau: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    epsilon: float = Field(default=0.1, gt=0, allow_inf_nan=False)
    divergence: Literal["kl", "reverse_kl", "chi2", "cvar"] = "kl"
    radius: float = Field(default=0.1, ge=0, allow_inf_nan=False)

    @classmethod
    def read(cls, text: str, metrics: tuple[str, ...] = ()) -> Strategic:
        """Return the parameters that a text such as ``kl tau=1 radius=0.3`` gives.

        Raises
        ------
        StrategicError
            If it cannot be read.
        """
        given: dict[str, object] = {"metrics": metrics}
        for word in text.split():
            name, found, value = word.partition("=")
            given[name if found else "divergence"] = value if found else word
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise StrategicError(
                f"--risk {text!r} is not understood; write for example 'kl tau=1 epsilon=0.1 radius=0.1' "
                "(kl, reverse_kl, chi2 or cvar; tau and radius at least 0, epsilon positive)"
            ) from error

    @property
    def parameters(self) -> Parameters:
        """The parameters alone."""
        return Parameters(self.tau, self.epsilon, self.divergence, self.radius)

    def words(self) -> str:
        """Return the parameters as `read` takes them."""
        return f"{self.divergence} tau={self.tau!r} epsilon={self.epsilon!r} radius={self.radius!r}"


class Fitness(Message):
    """The rule by which measurements become one number, higher is better.

    ``log_ratio``: mean over games of log10(reference / value), both floored; 1 is an order of magnitude
    better than the reference. ``negative``: minus the plain mean of the values (the papers' choice).
    ``value``: the plain mean of the values, for metrics of which more is better. ``objective``: a sum of
    metrics, see `nashforge.evolve.evaluation.objectives`.

    Attributes
    ----------
    floor
        Values below it count as so much.
    floor_relative
        The floor as a share of the range of a game's payoffs, in place of ``floor``.
    reference
        A program of the library; several, with commas between them, of which the best in each game counts; or
        ``library``, all of them.
    clip
        The most that a single game may count, in orders of magnitude, up or down.
    worst
        The weight of the worst game, in [0, 1]; that of the mean over all of them is one minus this.
    """

    kind: Literal["log_ratio", "negative", "value", "objective"] = "log_ratio"
    floor: float = Field(default=1e-7, gt=0)
    reference: str = "dcfr"
    objective: str | None = None
    strategic: Strategic | None = None
    floor_relative: float | None = Field(default=None, gt=0, lt=1)
    clip: float | None = Field(default=None, gt=0)
    worst: float = Field(default=0.0, ge=0, le=1)

    @field_validator("reference", mode="before")
    @classmethod
    def _with_commas(cls, value: Any) -> Any:
        return ",".join(map(str, value)) if isinstance(value, list | tuple) else value

    @model_validator(mode="after")
    def _has_objective(self) -> Fitness:
        if (self.kind == "objective") != (self.objective is not None):
            raise ValueError("the kind 'objective' goes with an objective, and no other does")
        return self

    @model_serializer(mode="wrap")
    def _dump(self, standard: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Digests of stages, and runs in archives, are older than what is not used here.
        values: dict[str, Any] = standard(self)
        return {k: v for k, v in values.items() if v is not None and (k != "worst" or v)}


PATIENCE = 4.0
"""Wall time of a stage in multiples of its processor time, so that a busy machine fails no program."""


class Stage(Message):
    """One suite to be evaluated.

    Attributes
    ----------
    gate
        Evaluate only if the fitness of the stages before, but for the smoke stage, reached this value in the
        mean.
    references
        What the best of the reference programs reached, by label; empty for the references themselves.
    floors
        Floors of the fitness that depend on the trial, by label.
    seconds
        Processor time that the program may use in all the trials.
    patience
        Wall time in multiples of that.
    """

    split: Split
    suite: str
    trials: tuple[Trial, ...]
    fitness: Fitness = Fitness()
    references: dict[str, float] = Field(default_factory=dict)
    floors: dict[str, float] = Field(default_factory=dict)
    seconds: float = Field(default=120.0, gt=0)
    gate: float | None = None
    patience: float = Field(default=PATIENCE, ge=1)

    @property
    def digest(self) -> str:
        """Hash of what is measured: equal digests can be compared."""
        # Where a file lies on this machine is no part of a game whose identity is known.
        trials = tuple(
            trial if trial.identity is None else trial.model_copy(update={"game": ""})
            for trial in self.trials
        )
        what = self.model_copy(update={"trials": trials}).model_dump_json(include={"trials", "fitness"})
        return hashlib.sha256(what.encode()).hexdigest()[:16]


class Task(Message):
    """One program to be evaluated on some stages, in order, until one fails or a gate is missed.

    ``known`` maps fingerprints of behaviour to nicknames of programs that behave so: a program that behaves
    like a known one is not evaluated further.
    """

    token: str
    domain: str
    source: str
    stages: tuple[Stage, ...]
    known: dict[str, str] = Field(default_factory=dict)
    tier: str = "strict"
    memory_bytes: int = 1 << 30


class StageReport(Message):
    """The outcome of one stage. A failed stage has a reason and no scores."""

    split: Split
    suite: str
    digest: str
    status: Status
    reason: str | None = None
    log: str | None = None
    scores: tuple[Score, ...] = ()
    fitness: float | None = None
    fingerprint: str | None = None
    started: str
    wall_seconds: float
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    tier: str | None = None


class Report(Message):
    """The outcome of a task: the stages that were tried, in order."""

    token: str
    evaluator: str
    stages: tuple[StageReport, ...]
    worker: str | None = None

    @property
    def status(self) -> Status:
        """The status of the last stage that was tried."""
        return self.stages[-1].status

    @property
    def reason(self) -> str | None:
        """Why the last stage failed."""
        return self.stages[-1].reason

    def stage(self, split: Split) -> StageReport | None:
        """Return the report of a split, if it was reached."""
        return next((stage for stage in self.stages if stage.split == split), None)

    def fitness(self, split: Split) -> float | None:
        """Return the fitness on a split, if it was measured."""
        stage = self.stage(split)
        return None if stage is None else stage.fitness
