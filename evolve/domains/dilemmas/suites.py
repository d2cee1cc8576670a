"""Suites of social dilemmas: a setting, and disjoint seeds for every split.

A suite is a TOML file::

    name = "cleanup"
    purpose = "Cleanup of paper size, ten agents."
    setting = "cleanup(agents=10)"
    train = [1000, 1001]
    validation = [2000, 2001, 2002]
    test = [0, 1, 2, 3, 4]
"""

from __future__ import annotations

from itertools import combinations
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from nashforge.evolve.evaluation.messages import Split
from nashforge.games.dilemmas.settings import GAMES, Setting, parse_setting
from nashforge.games.suites import SuiteKind

Seeds = Annotated[tuple[Annotated[int, Field(ge=0, lt=2**63)], ...], Field(min_length=1)]


class DilemmaSuite(BaseModel):
    """A suite of social dilemmas.

    Attributes
    ----------
    setting : str
        What is played, see `nashforge.games.dilemmas.settings`.
    train, validation, test : tuple of int
        Seeds of the episodes: no seed in two of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    purpose: str
    setting: str
    train: Seeds
    validation: Seeds
    test: Seeds

    @field_validator("setting")
    @classmethod
    def _playable(cls, text: str) -> str:
        return str(parse_setting(text))

    @model_validator(mode="after")
    def _disjoint(self) -> DilemmaSuite:
        splits = {"train": self.train, "validation": self.validation, "test": self.test}
        for name, seeds in splits.items():
            if len(set(seeds)) < len(seeds):
                raise ValueError(f"{name} names a seed twice")
        for (one, seeds), (other, others) in combinations(splits.items(), 2):
            if shared := set(seeds) & set(others):
                raise ValueError(f"seed {min(shared)} is in {one} and in {other}; seeds must be disjoint")
        return self

    def seeds(self, split: Split) -> tuple[int, ...]:
        """Return the seeds of a split."""
        return {"train": self.train, "validation": self.validation}.get(split, self.test)

    def parsed(self) -> Setting:
        """Return the setting."""
        return parse_setting(self.setting)


DILEMMA_SUITES = SuiteKind(
    DilemmaSuite, "nashforge.evolve.domains.dilemmas", "suites", "suite of social dilemmas"
)


def load_dilemma_suite(name_or_path: str) -> DilemmaSuite:
    """Load a suite of the package by name, the user's own from a TOML file, or one of a setting.

    A setting such as ``cleanup(agents=5,map=cleanup_small)`` is a suite with the seeds of its game's own.

    Raises
    ------
    nashforge.games.SuiteError
        If there is no such suite or its file is ill-formed.
    """
    game, bracket, _ = name_or_path.partition("(")
    if bracket and game.strip() in GAMES:
        own = DILEMMA_SUITES.load(game.strip())
        return own.model_copy(update={"name": name_or_path, "setting": str(parse_setting(name_or_path))})
    return DILEMMA_SUITES.load(name_or_path)
