"""The page that sets programs beside each other: curves, bars by game, a profile, and what trades off."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nashforge.cli.dashboard.charts.series import rounded
from nashforge.cli.dashboard.views.base import Asked, View
from nashforge.cli.dashboard.views.compared import compared_data
from nashforge.evolve.benchmarking.statistics import profile
from nashforge.evolve.results.beside import Beside, beside
from nashforge.evolve.results.comparison import FLOOR
from nashforge.evolve.search.population.pareto import nondominated

LARGEST_FACTOR, FACTORS = 1e4, 60
"""Of performance profiles: how far from the best they go, in so many points."""

MOST = 8
"""Programs that are compared; as many as there are colours."""


def compare(asked: Asked) -> View:
    """Return the page of a comparison; ``p`` names programs, ``on`` the games, ``x`` and ``y`` metrics."""
    names = list(dict.fromkeys(word for text in asked.all("p") for word in text.replace(",", " ").split()))
    data: dict[str, Any] = {"names": names[:MOST], "found": None, "most": MOST}
    if names:
        found = beside(asked.archive, names[:MOST], asked.get("on"))
        data |= {"found": found, "table": None}
        if found.compared is not None:
            metrics = _metrics(found)
            x, y = asked.choice("x", tuple(metrics)), asked.choice("y", tuple(metrics[1:] + metrics[:1]))
            data |= {
                "table": compared_data(found.domain, found.compared),
                "bars": _bars(found),
                "profile": _profile(found),
                "metrics": {name: found.domain.metrics[name].label for name in metrics},
                "x": x,
                "y": y,
                "tradeoff": _tradeoff(found, x, y),
            }
    return View("compare.html.jinja", "Compare", data, place="compare")


def _metrics(found: Beside) -> list[str]:
    """Return the metrics that every program was measured by, the domain's first."""
    names = [found.domain.metric, *(name for name in found.domain.metrics if name != found.domain.metric)]
    return [name for name in names if all(value is not None for value in found.means(name))]


def _bars(found: Beside) -> list[tuple[str, list[tuple[int, float, float | None]]]]:
    """Return for each game the programs with lengths of their bars; the best is longest."""
    compared, metric = found.compared, found.domain.metrics[found.domain.metric]
    assert compared is not None
    made = []
    for game in compared.games:
        values = [compared.value(label, game) for label in compared.labels]
        known = [value for value in values if value is not None]
        if len(known) > 1:
            made.append(
                (
                    game,
                    [
                        (k, _length(v, known, metric.logarithmic, metric.direction), v)
                        for k, v in enumerate(values)
                    ],
                )
            )
    return made


def _length(value: float | None, known: list[float], logarithmic: bool, direction: str) -> float:
    """Return the length of a bar in percent: between the worst and the best of a game."""

    if value is None:
        return 0.0
    places = [math.log10(max(v, FLOOR)) if logarithmic else v for v in (value, *known)]
    low, high = min(places[1:]), max(places[1:])
    share = 1.0 if high == low else (places[0] - low) / (high - low)
    return round(8 + 92 * (1 - share if direction == "min" and high > low else share), 1)


def _profile(found: Beside) -> dict[str, Any] | None:
    """Return for each program the share of games in which it is within a factor of the best.

    None where the metric does not span orders of magnitude, or fewer than two programs were measured.
    """
    compared, metric = found.compared, found.domain.metrics[found.domain.metric]
    if compared is None or len(compared.labels) < 2 or not metric.logarithmic:
        return None
    table = [[compared.value(label, game) for game in compared.games] for label in compared.labels]
    values = np.array([[np.inf if v is None else max(v, FLOOR) for v in row] for row in table])
    factors = np.logspace(0, np.log10(LARGEST_FACTOR), FACTORS).tolist()
    shares = profile(values, factors).tolist()
    lines = [
        {"label": label, "kind": "step", "colour": place, "values": rounded(shares[place])}
        for place, label in enumerate(compared.labels)
    ]
    return {
        "x": rounded(factors),
        "xlabel": "factor from the best",
        "ylabel": "share of games",
        "xlog": True,
        "ymin": -0.03,
        "ymax": 1.05,
        "lines": lines,
    }


def _tradeoff(found: Beside, x: str, y: str) -> dict[str, Any] | None:
    """Return the programs in the plane of two metrics, and which of them no other beats in both."""
    compared, metrics = found.compared, found.domain.metrics
    assert compared is not None
    places = [
        (a, b) for a, b in zip(found.means(x), found.means(y), strict=True) if a is not None and b is not None
    ]
    if len(places) != len(compared.labels) or len(places) < 2 or x == y:
        return None
    efficient = [False] * len(places)
    if not (metrics[x].diagnostic or metrics[y].diagnostic):
        efficient = nondominated(places, [metrics[x].direction, metrics[y].direction]).tolist()
    order = sorted(range(len(places)), key=lambda k: places[k])
    lines = [
        {
            "label": label + (" · not beaten in both" if efficient[place] else ""),
            "kind": "spots",
            "colour": place,
            "values": rounded([places[k][1] if k == place else None for k in order]),
        }
        for place, label in enumerate(compared.labels)
    ]
    return {
        "x": rounded([places[k][0] for k in order]),
        "xlabel": metrics[x].label,
        "ylabel": metrics[y].label,
        "xlog": metrics[x].logarithmic and all(a > 0 for a, _ in places),
        "ylog": metrics[y].logarithmic and all(b > 0 for _, b in places),
        "lines": lines,
    }
