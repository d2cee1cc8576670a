"""The page of one run: its progress, where it wins and loses, what failed, what it took."""

from __future__ import annotations

import json
from typing import Any

from nashforge.archive import Archive, Candidate, Run
from nashforge.cli.dashboard.charts import series
from nashforge.cli.dashboard.charts.ratios import games_of
from nashforge.cli.dashboard.views.base import Asked, View, named_run
from nashforge.cli.dashboard.views.runs import bars_of
from nashforge.cli.dashboard.views.writing import held_here
from nashforge.cli.rendering import output
from nashforge.cli.rendering.cautions import cautions_of
from nashforge.cli.rendering.runs.summary import agents_text, measuring_text, waiting_lines, written_by
from nashforge.evolve.agents.asking import is_written_by_agents
from nashforge.evolve.domains.lengths import length_in_words
from nashforge.evolve.results.endings import stop_words
from nashforge.evolve.results.history import AXES, History, funnel, history_of, reasons
from nashforge.evolve.results.model_costs import model_costs
from nashforge.evolve.results.report import STEPS
from nashforge.evolve.results.run_status import RunStatus, run_status
from nashforge.evolve.results.tags import tags_of
from nashforge.evolve.search.population.ranking import line_of, milestones


def run(asked: Asked) -> View:
    """Return the page of a run."""
    found = named_run(asked)
    return View("run.html.jinja", found.nickname, run_data(asked, found), run=found, place="runs")


def run_data(asked: Asked, found: Run) -> dict[str, Any]:
    """Return what the page of a run shows."""
    archive = asked.archive
    now = run_status(archive, found)
    axis = asked.choice("x", AXES)
    history = history_of(archive, found, spent=axis != "candidates")
    drawn = history.thinned()
    models = model_costs(archive, found)
    passed = funnel(archive, found)
    return {
        "now": now,
        "result": now.result,
        "study": archive.studies.of_runs([found]).get(found.id),
        "tags": tags_of(archive, found),
        "bars": bars_of(archive, now),
        "facts": facts(now),
        "waiting": waiting_lines(now),
        "measuring": None if now.measuring is None else measuring_text(now.measuring),
        "cautions": cautions_of(now),
        "meaning": output.meaning_of_run(now.settings),
        "history": series.progress(drawn, axis, found.nickname),
        "drawn": len(drawn.measured),
        "measured": len(history.measured),
        "axis": axis,
        "axes": [one for one in AXES if one != "dollars" or any(row.spending.cost for row in models)],
        "games": games_of(now),
        "funnel": [(name, count, passed[0][1]) for name, count in passed],
        "reasons": reasons(archive, found),
        "failures": sorted(now.result.failures.items(), key=lambda item: -item[1]),
        "models": models,
        "open": archive.overview.open(found),
        "notes": archive.notes.of(found)[::-1],
        "settings": json.dumps(now.settings, indent=2, default=str),
        "versions": {**found.versions, **found.host},
        "best_line": best_line(archive, now, history),
        "writable": is_written_by_agents(now.settings),
        "writing": held_here(archive, found) if asked.control else [],
    }


def facts(now: RunStatus) -> list[tuple[str, str]]:
    """Return what a run is, line by line."""
    settings = now.settings
    splits = ("train", "validation", "test")
    lines = [
        ("domain", now.run.domain),
        ("suites", " · ".join(f"{split} {settings[split]}" for split in splits if settings.get(split))),
        ("length", length_in_words(settings)),
        ("strategy", str(settings.get("strategy", "-"))),
        ("written by", written_by(settings)),
        ("seed", str(now.run.seed)),
        ("worked for", output.duration(now.result.seconds)),
    ]
    if now.agents is not None:
        lines.append(("agents", agents_text(now.agents)))
    if now.run.stop_reason:
        lines.append(("ended", stop_words(now.run.stop_reason)))
    return lines


def best_line(archive: Archive, now: RunStatus, history: History) -> list[Candidate]:
    """Return the candidates from the start to the best; of a long line, the steps that tell most."""
    best = now.result.best
    if best is None:
        return []
    told = {item.id: item for item in history.measured}
    line = [told[key] for key in line_of(archive.lineage.lines([best.id]), best.id)[::-1] if key in told]
    return archive.candidates.by_id([line[place].id for place in milestones(line, STEPS)])
