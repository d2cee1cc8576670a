"""The parts of a run's configuration: a field is one setting, with its help, names, bounds and consent."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from nashforge.evolve.config import consent
from nashforge.evolve.config.against import MOST_OPPONENTS, read_opponents
from nashforge.evolve.config.model_names import Effort
from nashforge.evolve.config.settings import Setting
from nashforge.evolve.evaluation.messages import COPIES, Fitness, Opponent, Split

AGENT = "agent"
"""Name of the proposer that has programs written by agents."""

REPLAY = "replay:"
"""Beginning of a proposer's name that stands for the recorded answers of a run."""


SYNTHESIS = "synthesis"
"""Strategy of the runs of `nashforge synthesize`, which are no searches."""


CSRO = "csro"
"""Strategy of the runs of `nashforge csro`, whose candidates are the members of a population."""


class Part(BaseModel):
    """Some settings that belong together: immutable, and complete."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PopulationOptions(Part):
    """The population, and when it takes larger steps (`nashforge.evolve.search.population.islands`)."""

    size: Annotated[int, Setting("population_size", former="archive")] = Field(default=40, ge=1)
    """Programs that are kept, on all islands together."""

    islands: int = Field(default=3, ge=1)
    """Islands that evolve apart."""

    migrate_every: int = Field(default=15, ge=1)
    """After so many programs of an island, its best go to the next one."""

    parent_fitness: Annotated[Literal["train", "both"], Setting(former="parents")] = "train"
    """What parents are compared by: `train`, the training fitness, or `both`, the mean of training and
    validation fitness."""

    validate_top: Annotated[int, Setting(former="verify")] = Field(default=5, ge=1)
    """A program is validated when its training fitness is among so many best."""

    stagnation: int = Field(default=15, ge=1)
    """After so many evaluations without a better training fitness, larger steps are taken."""

    model_islands: bool = False
    """Whether every model works on an island of its own, where only verified programs of others arrive."""


class BudgetOptions(Part):
    """Limits at which a run ends."""

    max_evaluations: int = Field(default=80, ge=1)
    """Stop after so many evaluated candidates, programs to start from included; repetitions do not count."""

    max_minutes: float | None = Field(default=None, gt=0)
    """Stop asking for new candidates after so many minutes."""

    patience: int | None = Field(default=None, ge=1)
    """Stop after so many evaluations without a better training fitness."""

    max_useless: int = Field(default=20, ge=1)
    """Stop after so many proposals of models in a row that came to nothing: an answer without a usable
    program, a refusal, a program that is known. They cost money, and the next ones will be no better."""

    usd: Annotated[float, Setting("budget_usd", consent=consent.LARGE_BUDGET)] = Field(
        default=consent.USUAL_BUDGET, ge=0
    )
    """What the run may spend on models, in US dollars; 0: no limit."""

    max_tokens: int | None = Field(default=None, ge=1)
    """What the run may take of models' tokens, input and output together."""


class EvaluationOptions(Part):
    """Games and processes of measurements, and the fitness made of them."""

    train: Annotated[str, Setting(option="suite", consent=consent.own_suite("--suite"))] = "cfr-train"
    """Suite (a name or a TOML file) that is searched on."""

    validation: Annotated[
        str, Setting(option="validation_suite", consent=consent.own_suite("--validation-suite"))
    ] = "cfr-validation"
    """Suite that is disguised to verify the best."""

    test: Annotated[str, Setting(option="test_suite", consent=consent.own_suite("--test-suite"))] = "cfr-test"
    """Suite that is played only at the end."""

    final_test: bool = True
    """Whether the best program is measured on the test suite at the end."""

    audit: Literal["off", "best", "gate"] = "off"
    """Whether the best program is audited at the end, see [audit.md](audit.md): `best` flags it if something
    is found; `gate` lets no flagged program be called the best, and audits the next ones until one passes."""

    horizon: int = Field(default=1000, ge=1)
    """Iterations a game."""

    against: Annotated[tuple[Opponent, ...], Setting(consent=consent.OWN_OPPONENTS)] = Field(
        default=(), max_length=MOST_OPPONENTS
    )
    """Programs to play against in training and validation, in the place of the suite's opponents: `NAME` or
    `NAME:WEIGHT`, of the library, a file, or a run's best. For domains whose programs play each other
    (`rrps`)."""

    short_horizons: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Fewer iterations that every game is played for as well, each a trial of its own: what is good must be
    so early, too. Those that are not fewer than the horizon are left out."""

    rescale: float = Field(default=1.0, ge=1)
    """Payoffs of training and validation games are multiplied by powers of two up to this or its inverse,
    drawn for the run, so that no program can be tuned to a unit. What is measured is told in units of the
    game. 1: as they are."""

    fitness: Fitness = Fitness()
    """How measurements become one number, see [fitness.md](fitness.md)."""

    copies: int = Field(default=0, ge=0, le=len(COPIES))
    """On so many further disguises of the validation games a program is measured before it is called better
    than the best; what it reaches there is its validation fitness then."""

    disguise_seed: int | None = Field(default=None, ge=0, lt=2**63)
    """Number of the disguises of validation games; without one, it is drawn when the run starts."""

    executor: Literal["local", "celery"] = "local"
    """Where programs are evaluated: `local`, on this machine, or `celery`, by workers on any machines."""

    workers: int | None = Field(default=None, ge=1)
    """Worker processes; without a number, one a core (`celery`: as many as workers are alive)."""

    share: Annotated[float, Setting(option="weight", former="weight")] = Field(default=1.0, gt=0)
    """The run's share of workers that it has in common with other runs, relative to theirs."""

    lookahead: int | None = Field(default=None, ge=1)
    """How many candidates may be asked for ahead of the oldest outcome that is not in; without a number, one
    for one worker, else twice the workers, and more where models write. It decides what is known when a
    candidate is proposed, so runs are the same for the same value, however fast the workers are."""

    @field_validator("against", mode="before")
    @classmethod
    def _opponents(cls, value: Any) -> Any:
        return read_opponents(value)

    @property
    def suites(self) -> dict[Split, str]:
        """The suite of each split that is measured."""
        suites: dict[Split, str] = {"train": self.train, "validation": self.validation}
        return suites | {"test": self.test} if self.final_test else suites


class ChallengerOptions(Part):
    """The challenger, which makes games that break the best program so far (`nashforge.evolve.challenge`)."""

    enabled: Annotated[bool, Setting("challenger")] = False
    """Whether games that the best program loses join the training games."""

    every: Annotated[int, Setting("challenger_every")] = Field(default=50, ge=2)
    """After so many candidates, repetitions included, the best program is challenged."""

    games: Annotated[int, Setting("challenger_games")] = Field(default=15, ge=1)
    """So many games are tried at a time."""

    join: Annotated[int, Setting("challenger_join")] = Field(default=2, ge=1)
    """At most so many of them join. As many training games leave that all kept programs solve."""


class ModelOptions(Part):
    """Proposers of programs: which, how models are asked, and what they are told."""

    proposer: Annotated[str, Setting(aliases=("model",), consent=consent.OWN_ADDRESS)] = "offline"
    """`offline`, `agent` (see [howto-agents.md](howto-agents.md)), a proposer that another package brings, or
    `PROVIDER:MODEL`; several are an ensemble."""

    replay: str | None = None
    """Run, or cassette file, whose recorded answers are used instead of asking models."""

    propose_on: Literal["here", "workers"] = "here"
    """Where models are asked: `here`, by the run's process, or by `workers` that hold the keys."""

    max_output_tokens: int = Field(default=16384, ge=256)
    """The longest answer, hidden thinking included; what is set aside before a call follows from it."""

    proposal_seconds: float = Field(default=600.0, gt=0)
    """How long a call may take in all, repetitions of turned-away requests included."""

    effort: Effort | None = None
    """How hard models work on an answer (`low` to `max`, as far as the provider knows it); of one model:
    `MODEL?effort=high`. Without it, as the provider has it."""

    thinking: str | None = None
    """Whether models think before they answer: `off`, `adaptive`, or the most tokens of it; of one
    model: `MODEL?thinking=8000`. What was thought is booked as output."""

    retries: int = Field(default=4, ge=0)
    """How often a request that was turned away is repeated within a call."""

    repairs: int = Field(default=1, ge=0)
    """How often a model is shown what was wrong with its answer and asked again."""

    reflect_every: int = Field(default=10, ge=0)
    """After how many outcomes a model writes a memo of the search for later prompts; 0: never."""

    experiments: int = Field(default=2, ge=0)
    """How often a model may have variants measured on training games before it answers; 0: never."""

    experiment_seconds: float = Field(default=20.0, gt=0)
    """Processor time that the experiments for one proposal may take in all."""

    tools: bool = True
    """Whether models have variants measured by a tool that they call, where their provider has tools; else
    their answers ask for it in words."""

    outage_minutes: float = Field(default=60.0, ge=0)
    """How long a run waits for a provider that is not available before it stops."""

    agent_seconds: float = Field(default=900.0, gt=0)
    """How long a request waits for an agent that claims it, before another proposer writes in its place."""

    agent_lease: float = Field(default=1800.0, gt=0)
    """How long an agent that has claimed a request may take, in seconds; then others may claim it."""

    agent_fallback: str = "offline"
    """Who writes what no agent claims in time: the name of a proposer, or `none` to wait for agents."""

    prices: Annotated[str | None, Setting(consent=consent.OWN_PRICES)] = None
    """A price list of the user's own."""

    price_unknown: Annotated[str | None, Setting(consent=consent.OWN_UNKNOWN_PRICE)] = None
    """Price `INPUT/OUTPUT` of models without one, in dollars per million tokens; else they are refused."""

    feedback: Annotated[str, Setting(consent=consent.OWN_FEEDBACK)] = "dense"
    """How much of the measurements models are told: `sparse`, `dense` or a TOML file."""

    prompts: Annotated[str | None, Setting(consent=consent.OWN_PROMPTS)] = None
    """Folder of prompt templates that come before the library's."""

    @field_validator("proposer", mode="before")
    @classmethod
    def _joined(cls, value: Any) -> Any:
        if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
            return ",".join(value)
        return value

    @property
    def proposers(self) -> tuple[str, ...]:
        """The names of those who write programs, each once."""
        return consent.names_in(self.proposer)

    @property
    def models(self) -> tuple[str, ...]:
        """The names of language models among them."""
        return tuple(name for name in self.proposers if ":" in name)

    @property
    def agents(self) -> bool:
        """Whether agents write programs."""
        return AGENT in self.proposers

    @property
    def offline(self) -> bool:
        """Whether programs are written without models and agents."""
        return not (self.models or self.agents)


class SandboxOptions(Part):
    """Confinement of programs."""

    tier: Annotated[
        Literal["strict", "no-landlock", "none"],
        Setting(option="allow_weaker_sandbox", consent=consent.WEAKER_SANDBOX),
    ] = "strict"
    """Weakest isolation to accept: `strict`, `no-landlock` or `none`."""
