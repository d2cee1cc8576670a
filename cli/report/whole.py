"""The report of a run as a whole: everything on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nashforge.archive import Archive, Run
    from nashforge.cli.report.film import Film
    from nashforge.evolve.results.report import RunReport


def report_page(archive: Archive, run: Run, *, tier: str | None) -> tuple[str, RunReport, Film | None]:
    """Return the report of a run as HTML, what it tells, and the episode that it shows, if any.

    Parameters
    ----------
    tier
        Weakest sandbox tier to accept for playing an episode; None: none is played.
    """
    from nashforge.cli.report.film import film
    from nashforge.cli.report.kin import kin_of
    from nashforge.cli.report.page import page
    from nashforge.evolve.results.report import report_of

    found = report_of(archive, run)
    shown = None if tier is None else film(found, tier)
    return page(found, kin_of(archive, run), shown), found, shown
