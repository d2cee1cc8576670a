"""The domain of policies for Gathering: a group that takes turns at the apples, or fights for them."""

from __future__ import annotations

from nashforge.evolve.domains.dilemmas.domain import DilemmaDomain


class GatheringDomain(DilemmaDomain):
    """Policies for Gathering, see `nashforge.games.dilemmas`."""

    title = "Policies for Gathering, judged by what a group of copies harvests"

    def __init__(self) -> None:
        super().__init__("gathering")
