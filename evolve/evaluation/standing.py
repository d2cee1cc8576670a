"""Standing: a program against the best of its references, game by game, where a mean hides losses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from nashforge.evolve.evaluation.fitness import by_trial
from nashforge.evolve.evaluation.messages import Fitness

TIE = 1.2
"""Two values within this factor of each other are a tie: reordering actions can change them by more."""


Limit: TypeAlias = Literal["behind", "ahead", "floor"]
"""Why fitness tells no better value of a trial: it is clipped below or above, or that is under the floor."""


@dataclass(frozen=True)
class Standing:
    """Orders of magnitude below the best reference, by label of the trial; negative where it is lost.

    Attributes
    ----------
    ratios : dict
        One number a trial, at least one.
    limits : dict
        The trials that are at a limit of fitness.
    """

    ratios: Mapping[str, float]
    limits: Mapping[str, Limit] = field(default_factory=dict)

    @property
    def limit(self) -> Limit | Literal["several"] | None:
        """The limit at which all trials are, so that fitness stays the same; None where one is within."""
        if self.ratios.keys() - self.limits.keys():
            return None
        kinds = set(self.limits.values())
        return kinds.pop() if len(kinds) == 1 else "several"

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
    ratios, limits = by_trial(whole, values, references, floors), dict[str, Limit]()
    for label, ratio in ratios.items():
        if values[label] <= (floors or {}).get(label, fitness.floor):
            limits[label] = "floor"
        elif fitness.clip is not None and abs(ratio) >= fitness.clip:
            limits[label] = "ahead" if ratio > 0 else "behind"
    return Standing(ratios, limits)


def together(standings: Iterable[Standing | None]) -> Standing | None:
    """Return a program's standing over several suites; None where none is known."""
    ratios, limits = dict[str, float](), dict[str, Limit]()
    for one in filter(None, standings):
        ratios |= one.ratios
        limits |= one.limits
    return Standing(ratios, limits) if ratios else None
