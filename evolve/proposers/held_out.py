"""Games that decide: their names are in nothing that an agent is told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from nashforge.archive import Archive, Run
from nashforge.errors import NashforgeError
from nashforge.evolve.evaluation.messages import Split, Stage

KEY = "held out"
"""What a run remembers of the names of games that agents are not told."""

HIDDEN = "a held-out game"
UNTOLD = "(not told: the held-out games of this run cannot be told apart here)"


def held_out_names(stages: Mapping[Split, Stage]) -> list[str]:
    """Return the names of validation and test games that are no training games, the longest first."""
    open_names = _names([stages["train"]])
    others = _names(stage for split, stage in stages.items() if split != "train")
    return sorted(others - open_names, key=lambda name: (-len(name), name))


def _names(stages: Iterable[Stage]) -> set[str]:
    trials = [trial for stage in stages for trial in stage.trials]
    return {name for trial in trials for name in (trial.label, trial.game)}


class Redaction:
    """Takes the names of held-out games out of texts.

    Parameters
    ----------
    names
        The names, see `held_out_names`.
    """

    def __init__(self, names: Iterable[str]) -> None:
        listed = [re.escape(name) for name in names]
        # As words: a game may be called as the beginning of another.
        self._pattern = re.compile(rf"(?<![\w/])(?:{'|'.join(listed)})(?![\w(])") if listed else None

    def __call__(self, text: str) -> str:
        """Return a text without them."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)


class Untold(Redaction):
    """Takes texts out whole, where the names of held-out games are not known."""

    def __call__(self, text: str) -> str:
        """Return what stands for any text."""
        return UNTOLD if text else text


def held_out_of(archive: Archive, run: Run) -> list[str] | None:
    """Return the names that agents of a run are not told; None where they cannot be told apart here.

    A run that asked no agents has not stored them: they follow from its configuration.
    """
    from nashforge.evolve.config.run import RunConfig
    from nashforge.evolve.domains import domain

    names = archive.runs.get_value(run, KEY)
    if isinstance(names, list):
        return names
    try:
        config = RunConfig.model_validate(run.config)
        return held_out_names(config.stages(domain(run.domain)))
    except (NashforgeError, ValueError, OSError):
        return None


def redaction_of(archive: Archive, run: Run) -> Redaction:
    """Return the redaction of a run's answers.

    Where its held-out games are not known, such as those of a suite in a file of another machine, nothing is
    told.
    """
    names = held_out_of(archive, run)
    return Untold(()) if names is None else Redaction(names)
