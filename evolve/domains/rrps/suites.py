"""Suites of populations: which bots a search meets, and which are kept for the end.

A suite is a TOML file::

    name = "rrps"
    purpose = "33 bots for search, all 43 at the end."
    train = ["rrps(bots=train)"]
    validation = ["rrps(bots=train)"]
    test = ["rrps(bots=held_out,matches=4)", "rrps(bots=all,matches=4)"]
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from nashforge.evolve.domains.rrps.populations import parse_population
from nashforge.evolve.evaluation.messages import Split
from nashforge.games.suites import SuiteKind

Populations = Annotated[tuple[str, ...], Field(min_length=1)]


class PopulationSuite(BaseModel):
    """A suite of populations.

    Attributes
    ----------
    train, validation, test : tuple of str
        Populations, see `nashforge.evolve.domains.rrps.populations`; those for validation are met with
        relabelled throws.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    purpose: str
    train: Populations
    validation: Populations
    test: Populations

    @field_validator("train", "validation", "test")
    @classmethod
    def _readable(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(str(parse_population(text)) for text in texts)
        if len(set(found)) < len(found):
            raise ValueError("a population is named twice; name each once")
        return found

    def games(self, split: Split) -> tuple[str, ...]:
        """Return the populations of a split."""
        return {"train": self.train, "validation": self.validation}.get(split, self.test)


POPULATION_SUITES = SuiteKind(
    PopulationSuite, "nashforge.evolve.domains.rrps", "suites", "suite of bots for rock, paper, scissors"
)
