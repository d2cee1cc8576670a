"""The pages of studies: several seeds of one search, with medians and intervals."""

from __future__ import annotations

from typing import Any

from nashforge.cli.dashboard.charts.ratios import games_of
from nashforge.cli.dashboard.charts.series import rounded
from nashforge.cli.dashboard.views.base import Asked, View
from nashforge.cli.rendering import output
from nashforge.cli.rendering.cautions import cautions
from nashforge.evolve.results.studies import Median, StudyStatus, counts_of, study_status

SHOWN = 20
"""Studies on one page."""
CHOSEN_SPLITS = ("train", "validation")
EVALUATIONS = "evaluations of each search"


def studies(asked: Asked) -> View:
    """Return the page of all studies, each as a row; those that are named by ``s`` are drawn together."""
    every = asked.archive.studies.newest()
    page, pages = asked.page(len(every), SHOWN)
    told = [study_status(asked.archive, one) for one in every[(page - 1) * SHOWN : page * SHOWN]]
    named = [asked.archive.studies.get(name) for name in asked.all("s")]
    drawn = [study_status(asked.archive, one) for one in named] if named else told[:6]
    data = {
        "told": told,
        "CHOSEN_SPLITS": CHOSEN_SPLITS,
        "chosen": {one.study.nickname for one in drawn},
        "charts": [chart for split in CHOSEN_SPLITS if (chart := chart_of(drawn, split)) is not None],
        "page": page,
        "pages": pages,
    }
    return View("studies.html.jinja", "Studies", data, place="studies")


def study(asked: Asked) -> View:
    """Return the page of one study."""
    found = asked.archive.studies.get(asked.path["study"])
    told = study_status(asked.archive, found)
    return View("study.html.jinja", found.nickname, study_data(told), place="studies")


def study_data(told: StudyStatus) -> dict[str, Any]:
    """Return what is shown of one study, on its page and in its report."""
    leading = told.leading
    charts = [chart_of([told], split) for split in CHOSEN_SPLITS]
    return {
        "told": told,
        "leading": leading,
        "charts": [chart for chart in (*charts, chart_of_seeds(told)) if chart is not None],
        "finals": [(split, told.final(split)) for split in CHOSEN_SPLITS],
        "games": [] if leading is None else games_of(leading.run),
        "meaning": output.meaning_of_run(told.settings),
        "why": told.why(),
        "cautions": cautions(told.settings, [now.standing for now in told.runs]),
    }


def chart_of(told: list[StudyStatus], split: str) -> dict[str, Any] | None:
    """Return medians over seeds against evaluations, within their intervals; None for nothing."""
    places = sorted({point.evaluations for one in told for point in one.points})
    if len(places) < 2:
        return None
    lines: list[dict[str, Any]] = []
    bands: list[tuple[int, int]] = []
    for colour, one in enumerate(told):
        medians: dict[int, Median | None] = {point.evaluations: getattr(point, split) for point in one.points}
        parts: list[tuple[str, str]] = [("value", "line"), ("low", "edge"), ("high", "edge")]
        for part, kind in parts:
            values = [None if (m := medians.get(at)) is None else getattr(m, part) for at in places]
            if any(value is not None for value in values):
                name = one.study.nickname if part == "value" else f"{part} of {one.study.nickname}"
                lines.append({"label": name, "kind": kind, "colour": colour, "values": rounded(values)})
                if part == "high":
                    bands.append((len(lines) - 1, len(lines) - 2))
    if not lines:
        return None
    return {
        "title": f"{split} fitness of the best so far, median over seeds with 95 % interval",
        "x": places,
        "xlabel": EVALUATIONS,
        "ylabel": "fitness",
        "lines": lines,
        "bands": bands,
    }


def chart_of_seeds(told: StudyStatus) -> dict[str, Any] | None:
    """Return training fitness of each search against its evaluations; None before two of one."""
    places = counts_of(max(map(len, told.curves), default=0))
    if len(places) < 2:
        return None
    lines = [
        {
            "label": f"seed {now.run.seed}",
            "kind": "step",
            "colour": colour,
            "values": rounded([curve[at - 1][0] if at <= len(curve) else None for at in places]),
        }
        for colour, (now, curve) in enumerate(zip(told.runs, told.curves, strict=True))
    ]
    return {
        "title": "training fitness of the best so far, each search",
        "x": places,
        "xlabel": EVALUATIONS,
        "ylabel": "fitness",
        "lines": lines,
    }
