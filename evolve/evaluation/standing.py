"""Standing: a program against the best of its references, game by game, where a mean hides losses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nashforge.evolve.evaluation.fitness import by_trial
from nashforge.evolve.evaluation.messages import Fitness

TIE = 1.2
"""Two values within this factor of each other are a tie: reordering actions can change them by more."""


@dataclass(frozen=True)
class Standing:
    """Orders of magnitude below the best reference, by label of the trial; negative where it is lost.

    Attributes
    ----------
    ratios : dict
        One number a trial, at least one.
    """

    ratios: Mapping[str, float]

    @property
    def wins(self) -> int:
        """Trials in which the program is better than every reference, by more than a tie."""
        return sum(ratio > math.log10(TIE) for ratio in self.ratios.values())

    @property
    def losses(self) -> int:
        """Trials in which a reference is better, by more than a tie."""
        return sum(ratio < -math.log10(TIE) for ratio in self.ratios.values())

    @property
    def ties(self) -> int:
        """All other trials."""
        return len(self.ratios) - self.wins - self.losses

    @property
    def worst(self) -> tuple[str, float]:
        """The trial in which the program does worst, and its ratio there."""
        label = min(self.ratios, key=lambda each: self.ratios[each])
        return label, self.ratios[label]

    def as_dict(self) -> dict[str, object]:
        """Return the machine-readable form, documented in docs/json.md."""
        game, ratio = self.worst
        return {
            "wins": self.wins,
            "ties": self.ties,
            "losses": self.losses,
            "worst": {"game": game, "fitness": ratio},
            "games": dict(self.ratios),
        }


def standing(
    fitness: Fitness,
    values: Mapping[str, float],
    references: Mapping[str, float],
    floors: Mapping[str, float] | None = None,
) -> Standing | None:
    """Return the standing of a program; None where its fitness refers to nothing, or it was not measured.

    Parameters
    ----------
    values, references, floors
        As in `nashforge.evolve.evaluation.fitness.fitness_of`.
    """
    if fitness.kind != "log_ratio" or not values or not values.keys() <= references.keys():
        return None
    whole = fitness.model_copy(update={"clip": None})
    return Standing(by_trial(whole, values, references, floors))


def together(standings: Iterable[Standing | None]) -> Standing | None:
    """Return a program's standing over several suites; None where none is known."""
    ratios: dict[str, float] = {}
    for one in standings:
        ratios |= {} if one is None else one.ratios
    return Standing(ratios) if ratios else None
