"""Performance profiles: how often a program is within a factor of the best, one panel a horizon."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nashforge.cli.errors import Failed
from nashforge.cli.rendering.figures.curves import figure, legend_below, logarithmic, looks

if TYPE_CHECKING:
    from nashforge.evolve.benchmarking.summary import Summary

FACTORS = np.geomspace(1, 1e4, 121)


def draw_profiles(told: Summary, path: Path) -> None:
    """Draw the performance profiles of a benchmark into a file, the best program first in the legend.

    Raises
    ------
    Failed
        If there is nothing to draw, or the file cannot be written.
    """
    if not told.iterations:
        raise Failed("no game was played by all programs, so there is nothing to draw; measure more")
    styles = looks([standing.label for standing in told.standings])
    columns = min(len(told.iterations), 2)
    lines = -(-len(told.iterations) // columns)
    with figure(lines, columns, (3.9, 2.7), path) as (made, grid):
        for place, axes in enumerate(grid.flat):
            if place >= len(told.iterations):
                axes.set_axis_off()
                continue
            iterations = told.iterations[place]
            shares = told.profile(FACTORS.tolist(), iterations)
            for label, (colour, style) in styles.items():
                axes.plot(
                    FACTORS, shares[label], color=colour, linestyle=style, drawstyle="steps-post", label=label
                )
            logarithmic(axes.xaxis)
            axes.set_xlim(1, FACTORS[-1])
            axes.set_ylim(0, 1.02)
            axes.set_title(f"{iterations:,} iterations, {len(told.at(iterations))} games")
            if place + columns >= len(told.iterations):
                axes.set_xlabel("factor of the best value")
            if place % columns == 0:
                axes.set_ylabel("share of games")
        legend_below(made, *grid.flat[0].get_legend_handles_labels())
