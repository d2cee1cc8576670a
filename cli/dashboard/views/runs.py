"""The page of all runs: where they stand, what they have found, what they may still take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nashforge.archive import Archive, Run, Study
from nashforge.cli.dashboard.views.base import Asked, View
from nashforge.evolve.results.run_status import RunStatus, run_status
from nashforge.evolve.results.tags import tags_of

SHOWN = 50
"""Runs on one page."""


@dataclass(frozen=True)
class Bar:
    """A budget: how much of it is taken; without ``most`` it has no limit."""

    name: str
    taken: float
    most: float
    text: str


@dataclass(frozen=True)
class Row:
    """One run in the table."""

    now: RunStatus
    study: Study | None
    tags: tuple[str, ...]
    bars: tuple[Bar, ...]
    note: str = ""


def _best(row: Row, split: str) -> float:
    best = row.now.result.best
    value = None if best is None else getattr(best, split)
    return float("-inf") if value is None else value


ORDERS: dict[str, Callable[[Row], Any]] = {
    "created": lambda row: row.now.run.created,
    "run": lambda row: row.now.run.nickname.lower(),
    "state": lambda row: row.now.state,
    "domain": lambda row: row.now.run.domain,
    "evaluations": lambda row: row.now.result.evaluations,
    "train": lambda row: _best(row, "train"),
    "validation": lambda row: _best(row, "validation"),
    "test": lambda row: _best(row, "test"),
}


def runs(asked: Asked) -> View:
    """Return the page of all runs."""
    archive = asked.archive
    every = archive.runs.newest()
    studies = archive.studies.of_runs(every) if every else {}
    searched = asked.get("q").strip().lower()
    found = (
        [run for run in every if _fits(archive, run, studies.get(run.id), searched)] if searched else every
    )
    order = asked.choice("sort", tuple(ORDERS))
    page, pages = asked.page(len(found), SHOWN)
    # What a run has reached is read for those that are shown; to sort by it, for all.
    known = order in ("created", "run", "domain")
    down = asked.get("dir", "desc" if order == "created" else "asc") == "desc"
    if known:
        key: Callable[[Run], Any] = {
            "created": lambda run: (run.created, run.id),
            "run": lambda run: run.nickname.lower(),
            "domain": lambda run: run.domain,
        }[order]
        shown = sorted(found, key=key, reverse=down)[(page - 1) * SHOWN : page * SHOWN]
        rows = [_row(archive, run, studies.get(run.id)) for run in shown]
    else:
        rows = sorted(
            (_row(archive, run, studies.get(run.id)) for run in found), key=ORDERS[order], reverse=down
        )[(page - 1) * SHOWN : page * SHOWN]
    data = {
        "rows": rows,
        "order": order,
        "down": down,
        "page": page,
        "pages": pages,
        "count": len(found),
        "of": len(every),
    }
    return View("runs.html.jinja", "Runs", data, place="runs")


def _fits(archive: Archive, run: Run, study: Study | None, searched: str) -> bool:
    words = (run.nickname, run.domain, str(run.state), "" if study is None else study.nickname)
    return any(searched in word.lower() for word in (*words, *tags_of(archive, run)))


def _row(archive: Archive, run: Run, study: Study | None) -> Row:
    now = run_status(archive, run)
    notes = archive.notes.of(run, limit=1)
    return Row(now, study, tags_of(archive, run), bars_of(archive, now), notes[-1].text if notes else "")


def bars_of(archive: Archive, now: RunStatus) -> tuple[Bar, ...]:
    """Return how much of its budgets a run has taken."""
    from nashforge.cli.rendering import money, output

    made, limit = now.result.evaluations, now.limit
    bars = [Bar("evaluations", made, limit, f"{made} of {limit}")]
    minutes = now.settings.get("max_minutes") or 0
    if minutes:
        worked = now.result.seconds
        bars.append(Bar("time", worked, 60 * minutes, f"{output.duration(worked)} of {minutes:g} min"))
    dollars = now.settings.get("budget_usd") or 0
    spent = archive.calls.spending(now.run)[""]
    if spent.calls:
        text = money.dollars(spent.cost) + (f" of {money.dollars(dollars)}" if dollars else "")
        bars.append(Bar("dollars", spent.cost, float(dollars), text))
    return tuple(bars)
