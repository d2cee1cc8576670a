"""The convergence plot of ``compare``: exploitability over iterations, one panel a game."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.errors import Failed
from cli.output import wrapped

if TYPE_CHECKING:
    from evolve.evaluate import Measured

TITLE_WIDTH = 40
"""Characters of a game string that fit above a panel."""

FORMATS = (".png", ".svg", ".pdf")
SMALLEST = 1e-16
"""Values below the precision of floating-point numbers are drawn here: zero has no logarithm."""

# Okabe and Ito (2008): told apart by people with any colour vision, and in print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C8C8C")
STYLES: Any = ("-", "--", "-.", ":")

STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.6,
    "svg.fonttype": "none",
    "savefig.dpi": 200,
}


def draw(rows: Sequence[Measured], path: Path) -> None:
    """Draw the curves of programs into a file; failures have no curve.

    Raises
    ------
    Failed
        If there is nothing to draw or the file cannot be written.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.lines import Line2D

    games = list(dict.fromkeys(row.game for row in rows if row.curve))
    labels = list(dict.fromkeys(row.label for row in rows if row.curve))
    if not games:
        raise Failed("no program was measured, so there is nothing to draw; see the reasons above")
    looks = {
        label: (COLOURS[place % len(COLOURS)], STYLES[place // len(COLOURS) % len(STYLES)])
        for place, label in enumerate(labels)
    }
    columns = min(len(games), 2 if len(games) in (2, 4) else 3)
    lines = math.ceil(len(games) / columns)
    with plt.rc_context(STYLE):
        figure, grid = plt.subplots(
            lines, columns, figsize=(3.5 * columns, 2.6 * lines + 0.5), squeeze=False, layout="constrained"
        )
        for place, axes in enumerate(grid.flat):
            if place >= len(games):
                axes.set_axis_off()
                continue
            for row in rows:
                if row.game == games[place] and row.curve:
                    colour, style = looks[row.label]
                    steps = [step for step, _ in row.curve]
                    values = [max(value, SMALLEST) for _, value in row.curve]
                    axes.loglog(steps, values, color=colour, linestyle=style)
            axes.set_title(wrapped(games[place], TITLE_WIDTH))
            if place + columns >= len(games):
                axes.set_xlabel("iteration")
            if place % columns == 0:
                axes.set_ylabel(rows[0].metric)
        handles = []
        for colour, style in looks.values():
            handles.append(Line2D([], [], color=colour))
            handles[-1].set_linestyle(style)
        figure.legend(
            handles,
            labels,
            loc="outside lower center",
            ncols=min(len(labels), max(2, 2 * columns)),
            frameon=False,
        )
        try:
            figure.savefig(path, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
        except OSError as error:
            raise Failed(f"{path} cannot be written ({error.strerror}); choose a writable place") from error
        finally:
            plt.close(figure)
