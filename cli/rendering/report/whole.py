"""The report of a run as a whole: everything on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nashforge.cli.rendering.report.film import Film
    from nashforge.evolve.results.report import RunReport


def report_page(found: RunReport, *, tier: str | None) -> tuple[str, Film | None]:
    """Return the report of a run as HTML, and the episode that it shows, if any.

    Parameters
    ----------
    tier
        Weakest sandbox tier to accept for playing an episode; None: none is played.
    """
    from nashforge.cli.rendering.report.film import film
    from nashforge.cli.rendering.report.page import page
    from nashforge.cli.rendering.report.pictures import convergence, progress

    pictures = {"progress": progress(found)}
    for compared in found.comparisons:
        assert found.domain is not None
        metric = found.domain.metrics[found.domain.metric]
        pictures[compared.split] = convergence(compared, metric)
    shown = None if tier is None else film(found, tier)
    return page(found, pictures, shown), shown
