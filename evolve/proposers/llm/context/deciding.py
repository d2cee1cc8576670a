"""Rules of judgement: the validation of a run, its horizons and scales, read off the stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nashforge.evolve.evaluation.messages import Stage


@dataclass(frozen=True)
class Validation:
    """The validation of a run, without what would give its games away.

    Attributes
    ----------
    games, what : int, str
        How many trials it has, and what they are called.
    families : int
        How many families they belong to.
    letters : str
        What the families are called.
    disguised : bool
        Whether games are disguised.
    """

    games: int
    what: str
    families: int
    letters: str
    disguised: bool


def validation_of(stage: Stage, letters: Mapping[str, str]) -> Validation:
    """Return what is told of a validation stage.

    Parameters
    ----------
    letters
        The letter of each trial's family, by label.
    """
    names = list(dict.fromkeys(letters.values()))
    return Validation(
        games=len(stage.trials),
        what="games" if any(trial.disguise for trial in stage.trials) else "trials",
        families=len(names),
        letters=names[0] if len(names) < 2 else f"{', '.join(names[:-1])} and {names[-1]}",
        disguised=any(trial.disguise is not None for trial in stage.trials),
    )


def rules(train: Stage) -> list[str]:
    """Return sentences on horizons and scales, as far as a training stage has several."""
    found: list[str] = []
    horizons = sorted({trial.iterations for trial in train.trials})
    if len(horizons) > 1:
        found.append(
            f"Games are played for {_listed([f'{horizon:,}' for horizon in horizons])} iterations, each of "
            "which counts: a program must be good early and late."
        )
    scales = sorted({float(getattr(trial, "scale", 1.0)) for trial in train.trials})
    if len(scales) > 1 or scales != [1.0]:
        factors = _listed([f"{scale:g}" for scale in scales])
        found.append(
            f"Payoffs of some games are multiplied; the factors are {factors}. Values "
            "are told in the units of the plain game, so a rule that is scale-free reaches the same in each."
        )
    clip, worst = train.fitness.clip, train.fitness.worst
    if train.fitness.kind == "log_ratio" and clip is not None:
        found.append(f"No game counts more than {clip:g} orders of magnitude, up or down.")
    if train.fitness.kind == "log_ratio" and worst:
        found.append(
            f"The mean has the weight {1 - worst:g}, and the worst game alone {worst:g}: a game that is lost "
            "costs more than one that is won brings."
        )
    return found


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
