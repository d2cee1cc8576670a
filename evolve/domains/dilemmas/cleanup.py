"""The domain of policies for Cleanup: somebody has to clean, at a cost, or nobody harvests."""

from __future__ import annotations

from nashforge.evolve.domains.dilemmas.domain import DilemmaDomain


class CleanupDomain(DilemmaDomain):
    """Policies for Cleanup, see `nashforge.games.dilemmas`."""

    title = "Policies for Cleanup, judged by what a group of copies harvests"

    def __init__(self) -> None:
        super().__init__("cleanup")
