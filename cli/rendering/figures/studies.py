"""Pictures of studies: fitness against evaluations, the median over seeds and its interval."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nashforge.cli.errors import Failed
from nashforge.cli.rendering.figures.curves import figure, legend_below, looks

if TYPE_CHECKING:
    from nashforge.evolve.results.studies import StudyStatus


def draw_studies(studies: Sequence[StudyStatus], path: Path) -> None:
    """Draw training and validation fitness of studies against evaluations into a file.

    Raises
    ------
    Failed
        If there is nothing to draw or the file cannot be written.
    """
    if not any(told.points for told in studies):
        raise Failed("nothing has been measured by all searches of a study, so there is nothing to draw")
    styles = looks([told.study.nickname for told in studies])
    with figure(1, 2, (4.2, 2.9), path) as (made, grid):
        for axes, split in zip(grid.flat, ("train", "validation"), strict=True):
            for told in studies:
                colour, style = styles[told.study.nickname]
                known = [
                    (point.evaluations, median)
                    for point in told.points
                    if (median := getattr(point, split)) is not None
                ]
                if not known:
                    continue
                counts = [count for count, _ in known]
                values = [median.value for _, median in known]
                label = told.study.nickname if split == "train" else None
                axes.plot(counts, values, color=colour, linestyle=style, label=label)
                low = [median.value if median.low is None else median.low for _, median in known]
                high = [median.value if median.high is None else median.high for _, median in known]
                axes.fill_between(counts, low, high, color=colour, alpha=0.18, linewidth=0)
            axes.set_title(f"{split} fitness")
            axes.set_xlabel("evaluations of each search")
        legend_below(made, *grid.flat[0].get_legend_handles_labels())
