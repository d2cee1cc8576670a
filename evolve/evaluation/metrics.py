"""What a domain measures: the name of every number in its reports, and which way is better."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

from nashforge.archive.records import Direction
from nashforge.solvers.metrics.definitions import BY_NAME, ON_REQUEST, Definition


@dataclass(frozen=True)
class Metric:
    """A measured quantity.

    Attributes
    ----------
    name : str
        As in `nashforge.evolve.evaluation.messages.Score.metric`: a Python identifier.
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
    """

    name: str
    direction: Direction
    unit: str = ""
    title: str = ""
    citation: str = ""
    logarithmic: bool = False
    on_request: bool = False

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

    def best(self, values: Iterable[float]) -> float | None:
        """Return the best of some values; None if there are none."""
        known = list(values)
        if not known:
            return None
        return min(known) if self.direction == "min" else max(known)

    def better(self, value: float, other: float) -> bool:
        """Whether a value is better than another."""
        return value < other if self.direction == "min" else value > other


def catalogue(metrics: Iterable[Metric]) -> MappingProxyType[str, Metric]:
    """Return metrics by name.

    Raises
    ------
    ValueError
        If two have one name.
    """
    found: dict[str, Metric] = {}
    for metric in metrics:
        if metric.name in found:
            raise ValueError(f"there are two metrics {metric.name!r}; give each a name of its own")
        found[metric.name] = metric
    return MappingProxyType(found)


def defined(definition: Definition, *, logarithmic: bool = False, on_request: bool = False) -> Metric:
    """Return a measure of joint policies as a metric."""
    return Metric(
        definition.name,
        definition.direction,
        unit=definition.unit,
        title=definition.title,
        citation=definition.citation,
        logarithmic=logarithmic,
        on_request=on_request,
    )


def strategic_metrics() -> tuple[Metric, ...]:
    """Return the strategic measures of joint policies, each measured on request."""
    return tuple(defined(BY_NAME[name], on_request=True) for name in ON_REQUEST)


SECONDS = Metric("seconds", "min", unit="s", title="time", logarithmic=True)
"""Wall time of a trial in the engine, as every domain may report it."""
ELAPSED = Metric("elapsed", "min", unit="s", title="time until here", logarithmic=True)
"""Wall time until a checkpoint, for domains whose iterations differ in length."""
EXPLOITABILITY = Metric(
    "exploitability",
    "min",
    unit="utility",
    title="exploitability",
    citation="Johanson, Waugh, Bowling, Zinkevich (2011), Accelerating Best Response Calculation in Large "
    "Extensive Games, IJCAI; NashConv (Lanctot et al. 2017) divided by the number of players",
    logarithmic=True,
)
"""How much a player gains on average by a best response to the others."""

AVERAGED = "averaged"
"""What is measured, as 0, of a rule that had given no policy a weight: uniform play stood for its average."""
