"""Answers to agents, as data: the same on the command line, over HTTP and by MCP."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from nashforge.errors import NashforgeError

RANKED_BY = (
    "the mean of training and validation fitness, those without validation after the others by training"
)
"""What programs of a run are ranked by."""


class AgentError(NashforgeError):
    """A request of an agent that cannot be done. The text is a sentence and a remedy."""

    exit_code = 2


class Answer(BaseModel):
    """An immutable piece of an answer; every field is described where it stands."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Budget(Answer):
    """The number of programs that may still be evaluated."""

    evaluated: int
    """Programs that were evaluated, the seed included."""
    limit: int
    """How many may be in all."""
    left: int
    """How many are left; those that are being written or evaluated count only when they are done."""
    ended: bool = False
    """Whether the run has ended, so that none of those that are left is wanted."""
    waiting: int
    """Requests that no agent holds now."""
    claimed: int
    """Requests that agents hold now."""
    means: str = (
        "one unit is one program that is evaluated, whether it works or fails; answers that cannot be read "
        "and programs that are known already cost nothing"
    )
    """What a unit is."""

    @property
    def words(self) -> str:
        """The budget in words."""
        made = f"{self.evaluated} of {self.limit} programs"
        if self.ended:
            return f"{made} were evaluated; the run has ended and wants no more"
        return f"{made} are evaluated, {self.left} {'is' if self.left == 1 else 'are'} left"


class Queue(Answer):
    """Programs that are written and have no outcome yet."""

    programs: int
    """How many there are, those that are being evaluated now included."""
    workers: int | None = None
    """How many are evaluated at a time; null where any number of machines may."""
    seconds_each: float | None = None
    """What one took lately in this run, by the clock; null before the first."""
    seconds: float | None = None
    """When all of them will be done, by that rate."""

    @property
    def words(self) -> str:
        """The queue in words; nothing if nobody waits."""
        if not self.programs:
            return ""
        who = "1 worker evaluates" if self.workers == 1 else f"{self.workers or 'several'} workers evaluate"
        some = "1 program waits" if self.programs == 1 else f"{self.programs} programs wait"
        rate = ""
        if self.seconds is not None and self.seconds_each is not None:
            rate = (
                f"; at {self.seconds_each:.0f} s each, as lately, all are done in about {self.seconds:.0f} s"
            )
        return f"{who}, {some} or are evaluated now{rate}"


class Preparing(Answer):
    """The measuring before the first program is asked for."""

    what: str
    done: int
    of: int
    seconds: float | None = None
    """How long the rest takes, at the rate so far; null before the first is done."""

    @property
    def words(self) -> str:
        """The progress in words."""
        rest = "" if self.seconds is None else f", about {self.seconds:.0f} s are left"
        return f"{self.what}: {self.done} of {self.of} are measured{rest}"


class GameValue(Answer):
    """The result of a program in a training game."""

    value: float
    """Final value of the metric."""
    reference: float | None = None
    """That of the reference program."""
    fitness: float | None = None
    """What the game counts in fitness: floored, against the reference, within the clip; else null."""
    log_ratio: float | None = None
    """The same without the clip: it tells progress in games that are far from the reference."""
    number: int | None = None
    """Of the game, as tasks list them."""


class ProgramView(Answer):
    """A program of the run."""

    index: int
    """Position of its candidate in the run."""
    program: str
    """Its nickname."""
    hash: str
    source: str | None = None
    note: str | None = None
    """What was changed, in its author's words."""
    fitness: float | None = None
    """On the training games; higher is better."""
    validation: float | None = None
    """On disguised games that are not named; None if it was not good enough to be validated."""
    games: dict[str, GameValue] = {}
    """By training game, in the order of their numbers."""
    families: dict[str, float] = {}
    """Validation fitness by family of games, called by letters; empty if there is one only."""


class Rejected(Answer):
    """A child of the same parent that was no gain."""

    index: int
    program: str | None = None
    status: str
    fitness: float | None = None
    note: str | None = None
    reason: str | None = None


class Failed(Answer):
    """A program that failed and is to be mended."""

    index: int
    source: str | None = None
    status: str
    reason: str


class UnderWay(Answer):
    """Another program that is being written or evaluated."""

    index: int
    kind: str
    parent: str | None = None
    """Nickname of what it is made from."""
    author: str | None = None
    """Who writes it; null while nobody has claimed it, and of other proposers."""
    yours: bool = False
    """Whether that is who asks."""


class Task(Answer):
    """One program that is wanted, held under a lease by a token."""

    token: str
    """Names the request when the program is told; nobody else has it."""
    expires: str
    """Until when the token is held, ISO 8601."""
    seconds: float
    """How long that is."""
    index: int
    kind: str
    """`edit`, `design` (a new program), `combine` (two parents), `ablate` (leave parts out), `simplify` or
    `repair`."""
    attempt: int
    parent: ProgramView
    partner: ProgramView | None = None
    """The second parent of a crossover."""
    inspirations: list[ProgramView] = []
    failure: Failed | None = None
    """For a repair: what is to be mended; edits apply to its source."""
    rejected: list[Rejected] = []
    """The last children of the parent that were no gain, the newest first."""
    rejected_left_out: int = 0
    """How many older ones there are."""
    under_way: list[UnderWay] = []
    """Other programs that were asked for and have no outcome yet."""
    measure_seconds: float = 0.0
    """Processor time that is left for measuring variants by this token."""
    short: bool = False
    """Whether what the same agent was told before is left out, and sources stand in the prompt alone."""
    left_out: list[str] = []
    """What that is, by section of the prompt; `context` with the position of the task tells it all."""
    prompt: str
    """The task in words, as language models are told it."""


class Interface(Answer):
    """The interface of programs, told once: the system part of the prompts of models."""

    hash: str
    text: str | None = None
    """None where the agent knows it: it said so, or was told it before. `context` tells it again."""


class Note(Answer):
    """An entry of the lab book."""

    author: str | None = None
    text: str
    created: str


class Held(Answer):
    """A request that was claimed before under the agent's name, by which nothing was told yet."""

    token: str | None = None
    """Told where all is asked for: several agents may go by one name."""
    expires: str
    """Until when it is held, ISO 8601."""
    index: int
    kind: str
    parent: str | None
    """Nickname of the program that is to be changed."""


class Asked(Answer):
    """The answer to a question for work."""

    run: str
    domain: str
    tasks: list[Task] = []
    held: list[Held] = []
    """What is held under the agent's name already; `context` with the position tells its task again."""
    interface: Interface | None = None
    notes: list[Note] = []
    """The newest entries of the lab book."""
    budget: Budget
    queue: Queue | None = None
    """Programs that wait to be evaluated, and how long that takes; null once the run has ended."""
    preparing: Preparing | None = None
    """What is measured before anything is asked for; null once something is."""
    stop_reason: str | None = None
    """Why nothing more is wanted, for good; None while the run goes on."""
    retry_seconds: float | None = None
    """When to ask again, if nothing is open at the moment."""
    lost: bool = False
    """Whether the process of the run has died, so that nothing comes until somebody continues it."""
    message: str
    """What to do next, in a sentence."""


class Told(Answer):
    """The outcome of a program."""

    token: str
    run: str
    index: int
    status: str
    """`ok`; `evaluating` or `stored` (not known yet); `unreadable` or `known` (the token is still held); or a
    kind of failure: `crashed`, `timeout`, `memory`, `invalid_output`, `rejected`, `duplicate`, ..."""
    program: str | None = None
    """Nickname of the program."""
    reason: str | None = None
    """Why it failed, with the traceback in the program's own lines."""
    fitness: float | None = None
    validation: float | None = None
    parent_fitness: float | None = None
    games: dict[str, GameValue] = {}
    """By training game, with what each counts in fitness."""
    families: dict[str, float] = {}
    """Validation fitness by family of games, which has a letter in the place of a name."""
    mechanisms: list[str] = []
    """Families of mechanisms that it is counted in."""
    warning: str | None = None
    """What whoever told it should know, such as that it is counted in no family."""
    rank: int | None = None
    """Among the measured programs of the run, by `ranked_by`; 1 is the best."""
    of: int | None = None
    """How many those are."""
    ranked_by: str = RANKED_BY
    """What ranks are by."""
    behind: float | None = None
    """By how much that is below the best program's; null where only one of them was validated."""
    noise: float | None = None
    """Differences in it that are smaller are within the noise of disguises; null while that is not known."""
    new_best: bool = False
    repair_token: str | None = None
    """Held by this agent from now on: by it the mended program is told."""
    budget: Budget
    queue: Queue | None = None
    """Programs that wait to be evaluated, and how long that takes, while the outcome is open."""
    retry_seconds: float | None = None
    message: str

    @property
    def final(self) -> bool:
        """Whether nothing more will become of it."""
        return self.status not in OPEN


OPEN = ("evaluating", "stored", "unreadable", "known")
"""Statuses of answers whose outcome is open."""


class MeasuredGame(Answer):
    """The result of a variant in a training game."""

    number: int
    """Of the game, as the task lists them."""
    value: float
    """Final value of the metric."""
    iterations: int
    """After how many iterations."""
    gain: float | None = None
    """How much better that is than the current program: in orders of magnitude where fitness counts these,
    without its clip."""
    fitness: float | None = None
    """What the game counts in the fitness of a search: floored, against the reference, within the clip. Null
    after fewer iterations than in training, where no reference is known, and for other kinds of fitness."""
    log_ratio: float | None = None
    """The same without the clip."""
    curve: list[tuple[int, float]] = []
    """Iterations and values."""
    measures: dict[str, list[tuple[int, float]]] = {}
    """The same of other metrics."""


class MeasuredProgram(Answer):
    """A variant that was measured and not told."""

    name: str
    reason: str | None = None
    """Why it failed; null if it did not. What it reached in the games before that is told."""
    unreached: list[int] = []
    """Numbers of the games for which no processor time was left."""
    gain: float | None = None
    """The mean of the games' gains over the current program."""
    fitness: float | None = None
    """Training fitness, if all training games were played in full; else null."""
    games: dict[str, MeasuredGame] = {}
    """By training game."""


class Measured(Answer):
    """The outcome of a measurement."""

    token: str
    run: str
    current: MeasuredProgram
    programs: list[MeasuredProgram]
    seconds: float
    """Processor time that it took."""
    seconds_left: float
    """Processor time that is left for this task."""
    message: str


class GivenUp(Answer):
    """A request was given back."""

    token: str
    run: str
    freed: bool
    """Whether it was held by this token until now."""
    budget: Budget
    message: str


class Notes(Answer):
    """The lab book of a run."""

    run: str
    notes: list[Note]


class Standing(Answer):
    """The standing of a run."""

    run: str
    domain: str
    state: Literal["created", "running", "paused", "stopped", "finished", "failed", "lost"]
    stop_reason: str | None = None
    best: ProgramView | None = None
    seed: ProgramView | None = None
    failures: dict[str, int] = {}
    budget: Budget
