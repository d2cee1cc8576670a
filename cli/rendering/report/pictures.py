"""The pictures of a report, as data that stands in the page itself."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from nashforge.cli.rendering.figures.curves import COLOURS, draw_curves, figure

if TYPE_CHECKING:
    from nashforge.evolve.results.comparison import Comparison
    from nashforge.evolve.results.report import RunReport
    from nashforge.solvers.metrics.registry import Metric

HIDDEN = 5
"""Percent of programs, the worst, that may be below the picture of progress."""


def data_uri(write: Callable[[Path], None], name: str) -> str:
    """Return what is written to a file as a ``data:`` address; the ending of the name says what it is."""
    kind, _ = mimetypes.guess_type(name)
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"


def progress(report: RunReport) -> str | None:
    """Return the picture of fitness over the programs asked for; None before two were measured."""
    if len(report.fitted) < 2:
        return None
    return data_uri(lambda path: _draw_progress(report, path), "progress.svg")


def _draw_progress(report: RunReport, path: Path) -> None:
    import numpy as np

    index = [point.index for point in report.fitted]
    fitness = [point.train for point in report.fitted]
    best = np.maximum.accumulate(fitness)
    validated = [(point.index, point.validation) for point in report.fitted if point.validation is not None]
    with figure(1, 1, (8.0, 3.0), path) as (made, grid):
        axes = grid[0, 0]
        # Thousands of dots as one image: as shapes they would make a page of many megabytes.
        axes.plot(index, fitness, "o", color="#b0b0b0", markersize=3, label="training games", rasterized=True)
        if validated:
            where, values = zip(*validated, strict=True)
            axes.plot(
                where,
                values,
                "o",
                markerfacecolor="none",
                color=COLOURS[1],
                markersize=4,
                label="validation games",
                rasterized=True,
            )
        last = max(index[-1], index[0] + 1)
        axes.step([*index, last], [*best, best[-1]], where="post", color=COLOURS[0], label="best so far")
        axes.axhline(fitness[0], color="#000000", linewidth=0.8, linestyle=":", label="first program")
        chosen = report.status.result.best
        if chosen is not None and chosen.train is not None:
            # Not always the highest: programs that were validated come before others.
            axes.plot(
                [chosen.index], [chosen.train], "D", color=COLOURS[2], markersize=5, label="best program"
            )
        shown = [*fitness, *(value for _, value in validated)]
        low = min(float(np.percentile(shown, HIDDEN)), fitness[0])
        high = max(shown)
        margin = 0.06 * (high - low) or 0.1
        below = sum(value < low - margin for value in shown)
        axes.set_ylim(low - margin, high + margin)
        axes.set_xlim(-0.01 * last, 1.01 * last)
        if below:
            axes.set_title(
                f"not shown, because much lower: {below}", loc="right", fontsize=8, color="#667078"
            )
        axes.set_xlabel("program, in the order of asking")
        axes.set_ylabel("fitness")
        made.legend(loc="outside lower center", ncols=5, frameon=False)


def convergence(comparison: Comparison, metric: Metric) -> str | None:
    """Return the curves of the programs that are compared, or their values side by side; None for nothing."""
    curves = any(len(row.curve) > 1 for row in comparison.rows)
    if not curves and len(comparison.labels) < 2:
        return None
    return data_uri(lambda path: draw_curves(comparison.rows, metric, path), "curves.svg")
