"""The registry of measures of joint strategies, which everything that measures or lists them reads.

A `Measure` says what it is called, which way is better, in which kinds of play it is defined, and how it is
computed from a `Play`: a joint strategy in a game, with what the kind of game offers. The library's own are
in `nashforge.solvers.metrics.measures`; other packages add theirs through the entry point group below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from nashforge.errors import NashforgeError
from nashforge.games.naming import choice
from nashforge.plugins import PluginError, described, load

if TYPE_CHECKING:
    from nashforge.solvers.risk.measures import Risk

Array = npt.NDArray[np.float64]

ENTRY_POINTS = "nashforge.measures"
"""Group of entry points; each names a `Measure`."""

ONE_SHOT, SEQUENCE_FORM, MARKOV, EPISODES = (
    "one-shot games of two players",
    "sequence forms",
    "Markov games",
    "episodes of social dilemmas",
)
"""Kinds of play. What is defined in sequence forms is so in one-shot games, which have one."""


class UndefinedMetricError(NashforgeError, ValueError):
    """A measure that means nothing in a game, or for a strategy of it."""

    exit_code = 2


@dataclass(frozen=True)
class Parameters:
    """Parameters of measures.

    Attributes
    ----------
    tau, divergence
        Aversion to risk, see `nashforge.solvers.risk.measures.Risk`.
    epsilon : float
        Weight of the entropy in gaps.
    radius : float
        KL radius of the robust value, in nats.
    """

    tau: float = 1.0
    epsilon: float = 0.1
    divergence: str = "kl"
    radius: float = 0.1

    @property
    def risk(self) -> Risk:
        """The measure of risk."""
        from nashforge.solvers.risk.measures import Risk

        return Risk(self.tau, self.divergence)


class Play(Protocol):
    """A joint strategy in a game; the kinds of play differ in what else they offer.

    Attributes
    ----------
    name : str
        Of the game.
    kinds : tuple of str
        What it is, such as `ONE_SHOT` and `SEQUENCE_FORM`.
    players : int
    """

    @property
    def name(self) -> str: ...
    @property
    def kinds(self) -> tuple[str, ...]: ...
    @property
    def players(self) -> int: ...


@dataclass(frozen=True)
class Metric:
    """A measured quantity.

    Attributes
    ----------
    name : str
        As in `nashforge.archive.records.Score`: a Python identifier.
    direction : str
        ``min`` if smaller is better, ``max`` if larger is.
    unit : str
        Of its values, such as ``s`` or ``utility``; empty for a pure number.
    title : str
        What it is called on axes and in tables.
    citation : str
        Where it is defined.
    logarithmic : bool
        Whether it spans orders of magnitude, so that plots show its logarithm; its values are positive.
    on_request : bool
        Whether it is measured only where an objective names it or somebody asks for it.
    diagnostic : bool
        Whether it only tells how a program works, so that neither way is better. Its ``direction`` is the way
        in which an objective counts it that names it.
    """

    name: str
    direction: Literal["min", "max"]
    unit: str = ""
    title: str = ""
    citation: str = ""
    logarithmic: bool = False
    on_request: bool = False
    diagnostic: bool = False

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"the metric name {self.name!r} must be a Python identifier")
        if self.direction not in ("min", "max"):
            raise ValueError(f"the direction of {self.name} is {self.direction!r}; it must be 'min' or 'max'")

    @property
    def label(self) -> str:
        """Title with the unit, for an axis."""
        shown = self.title or self.name.replace("_", " ")
        return f"{shown} ({self.unit})" if self.unit else shown

    @property
    def better(self) -> str:
        """The better direction, in a word: less, more, or neither of a diagnostic."""
        if self.diagnostic:
            return "neither"
        return "less" if self.direction == "min" else "more"

    def best(self, values: Iterable[float]) -> float | None:
        """Return the best of some values; None if there are none, or none is better."""
        if self.diagnostic:
            return None
        return (min if self.direction == "min" else max)(values, default=None)


@dataclass(frozen=True, kw_only=True)
class Measure(Metric):
    """A measure of joint strategies.

    Attributes
    ----------
    kinds : tuple of str
        Kinds of play in which it is defined.
    function : callable
        Takes a `Play` of such a kind and `Parameters`, and returns a number, or one a player, shape
        ``(players,)``, whose mean is the measure. Raises `UndefinedMetricError` for strategies of which it
        means nothing.
    undefined : callable
        Takes the same before anything is played, and returns why it means nothing in the game; None if it
        does not.
    by_player : bool
        Whether the function returns a number a player.
    parametric : bool
        Whether it depends on the parameters.
    meets : str
        Whom the strategy meets for it besides those it was found with: ``strangers``, ``hostile`` ones,
        ``itself`` with something taken from it, or nobody.
    """

    kinds: tuple[str, ...]
    function: Callable[[Any, Parameters], Array | float]
    undefined: Callable[[Any, Parameters], str | None] = lambda play, how: None
    by_player: bool = False
    parametric: bool = False
    meets: Literal["", "strangers", "hostile", "itself"] = ""
    on_request: bool = True

    def value(self, play: Play, how: Parameters) -> float:
        """Return the measure of a joint strategy; the mean over players, where each has its own."""
        return float(np.mean(self.function(play, how)))

    def defined_in(self, *kinds: str) -> bool:
        """Whether it is defined in one of some kinds of play."""
        return bool(set(kinds) & set(self.kinds))

    def check(self, play: Play, how: Parameters) -> None:
        """Make sure that it is defined in a game, before anything is played.

        Raises
        ------
        UndefinedMetricError
            If it is not; the message says why.
        """
        if self.defined_in(*play.kinds):
            reason = self.undefined(play, how)
        else:
            reason = f"is defined for {', '.join(self.kinds)}; {play.name} is none"
        if reason is not None:
            raise UndefinedMetricError(f"{self.name} {reason}, choose another measure there")


def measure(
    title: str,
    direction: Literal["min", "max"],
    citation: str,
    kinds: tuple[str, ...],
    *,
    unit: str = "utility",
    **more: Any,
) -> Callable[[Callable[[Any, Parameters], Array | float]], Measure]:
    """Return what makes a `Measure` of a function, with its name; parameters are the fields of `Measure`."""

    def made(function: Callable[[Any, Parameters], Array | float]) -> Measure:
        name = function.__name__
        return Measure(name, direction, unit, title, citation, kinds=kinds, function=function, **more)

    return made


_registered: dict[str, Measure] = {}


def register(*found: Measure) -> None:
    """Add measures to the registry.

    Raises
    ------
    PluginError
        If there is one of that name.
    """
    for measure in found:
        if _registered.setdefault(measure.name, measure) is not measure:
            raise PluginError(f"there are two measures {measure.name!r}; give each a name of its own")


@cache
def _load() -> None:
    from nashforge.solvers.metrics import measures as own

    found = [one for one in vars(own).values() if isinstance(one, Measure)]
    register(*found)
    for entry in entry_points(group=ENTRY_POINTS):
        other = load(entry)
        if not isinstance(other, Measure):
            raise PluginError(
                f"{described(entry)} is no measure but {type(other).__name__}; make it one with "
                "nashforge.solvers.metrics.registry.measure"
            )
        register(other)


def measures(*kinds: str) -> dict[str, Measure]:
    """Return the measures by name: those defined in one of some kinds of play, or all."""
    _load()
    return {name: one for name, one in _registered.items() if not kinds or one.defined_in(*kinds)}


def measured(play: Play, names: Iterable[str], how: Parameters) -> dict[str, float]:
    """Return some measures of a joint strategy by name.

    Raises
    ------
    UndefinedMetricError
        If one does not exist, or is not defined in the game or for the strategy.
    """
    known = measures()
    found = {}
    for name in names:
        if name not in known:
            raise UndefinedMetricError(f"there is no measure {name!r}; {choice(name, known)}")
        known[name].check(play, how)
        found[name] = known[name].value(play, how)
    return found
