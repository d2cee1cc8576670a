"""The pages of studies: several seeds of one search, with medians and intervals."""

from __future__ import annotations

from typing import Any

from nashforge.cli.dashboard.charts.series import rounded
from nashforge.cli.dashboard.views.base import Asked, View
from nashforge.cli.rendering import output
from nashforge.evolve.results.studies import Median, StudyStatus, study_status

SHOWN = 20
"""Studies on one page."""
CHOSEN_SPLITS = ("train", "validation")


def studies(asked: Asked) -> View:
    """Return the page of all studies, each as a row; those that are named by ``s`` are drawn together."""
    every = asked.archive.studies.newest()
    page = asked.number("page", 1) or 1
    told = [study_status(asked.archive, one) for one in every[(page - 1) * SHOWN : page * SHOWN]]
    named = [asked.archive.studies.get(name) for name in asked.all("s")]
    drawn = [study_status(asked.archive, one) for one in named] if named else told[:6]
    data = {
        "told": told,
        "chosen": {one.study.nickname for one in drawn},
        "charts": [chart for split in CHOSEN_SPLITS if (chart := chart_of(drawn, split)) is not None],
        "page": page,
        "pages": max(1, -(-len(every) // SHOWN)),
    }
    return View("studies.html.jinja", "Studies", data, place="studies")


def study(asked: Asked) -> View:
    """Return the page of one study."""
    found = asked.archive.studies.get(asked.path["study"])
    told = study_status(asked.archive, found)
    leading = told.leading
    data = {
        "told": told,
        "leading": leading,
        "charts": [chart for split in CHOSEN_SPLITS if (chart := chart_of([told], split)) is not None],
        "finals": [(split, told.final(split)) for split in ("train", "validation", "test")],
        "meaning": output.meaning_of_run(told.settings),
        "why": told.why(),
    }
    return View("study.html.jinja", found.nickname, data, place="studies")


def chart_of(told: list[StudyStatus], split: str) -> dict[str, Any] | None:
    """Return medians over seeds against evaluations, with the intervals as thin lines; None for nothing."""
    places = sorted({point.evaluations for one in told for point in one.points})
    if len(places) < 2:
        return None
    lines = []
    for colour, one in enumerate(told):
        medians: dict[int, Median | None] = {point.evaluations: getattr(point, split) for point in one.points}
        parts: list[tuple[str, str]] = [("value", "line"), ("low", "edge"), ("high", "edge")]
        for part, kind in parts:
            values = [None if (m := medians.get(at)) is None else getattr(m, part) for at in places]
            if any(value is not None for value in values):
                name = one.study.nickname if part == "value" else f"{part} of {one.study.nickname}"
                lines.append({"label": name, "kind": kind, "colour": colour, "values": rounded(values)})
    if not lines:
        return None
    return {
        "title": f"{split} fitness of the best so far, median over seeds with 95 % interval",
        "x": places,
        "xlabel": "evaluations of each search",
        "ylabel": "fitness",
        "lines": lines,
    }
