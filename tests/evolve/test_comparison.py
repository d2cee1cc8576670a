"""A program of a run beside others: those that were measured in the same stage, at any scale and length."""

from __future__ import annotations

from typing import Any

from nashforge.archive import Archive
from nashforge.evolve.domains import domain
from nashforge.evolve.results.comparison import MOST_OTHERS, comparison
from nashforge.evolve.runs.run import start_run


def test_programs_of_the_same_stage_stand_beside_the_best_at_drawn_scales_and_all_lengths(
    archive: Archive, tiny: Any
) -> None:
    config = tiny(max_evaluations=3, start=["strongest"], rescale=128.0, short_horizons=[5], final_test=False)
    result = start_run(archive, config, name="scaled")
    run = archive.runs.get("scaled")
    found = comparison(archive, domain("cfr"), run, result.best, result.seed, "train")
    assert found is not None
    assert len(found.labels) >= 1 + MOST_OTHERS
    assert len(found.labels) <= 2 + MOST_OTHERS
    assert any(label.endswith("(start)") for label in found.labels) or result.best.index == 0
    for label in found.labels:
        assert [row.game for row in found.rows if row.label == label] == list(found.games)
    assert any(row.iterations == 5 or "5 iterations" in row.game for row in found.rows)
