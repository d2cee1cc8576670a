"""Pictures of measurements: convergence over iterations or time, one panel a game."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nashforge.cli.errors import Failed
from nashforge.cli.options.files import writing
from nashforge.cli.rendering.output import wrapped

if TYPE_CHECKING:
    from nashforge.evolve.measurement.program_results import ProgramResult
    from nashforge.solvers.metrics.registry import Metric
    from nashforge.solvers.programs.solution import Solution

TITLE_WIDTH = 40
"""Characters of a game string that fit above a panel."""

AXES = ("iterations", "time")
"""What curves are drawn over."""
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


@contextmanager
def figure(lines: int, columns: int, size: tuple[float, float], path: Path) -> Iterator[tuple[Any, Any]]:
    """Yield a figure and its grid of panels, drawn off screen; write it to a file at the end.

    Parameters
    ----------
    size
        Width and height of a panel, in inches.

    Raises
    ------
    Failed
        If the file cannot be written.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    with plt.rc_context(STYLE):
        made, grid = plt.subplots(
            lines,
            columns,
            figsize=(size[0] * columns, size[1] * lines + 0.5),
            squeeze=False,
            layout="constrained",
        )
        try:
            yield made, grid
            with writing(path):
                made.savefig(path, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
        finally:
            plt.close(made)


def looks(labels: Sequence[str]) -> dict[str, tuple[str, Any]]:
    """Return colour and line style of each label."""
    return {
        label: (COLOURS[place % len(COLOURS)], STYLES[place // len(COLOURS) % len(STYLES)])
        for place, label in enumerate(labels)
    }


def logarithmic(axis: Any) -> None:
    """Make the axis of a panel logarithmic, with a few ticks that can be read however much it spans.

    What is drawn must be drawn already. Matplotlib alone labels the ticks between powers of ten where they
    collide, or none at all.
    """
    from matplotlib import ticker

    (axis.axes.set_xscale if axis.axis_name == "x" else axis.axes.set_yscale)("log")
    low, high = sorted(axis.get_view_interval())
    decades = math.log10(high / low)
    if decades >= 2:
        axis.set_minor_formatter(ticker.NullFormatter())
    elif decades >= 0.7:  # a factor of five holds at least one of each kind
        axis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5), numticks=10))
        axis.set_major_formatter(ticker.FuncFormatter(_tick))
        axis.set_minor_formatter(ticker.NullFormatter())
    else:
        axis.set_major_locator(ticker.MaxNLocator(4, steps=(1, 2, 2.5, 5, 10)))
        axis.set_major_formatter(ticker.ScalarFormatter(useMathText=True))
        axis.get_major_formatter().set_powerlimits((-3, 4))
        axis.set_minor_locator(ticker.NullLocator())


def _tick(value: float, _: int | None = None) -> str:
    """Return the label of 1, 2 or 5 times a power of ten: as a decimal where that is short."""
    if 1e-3 <= value < 1e4:
        return f"{value:g}"
    digits, power = f"{value:.0e}".split("e")
    times = "" if digits == "1" else rf"{digits}\times"
    return f"${times}10^{{{int(power)}}}$"


def draw_curves(rows: Sequence[ProgramResult], metric: Metric, path: Path, over: str = "iterations") -> None:
    """Draw the curves of programs into a file; failures have no curve.

    Where a game was measured at its end only, the programs stand side by side instead.

    Parameters
    ----------
    over
        One of ``AXES``.

    Raises
    ------
    Failed
        If there is nothing to draw or the file cannot be written.
    """
    shown = [row for row in rows if row.curve and (over == "iterations" or row.times)]
    games = list(dict.fromkeys(row.game for row in shown))
    labels = list(dict.fromkeys(row.label for row in shown))
    if not games:
        raise Failed("no program was measured, so there is nothing to draw; see the reasons above")
    if all(len(row.curve) == 1 for row in shown):
        _draw_points(shown, labels, metric, path)
        return
    columns = min(len(games), 2 if len(games) in (2, 4) else 3)
    styles = looks(labels)
    with figure(math.ceil(len(games) / columns), columns, (3.5, 2.6), path) as (made, grid):
        for place, axes in enumerate(grid.flat):
            if place >= len(games):
                axes.set_axis_off()
                continue
            for row in shown:
                if row.game == games[place]:
                    colour, style = styles[row.label]
                    axes.plot(*_points(row, metric, over), color=colour, linestyle=style)
            logarithmic(axes.xaxis)
            if metric.logarithmic:
                logarithmic(axes.yaxis)
            axes.set_title(wrapped(games[place], TITLE_WIDTH))
            if place + columns >= len(games):
                axes.set_xlabel("iteration" if over == "iterations" else "time (s)")
            if place % columns == 0:
                axes.set_ylabel(metric.label)
        _legend(made, styles)


def draw_convergence(solution: Solution, metric: Metric, path: Path) -> None:
    """Draw how far one solution was from equilibrium over its iterations into a file.

    Parameters
    ----------
    metric
        What its gap is.

    Raises
    ------
    Failed
        If the file cannot be written.
    """
    with figure(1, 1, (4.6, 3.0), path) as (_, grid):
        axes = grid[0, 0]
        steps = [point.iteration for point in solution.curve]
        axes.plot(steps, [max(point.gap, SMALLEST) for point in solution.curve], color=COLOURS[0])
        axes.plot(steps[-1:], [max(solution.gap, SMALLEST)], "o", color=COLOURS[0], markersize=3.5)
        last = [point.last_iterate for point in solution.curve]
        if None not in last:
            axes.plot(steps, [max(value, SMALLEST) for value in last], "--", color=COLOURS[1], linewidth=1.0)
            axes.legend(axes.lines[::2], ("average", "last iterate"), frameon=False)
        logarithmic(axes.xaxis)
        logarithmic(axes.yaxis)
        axes.set_title(f"{wrapped(solution.game.name, TITLE_WIDTH)}\n{solution.program}")
        axes.set_xlabel("iteration")
        axes.set_ylabel(metric.label)


def _points(row: ProgramResult, metric: Metric, over: str) -> tuple[list[float], list[float]]:
    steps: Sequence[float] = [step for step, _ in row.curve] if over == "iterations" else row.times
    smallest = SMALLEST if metric.logarithmic else -math.inf
    return list(steps), [max(value, smallest) for _, value in row.curve]


def legend_below(made: Any, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """Put a legend under the panels of a figure, in as many columns as there is room for."""
    for columns in range(min(len(labels), 6), 0, -1):
        legend = made.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)
        if columns == 1 or legend.get_window_extent().width <= made.bbox.width:
            return
        legend.remove()


def _legend(made: Any, styles: Mapping[str, tuple[str, Any]]) -> None:
    from matplotlib.lines import Line2D

    handles = []
    for colour, style in styles.values():
        handles.append(Line2D([], [], color=colour))
        handles[-1].set_linestyle(style)
    legend_below(made, handles, list(styles))


def _draw_points(rows: Sequence[ProgramResult], labels: Sequence[str], metric: Metric, path: Path) -> None:
    """Draw one point a game, the programs side by side, and a line for the mean of each."""
    with figure(1, 1, (max(3.5, 1.1 * len(labels) + 1), 3.2), path) as (_, grid):
        axes = grid[0, 0]
        for place, (label, (colour, _)) in enumerate(looks(labels).items()):
            values = [row.curve[0][1] for row in rows if row.label == label]
            # Side by side, in the order of the games, so that equal values do not hide each other.
            offsets = [0.3 * (k / max(len(values) - 1, 1) - 0.5) for k in range(len(values))]
            axes.plot([place + k for k in offsets], values, "o", color=colour, markersize=3.5, alpha=0.7)
            mean = sum(values) / len(values)
            axes.hlines(mean, place - 0.3, place + 0.3, color=colour, linewidth=1.6)
        if metric.logarithmic:
            logarithmic(axes.yaxis)
        axes.set_xticks(range(len(labels)), labels)
        axes.set_xlim(-0.6, len(labels) - 0.4)
        axes.grid(visible=False, axis="x")
        axes.set_ylabel(metric.label)
