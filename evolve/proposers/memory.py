"""The memory of a search, as its proposers are given it: every idea so far, and what is under way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Idea:
    """One proposal whose outcome is known.

    Attributes
    ----------
    index : int
        Position of its candidate in the run.
    name, program : str or None
        Nickname and hash of its program, if there was one.
    operator, writer : str
        What was asked for, and of whom.
    said : str
        What its writer said of it, in words; empty if nothing.
    mechanisms : tuple of str
        Families of mechanisms that its writer counts it among.
    parent : str or None
        Nickname of what it was made from in the first place.
    status, reason : str
        ``ok``, or how it failed and why.
    train, validation : float or None
        Fitness; None where it was not measured.
    train_gain, validation_gain : float or None
        How much higher they are than the parent's.
    scores : dict
        Final value of the domain's metric on each training game.
    """

    index: int
    name: str | None
    program: str | None
    operator: str
    writer: str
    said: str
    mechanisms: tuple[str, ...]
    parent: str | None
    status: str
    reason: str
    train: float | None = None
    validation: float | None = None
    train_gain: float | None = None
    validation_gain: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def measured(self) -> bool:
        """Whether it has a fitness."""
        return self.train is not None

    @property
    def merit(self) -> tuple[bool, float]:
        """By what ideas are ranked: verified ones first, by the mean over both kinds of games."""
        if self.train is None:
            return False, float("-inf")
        if self.validation is None:
            return False, self.train
        return True, (self.train + self.validation) / 2


@dataclass(frozen=True)
class UnderWay:
    """A proposal that is being written or measured: its position, what was asked for, and from what."""

    index: int
    operator: str
    parent: str


@dataclass(frozen=True)
class Noise:
    """The noise of fitness, as far as programs were measured on several disguises of validation.

    Attributes
    ----------
    deviation : float
        Standard deviation of validation fitness from one disguise to another.
    single, confirmed : float
        Differences in the mean of training and validation that are within the noise: of programs that were
        validated on one disguise, and of those that were measured on all.
    copies : int
        How many disguises those were measured on.
    """

    deviation: float
    single: float
    confirmed: float
    copies: int


@dataclass(frozen=True)
class Memory:
    """All that is known of a search when something is asked for.

    Attributes
    ----------
    ideas : tuple of Idea
        In the order of asking, the seed first.
    under_way : tuple of UnderWay
        Asked for before, with outcomes still to come.
    noise : Noise or None
        Of fitness; None while it is not known.
    notes : tuple of (str, str or None)
        The newest entries of the lab book, the oldest first, each with its author.
    """

    ideas: tuple[Idea, ...] = ()
    under_way: tuple[UnderWay, ...] = ()
    noise: Noise | None = None
    notes: tuple[tuple[str, str | None], ...] = ()

    @property
    def evaluated(self) -> int:
        """The number of programs that were measured, or failed at it."""
        return sum(idea.program is not None and idea.status != "duplicate" for idea in self.ideas)

    @property
    def tries(self) -> Counter[str]:
        """The number of ideas in each family of mechanisms."""
        return Counter(name for idea in self.ideas for name in idea.mechanisms)

    def of(self, parent: str) -> tuple[Idea, ...]:
        """Return the ideas that were made from the program of a nickname."""
        return tuple(idea for idea in self.ideas if idea.parent == parent)
