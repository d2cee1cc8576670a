"""The page of all programs, of one run or of every run: sorted, filtered, and to take along."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from nashforge.archive import Relative, Status
from nashforge.archive.stores.agents.verdicts import AuditRecord
from nashforge.archive.stores.overview import Column
from nashforge.cli.dashboard.views.base import Asked, View, named_run

SHOWN = 100
"""Programs on one page."""

ORDERS: tuple[Column, ...] = get_args(Column)
KINDS = {
    "": (),
    "measured": (Status.OK,),
    "failed": (
        *(Status.REJECTED, Status.CRASHED, Status.TIMEOUT, Status.MEMORY),
        *(Status.INVALID_OUTPUT, Status.INFRASTRUCTURE, Status.CANCELLED),
    ),
    "repeated": (Status.DUPLICATE,),
    "open": (Status.PROPOSING, Status.PENDING, Status.RUNNING),
}
"""What the table is narrowed to."""


def programs(asked: Asked) -> View:
    """Return the page of all programs."""
    run = named_run(asked) if "run" in asked.path else None
    page = asked.number("page", 1) or 1
    found, count = _found(asked, start=(page - 1) * SHOWN, limit=SHOWN)
    if count and not found:  # there are not so many pages
        page, _ = asked.page(count, SHOWN)
        found, count = _found(asked, start=(page - 1) * SHOWN, limit=SHOWN)
    order, down = _order(asked)
    data = {
        "found": found,
        "audits": audits_of(asked, found),
        "count": count,
        "page": page,
        "pages": asked.page(count, SHOWN)[1],
        "order": order,
        "down": down,
        "kinds": list(KINDS),
        "csv": ("/programs" if run is None else f"/runs/{run.nickname}/programs")
        + ".csv"
        + asked.address(page=None),
    }
    title = "Programs" if run is None else f"Programs of {run.nickname}"
    return View("programs.html.jinja", title, data, run=run, place="programs" if run is None else "runs")


def audits_of(asked: Asked, found: Iterable[Relative]) -> dict[str | None, AuditRecord | None]:
    """Return the newest audit of every program that is shown; None where there is none."""
    hashes = [item.program for item in found if item.program is not None]
    known = asked.archive.verdicts.of(hashes, imported=True)
    return {item.program: known.get(item.program or "") for item in found}


def rows(asked: Asked) -> Iterable[dict[str, Any]]:
    """Return the same programs as rows of a table, all of them."""
    found, _ = _found(asked, start=0, limit=None)
    for item in found:
        told = item._asdict()
        del told["id"], told["run_id"]
        yield {
            key: "" if value is None else str(value) if key == "status" else value
            for key, value in told.items()
        }


def _order(asked: Asked) -> tuple[Column, bool]:
    first: Column = "index" if "run" in asked.path else "created"
    order = asked.choice("sort", (first, *ORDERS))
    down = asked.get("dir", "asc" if "run" in asked.path else "desc") == "desc"
    return order, down  # type: ignore[return-value]


def _found(asked: Asked, *, start: int, limit: int | None) -> tuple[list[Relative], int]:
    order, down = _order(asked)
    return asked.archive.overview.programs(
        named_run(asked) if "run" in asked.path else None,
        order=order,
        descending=down,
        text=asked.get("q"),
        statuses=KINDS.get(asked.get("kind"), ()),
        start=start,
        limit=limit,
    )
