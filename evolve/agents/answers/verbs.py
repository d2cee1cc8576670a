"""Answers to the verbs of agents: tasks, outcomes, the standing of a run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from nashforge.evolve.agents.answers.base import Answer
from nashforge.evolve.agents.answers.comparison import Gain, Standard
from nashforge.evolve.agents.answers.progress import Budget, Preparing, Queue

RANKED_BY = (
    "the mean of training and validation fitness, those without validation after the others by training"
)
"""What programs of a run are ranked by."""


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
    games: dict[str, GameValue] = Field(default_factory=dict)
    """By training game, in the order of their numbers."""
    families: dict[str, float] = Field(default_factory=dict)
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
    inspirations: list[ProgramView] = Field(default_factory=list)
    failure: Failed | None = None
    """For a repair: what is to be mended; edits apply to its source."""
    rejected: list[Rejected] = Field(default_factory=list)
    """The last children of the parent that were no gain, the newest first."""
    rejected_left_out: int = 0
    """How many older ones there are."""
    under_way: list[UnderWay] = Field(default_factory=list)
    """Other programs that were asked for and have no outcome yet."""
    measure_seconds: float = 0.0
    """Processor time that is left for measuring variants by this token."""
    program_seconds: float | None = None
    """Processor time that a program may take on the training games when it is evaluated; one that takes more
    fails, as `timeout`. Null where that is not known."""
    validated_from: float | None = None
    """The training fitness from which on this program is validated, too; null while whatever works is."""
    better_since: Standard | None = None
    """The best program, if it came after this task was opened and its parent is behind it. The task stays
    as it is; a whole program may be built on the better one nevertheless, which `context` shows."""
    short: bool = False
    """Whether what the same agent was told before is left out, and sources stand in the prompt alone."""
    left_out: list[str] = Field(default_factory=list)
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
    better_since: Standard | None = None
    """The best program, if it came after the task was opened and its parent is behind it."""


class OpenTask(Answer):
    """A request that nobody holds: whoever asks may claim it."""

    index: int
    kind: str
    parent: str | None
    """Nickname of the program that is to be changed."""
    fitness: float | None = None
    """Of that program, on the training games."""


State = Literal["tasks", "open", "waiting", "preparing", "paused", "interrupted", "finished"]


class Asked(Answer):
    """The answer to a question for work."""

    run: str
    domain: str
    tasks: list[Task] = Field(default_factory=list)
    held: list[Held] = Field(default_factory=list)
    """What is held under the agent's name already; `context` with the position tells its task again."""
    open: list[OpenTask] = Field(default_factory=list)
    """The requests that nobody holds, if it was only looked for them."""
    best: Standard | None = None
    """The best program of the run now."""
    interface: Interface | None = None
    notes: list[Note] = Field(default_factory=list)
    """The newest entries of the lab book."""
    budget: Budget
    queue: Queue | None = None
    """Programs that wait to be evaluated, and how long that takes; null once the run has ended."""
    preparing: Preparing | None = None
    """What is measured before anything is asked for; null once something is."""
    state: State
    """What to do next: write the `tasks`; claim one (`open`: it was only looked); ask again (`waiting`:
    something will be wanted; `preparing`: the run still measures what it begins with; `paused`: a person
    holds it); have the run resumed, and ask again then (`interrupted`); or end, as nothing more will be
    wanted (`finished`)."""
    stop_reason: str | None = None
    """Why nothing more is wanted, for good; None while the run goes on, or will when it is resumed."""
    interrupted: str | None = None
    """Why nobody works on the run now, though it is not finished: nothing is evaluated, and nothing new is
    wanted, until somebody resumes it."""
    retry_seconds: float | None = None
    """When to ask again, if nothing is open at the moment."""
    lost: bool = False
    """Whether the process of the run has died: one of the reasons in `interrupted`."""
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
    parent_validation: float | None = None
    over_parent: Gain | None = None
    """By how much its fitness exceeds that of the program that it was to change, as the task told it."""
    over_start: Gain | None = None
    """The same of the strongest program that the run started from."""
    validated_from: float | None = None
    """The training fitness from which on it is, or was, validated; null if whatever works was."""
    best: Standard | None = None
    """The best program of the run now."""
    better_since: Standard | None = None
    """The best program, if it came after the task was opened and its parent is behind it; tasks that are
    opened from now on know it."""
    games: dict[str, GameValue] = Field(default_factory=dict)
    """By training game, with what each counts in fitness."""
    families: dict[str, float] = Field(default_factory=dict)
    """Validation fitness by family of games, which has a letter in the place of a name."""
    mechanisms: list[str] = Field(default_factory=list)
    """Families of mechanisms that it is counted in."""
    taken: bool | None = None
    """Whether the program given now was taken: false if it cannot be read or is known already, and if another
    one was told by this token before, of which everything else here is. Null if none was given."""
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
    failures: dict[str, int] = Field(default_factory=dict)
    budget: Budget
