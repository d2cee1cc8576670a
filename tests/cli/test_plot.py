"""Pictures of measurements: axes that can be read whatever the values span."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from nashforge.cli.rendering.figures.curves import figure, legend_below, logarithmic


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (1e-15, 1.0),
        (1e-12, 0.7),
        (3e-3, 0.7),
        (0.1, 0.9),
        (0.12, 0.3),
        (2.2e-6, 3e-6),
        (0.0119, 0.0123),
        (1.0, 1000.0),
        (120, 900),
        (4e-7, 9e-6),
    ],
)
def test_ticks_of_logarithmic_axes_are_apart_and_enough(tmp_path: Path, low: float, high: float) -> None:
    values = np.geomspace(low, high, 5)
    with figure(2, 3, (3.5, 2.6), tmp_path / "picture.png") as (made, grid):
        axes = grid[0, 0]
        axes.plot(values, values)
        logarithmic(axes.xaxis)
        logarithmic(axes.yaxis)
        made.draw_without_rendering()
        for axis in (axes.xaxis, axes.yaxis):
            begin, end = axis.get_view_interval()
            major = [tick.label1 for tick in axis.get_major_ticks() if begin <= tick.get_loc() <= end]
            minor = [tick.label1 for tick in axis.get_minor_ticks() if begin <= tick.get_loc() <= end]
            labels = [label for label in major + minor if label.get_visible() and label.get_text()]
            assert len(labels) >= 2
            assert len({label.get_text() for label in labels}) == len(labels)
            boxes = [label.get_window_extent() for label in labels]
            assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


@pytest.mark.parametrize("length", [4, 24, 120])
def test_legends_have_as_many_columns_as_there_is_room_for(length, tmp_path):
    labels = [f"{k}" * length for k in range(5)]
    with figure(1, 2, (3.5, 2.6), tmp_path / "made.png") as (made, grid):
        handles = [grid[0, 0].plot([0, 1], [0, k])[0] for k in range(5)]
        legend_below(made, handles, labels)
        [legend] = made.legends
        assert [text.get_text() for text in legend.get_texts()] == labels
        assert legend.get_window_extent().width <= made.bbox.width or length == 120
        assert legend._ncols == {4: 5, 24: 2, 120: 1}[length]
