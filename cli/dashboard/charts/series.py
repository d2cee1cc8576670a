"""Series of numbers for charts, as plain values that a page carries along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import numpy as np

from nashforge.evolve.measurement.program_results import ProgramResult
from nashforge.evolve.results.history import History
from nashforge.solvers.metrics.registry import Metric

DIGITS = 6
HIDDEN = 3
"""Percent of programs, the worst, that may be below the picture until one zooms out."""

AXIS_LABELS = {
    "candidates": "candidate, in the order of asking",
    "seconds": "processor time of evaluations (s)",
    "dollars": "dollars for models",
}


def rounded(values: Sequence[float | None]) -> list[float | None]:
    """Return values with so many digits as a chart can show."""
    return [None if value is None else float(f"{value:.{DIGITS}g}") for value in values]


def progress(history: History, axis: str, run: str = "") -> dict[str, Any] | None:
    """Return the fitness of the candidates of ``run`` on every split; None before two were measured."""
    items = history.measured
    if len(items) < 2:
        return None
    columns = {split: [getattr(item, split) for item in items] for split in ("train", "validation", "test")}
    shown = [value for values in columns.values() for value in values if value is not None]
    low, high = float(np.percentile(shown, HIDDEN)), max(shown)
    low = min(low, columns["train"][0])
    margin = 0.08 * (high - low) or 0.1
    lines = [
        {"label": "best so far", "kind": "step", "colour": 0, "values": rounded(history.best)},
        {"label": "training games", "kind": "dots", "colour": "faint", "values": rounded(columns["train"])},
    ]
    for split, colour in (("validation", 1), ("test", 2)):
        if any(value is not None for value in columns[split]):
            lines.append(
                {
                    "label": f"{split} games",
                    "kind": "rings",
                    "colour": colour,
                    "values": rounded(columns[split]),
                }
            )
    return {
        "x": rounded(history.over(axis)),
        "xlabel": AXIS_LABELS[axis],
        "ylabel": "fitness",
        "lines": lines,
        "names": [f"#{item.index} {item.nickname or ''}" for item in items],
        "links": [f"/programs/{item.program}?run={quote(run, safe='')}" for item in items],
        "ymin": low - margin,
        "ymax": high + margin,
    }


def curves(rows: Sequence[ProgramResult], metric: Metric) -> list[dict[str, Any]]:
    """Return the values of programs over iterations, one chart for each game; a program keeps its colour."""
    labels = list(dict.fromkeys(row.label for row in rows))
    made = []
    for game in dict.fromkeys(row.game for row in rows):
        mine = {row.label: dict(row.curve) for row in rows if row.game == game and len(row.curve) > 1}
        if not mine:
            continue
        places = sorted({step for curve in mine.values() for step in curve})
        lines = [
            {
                "label": label,
                "kind": "line",
                "colour": labels.index(label),
                "values": rounded([_shown(mine[label].get(step), metric) for step in places]),
            }
            for label in labels
            if label in mine
        ]
        made.append(
            {
                "title": game,
                "x": places,
                "xlabel": "iterations",
                "ylabel": metric.title or metric.name,
                "xlog": True,
                "ylog": metric.logarithmic,
                "lines": lines,
            }
        )
    return made


def _shown(value: float | None, metric: Metric) -> float | None:
    """Return a value as it can stand on the axis: zero has no logarithm."""
    return None if value is None or (metric.logarithmic and value <= 0) else value
