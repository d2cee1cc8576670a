"""Answers about the pace of a run: its budget, what waits to be evaluated, and what is measured first."""

from __future__ import annotations

from nashforge.evolve.agents.answers.base import Answer


class Budget(Answer):
    """The number of programs that may still be evaluated."""

    evaluated: int
    """Programs that were evaluated, those that the run starts from included."""
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
    """How long one kept a worker lately in this run, by the clock; null before the first."""
    seconds: float | None = None
    """In how many seconds all of them are done, by that rate."""
    seconds_low: float | None = None
    seconds_high: float | None = None
    """The same if each takes as little, or as much, as programs lately did."""

    @property
    def words(self) -> str:
        """The queue in words; nothing if nobody waits."""
        if not self.programs:
            return ""
        who = "1 worker evaluates" if self.workers == 1 else f"{self.workers or 'several'} workers evaluate"
        some = "1 program waits or is" if self.programs == 1 else f"{self.programs} programs wait or are"
        rate = ""
        if self.seconds is not None and self.seconds_low is not None and self.seconds_high is not None:
            low, high = _about(self.seconds_low), _about(self.seconds_high)
            some_time = f"{low} to {high}" if low != high else high
            rate = f"; by what programs took lately, all are done in about {some_time} s"
        return f"{who}, {some} evaluated now{rate}"


def _about(seconds: float) -> str:
    """Return seconds as they may be told of a guess: to one or two digits."""
    if seconds < 10:
        return f"{max(seconds, 1):.0f}"
    return f"{round(seconds / 5) * 5}" if seconds < 100 else f"{round(seconds / 10) * 10}"


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
        rest = "" if self.seconds is None else f", about {_about(self.seconds)} s are left"
        return f"{self.what}: {self.done} of {self.of} are measured{rest}"
