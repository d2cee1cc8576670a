"""Quantities that domains report: what every one of their numbers is called, and which way is better."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from nashforge.solvers.metrics.measures import exploitability
from nashforge.solvers.metrics.registry import Measure, Metric


def by_name(metrics: Iterable[Metric]) -> MappingProxyType[str, Metric]:
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


def always(measure: Measure, *, logarithmic: bool = False) -> Metric:
    """Return a measure of joint strategies as a metric that is not only measured on request."""
    return replace(measure, logarithmic=logarithmic, on_request=False)


SECONDS = Metric("seconds", "min", unit="s", title="time", logarithmic=True)
"""Wall time of a trial in the engine, as every domain may report it."""
ELAPSED = Metric("elapsed", "min", unit="s", title="time until here", logarithmic=True)
"""Wall time until a checkpoint, for domains whose iterations differ in length."""
EXPLOITABILITY = always(exploitability, logarithmic=True)
"""Gain of a player by a best response to the others, on average."""
LAST_ITERATE = replace(EXPLOITABILITY, name="last_iterate", title="exploitability of the last iterate")
"""The same of the policies in play, where `EXPLOITABILITY` is that of an average."""


def diagnostic(name: str, title: str) -> Metric:
    """Return a metric that tells how a program works, of which neither more nor less is better."""
    return Metric(name, "max", title=title, diagnostic=True)


MOTION = (
    diagnostic("alternating", "share of information sets whose regrets turn against the last ones"),
    diagnostic("persisting", "share of information sets whose regrets point along with the last ones"),
    diagnostic("policy_step", "change of the policy in one iteration, half the sum over actions"),
)
"""What a CFR rule does between two iterations."""

AVERAGED = "averaged"
"""Measured, as 0, of a rule that had given no policy a weight: uniform play stood for its average."""
