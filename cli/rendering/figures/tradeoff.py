"""The picture of a trade-off: every program of a run, and those that none beats in both metrics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nashforge.cli.rendering.figures.curves import COLOURS, figure, logarithmic

if TYPE_CHECKING:
    from nashforge.evolve.search.population.pareto import Point
    from nashforge.solvers.metrics.registry import Metric


def draw_tradeoff(points: Sequence[Point], across: Metric, up: Metric, path: Path) -> None:
    """Draw programs by two metrics into a file, the front as a staircase between what is reached.

    Programs of the front are numbered in the order of ``points``.

    Raises
    ------
    Failed
        If the file cannot be written.
    """
    others = [point for point in points if not point.efficient]
    front = sorted((point for point in points if point.efficient), key=lambda p: p.values[across.name])
    with figure(1, 1, (6.0, 3.8), path) as (_, grid):
        axes = grid[0, 0]
        axes.plot(*_places(others, across, up), "o", color="#b0b0b0", markersize=3.5, label="other programs")
        # Between two programs of the front, the better value of the second metric is that of one of them.
        steps = "steps-post" if across.direction == "min" else "steps-pre"
        axes.plot(
            *_places(front, across, up),
            "o-",
            drawstyle=steps,
            color=COLOURS[0],
            markersize=5,
            label="Pareto set",
        )
        seed = [point for point in points if point.candidate.operator == "seed"]
        axes.plot(*_places(seed, across, up), "D", color=COLOURS[1], markersize=5, label="start")
        for axis, metric in ((axes.xaxis, across), (axes.yaxis, up)):
            better = "less" if metric.direction == "min" else "more"
            axis.set_label_text(f"{metric.label}, {better} is better")
        for place, point in enumerate((point for point in points if point.efficient), 1):
            axes.annotate(
                str(place),
                (point.values[across.name], point.values[up.name]),
                # On the side that no program reaches.
                xytext=(-4 if across.direction == "min" else 4, -9 if up.direction == "min" else 3),
                textcoords="offset points",
                horizontalalignment="right" if across.direction == "min" else "left",
                fontsize=7,
            )
        axes.margins(0.12)
        for axis, metric in ((axes.xaxis, across), (axes.yaxis, up)):
            if metric.logarithmic:
                logarithmic(axis)
        axes.legend(frameon=False)


def _places(points: Sequence[Point], across: Metric, up: Metric) -> tuple[list[float], list[float]]:
    return [point.values[across.name] for point in points], [point.values[up.name] for point in points]
