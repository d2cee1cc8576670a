"""Optional capabilities of domains: properties of `Domain` that are None where it is not offered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from nashforge.errors import USAGE, NashforgeError

if TYPE_CHECKING:
    from nashforge.archive.records import Score
    from nashforge.evolve.evaluation.messages import Opponent, Stage
    from nashforge.evolve.sandbox import Sandbox


class NotOfferedError(NashforgeError, ValueError):
    """A domain does not do what was asked of it."""

    exit_code = USAGE


@dataclass(frozen=True)
class WatchedEpisode:
    """The outcome of an episode that was looked at.

    Attributes
    ----------
    returns : list of float
        What each agent earned.
    metrics : dict
        Metrics of the episode; None for what is undefined in it.
    """

    returns: list[float]
    metrics: Mapping[str, float | None]


class Recorder(Protocol):
    """Keeps pictures of an episode; called after each of its steps."""

    frames: list[npt.NDArray[np.uint8]]
    """Colours, shape ``(height, width, 3)``, in the order of the steps."""

    def __call__(self, step: Any, /) -> None:
        """Take in a step, and keep its picture if it is time for one."""


class Duels(ABC):
    """Matches of programs against each other, in games of two players that are symmetric and zero-sum.

    What `nashforge run --against` and `nashforge csro` need of a domain.

    Attributes
    ----------
    objective : str
        What a best response to a mixture of opponents maximises, see `evolve.evaluation.objectives`.
    unit : str
        Of what a program wins.
    outsiders : dict
        Opponents that no population has, by the name of their group; the first group has all of them.
    """

    objective: str
    unit: str
    outsiders: Mapping[str, tuple[str, ...]]

    @abstractmethod
    def against(self, stage: Stage, opponents: Sequence[Opponent]) -> Stage:
        """Return a stage of training or validation in which these programs are played against instead."""

    @abstractmethod
    def stage(self, opponents: Sequence[Opponent], matches: int, horizon: int) -> Stage:
        """Return so many matches with each opponent; with none given, with each outsider.

        Their chance is not that of training or validation.
        """

    @abstractmethod
    def returns(self, scores: Iterable[Score]) -> Mapping[str, Sequence[float]]:
        """Return what was won in each match with each opponent, by the opponent's name."""


class Watch(ABC):
    """Episodes that people can look at, with ``nashforge watch`` and in reports.

    Games are strings as `Domain.variant` returns them; steps are whatever `play` hands out.
    """

    @abstractmethod
    def play(
        self,
        sandbox: Sandbox,
        game: str,
        sources: Sequence[str],
        seed: int,
        on_step: Callable[[Any], None] | None = None,
    ) -> WatchedEpisode:
        """Play an episode; several programs take the seats in turn.

        Raises
        ------
        nashforge.evolve.sandbox.CandidateFailure
            If a program fails.
        """

    @abstractmethod
    def text(self, step: Any, rows: int, columns: int) -> str:
        """Return a step as lines of text with markup (rich), as far as a terminal has room for it."""

    def picture(self, step: Any) -> npt.NDArray[np.uint8] | None:
        """Return a step as colours, shape ``(height, width, 3)``; None: only a recorder has pictures."""
        return None

    def facts(self, step: Any) -> Mapping[str, float | Sequence[float | str]]:
        """Return what is told of a step beside its picture: a value of all, or a list with one an agent."""
        return {}

    @abstractmethod
    def recorder(self, game: str) -> Recorder:
        """Return what keeps pictures of an episode of a game."""

    @abstractmethod
    def episode(self, trial: str) -> tuple[str, int]:
        """Return game and seed of a trial that was measured, to play it again.

        Raises
        ------
        nashforge.games.GameError
            If it cannot be played here any more.
        """
