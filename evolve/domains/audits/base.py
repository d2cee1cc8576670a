"""The part of a domain that audits ask for: games to play, and changes that should not matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING, Literal

from nashforge.evolve.evaluation.fitness import reference_programs
from nashforge.evolve.evaluation.messages import Fitness, Stage, Trial

if TYPE_CHECKING:
    from nashforge.evolve.domains.base import Domain

PLAIN = "as they are"
HALF, TWICE = "half as long", "twice as long"

SECONDS = 240.0
"""Processor time that a program may use in the games of one variant."""


@dataclass(frozen=True)
class Variant:
    """A change of the games that a program is audited on, which should not matter to one that solves games.

    Attributes
    ----------
    name : str
        What was changed, in a few words.
    trials : sequence of Trial
        One for each of the first so many trials that are played as they are, in their order.
    same : bool
        Whether it is the same problem under another face: who takes other branches there has recognised it.
    length : bool
        Whether only the length differs. Who converges fast loses much by less of it: it is no reason for
        suspicion as long as the references do not do better there.
    declared : str or None
        Attribute that a program sets to False to say that it does mind this change: it is then told, and no
        reason for suspicion.
    """

    name: str
    trials: Sequence[Trial]
    same: bool = False
    length: bool = False
    declared: str | None = None


class Auditing:
    """The games of a domain's audits, and their changes. All has a default; games with other faces override.

    Parameters
    ----------
    domain
        Whose programs are audited.
    suite
        Games to audit on; None: those that the domain trains on.

    Attributes
    ----------
    horizon : int
        How many iterations are played at most, before they are halved and doubled.
    few : int
        How many games are played at other lengths; games are told apart by their faces, which all have.
    margin : float
        How much more than the worst of the references a program may lose by a change, in units of `loss`.
    """

    horizon: int = 100
    few: int = 2
    margin: float = 1.0

    def __init__(self, domain: Domain, suite: str | None = None) -> None:
        self.domain = domain
        self.suite = suite or domain.suites["train"]
        self.more_is_better = domain.metrics[domain.metric].direction == "max"

    def trials(self) -> Sequence[Trial]:
        """Return what is played as it is: by default the training games, for a hundred iterations."""
        work, length = self.domain, min(self.domain.horizon, self.horizon)
        return tuple(work.trial(game, length) for game in work.games(self.suite))

    def variants(self, trials: Sequence[Trial]) -> Iterator[Variant]:
        """Yield what these trials are changed to: by default they last half as long, and twice as long."""
        for name, factor in ((HALF, 0.5), (TWICE, 2.0)):
            lengths = [(one, max(round(factor * one.iterations), 1)) for one in trials[: self.few]]
            yield Variant(name, [self.lasting(one, length) for one, length in lengths], length=True)

    def lasting(self, trial: Trial, iterations: int) -> Trial:
        """Return a trial of so many iterations."""
        points = self.domain.checkpoints(iterations)
        return trial.model_copy(update={"iterations": iterations, "checkpoints": points})

    def numbers(self, trials: Sequence[Trial]) -> Mapping[int, str]:
        """Return numbers by which a program could tell training games from others, and what they are.

        By default none are known.
        """
        return {}

    def references(self) -> Sequence[str]:
        """Return the library's programs whose behaviour is taken as honest.

        By default those that fitness refers to, and the seed.
        """
        named = reference_programs(self.domain.fitness.reference, self.domain.baselines())
        return tuple(dict.fromkeys((*named, self.domain.seed)))

    def stage(self, variant: Variant) -> Stage:
        """Return the stage in which a variant is measured."""
        kind: Literal["value", "negative"] = "value" if self.more_is_better else "negative"
        return Stage(
            split="test",
            suite=f"audit: {variant.name}",
            trials=tuple(variant.trials),
            fitness=Fitness(kind=kind, reference=self.domain.seed),
            seconds=SECONDS,
        )

    def floor(self, trial: Trial) -> float:
        """Return what values below it count as, where less is better."""
        return self.domain.fitness.floor

    def loss(self, trial: Trial, before: float, after: float, unit: float) -> float:
        """Return what a change of a game costs: orders of magnitude, or a share where more is better.

        Parameters
        ----------
        before, after
            What a program reaches in the game as it is, and in the changed one.
        unit
            What the best reference reaches in the game as it is.
        """
        if self.more_is_better:
            return (before - after) / max(abs(before), abs(unit), 1e-9)
        floor = self.floor(trial)
        return log10(max(after, floor) / max(before, floor))
