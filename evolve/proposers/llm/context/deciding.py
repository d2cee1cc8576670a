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
    apart : bool
        Whether none of the families is one of training.
    copies : int
        In how many further disguises the best are measured.
    """

    games: int
    what: str
    families: int
    letters: str
    disguised: bool
    apart: bool = False
    copies: int = 0


def validation_of(
    stage: Stage, letters: Mapping[str, str], *, apart: bool = False, copies: int = 0
) -> Validation:
    """Return what is told of a validation stage.

    Parameters
    ----------
    letters
        The letter of each trial's family, by label.
    apart
        Whether none of the families is one of training.
    copies
        In how many further disguises the best are measured.
    """
    names = list(dict.fromkeys(letters.values()))
    return Validation(
        games=len(stage.trials),
        what="games" if any(trial.disguise for trial in stage.trials) else "trials",
        families=len(names),
        letters=names[0] if len(names) < 2 else f"{', '.join(names[:-1])} and {names[-1]}",
        disguised=any(trial.disguise is not None for trial in stage.trials),
        apart=apart,
        copies=copies,
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
    scaled = [trial for trial in train.trials if trial.scale != 1.0]
    if scaled:
        # A factor that no label tells is drawn for the run, and told to nobody: it could be tuned to.
        told = sorted({trial.scale for trial in scaled if f"payoffs x {trial.scale:g}" in trial.label})
        drawn = "each by a power of two that is drawn for this search"
        factors = _listed([f"x {scale:g}" for scale in told]) if told else drawn
        whose = "all games" if len(scaled) == len(train.trials) else "some games"
        found.append(
            f"The payoffs of {whose} are multiplied ({factors}). Values are told in the units of the plain "
            "game: a rule that is scale-free reaches the same, and constants in units of payoff do not pay."
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
