"""The setting ``against``: programs that a run's programs are to play against, with their weights."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from nashforge.evolve.config.starts import is_program_file
from nashforge.evolve.evaluation.messages import Opponent

MOST_OPPONENTS = 50


def read_opponents(values: Any) -> Any:
    """Return opponents, of which some may be written as people do: ``NAME`` or ``NAME:WEIGHT``.

    Raises
    ------
    ValueError
        If a weight is no number.
    """
    several = [values] if isinstance(values, str) else values
    if not isinstance(several, list | tuple):
        return values
    return tuple(_written(each) if isinstance(each, str) else each for each in several)


def _written(text: str) -> Opponent:
    name, colon, weight = text.rpartition(":")
    if not colon:
        return Opponent(name=text)
    try:
        number = float(weight)
    except ValueError:
        number = -1.0
    if not (name and 0 <= number < float("inf")):
        raise ValueError(
            f"the opponent {text!r} has the weight {weight!r}; write NAME, or NAME:WEIGHT with a number "
            "of at least 0"
        )
    return Opponent(name=name, weight=number)


def files_among(opponents: Sequence[Opponent]) -> str | None:
    """Return what a configuration does that names files of opponents; None if it names none."""
    files = [each.name for each in opponents if not each.source and is_program_file(each.name)]
    if not files:
        return None
    again = " ".join(f"--against {shlex.quote(f'{each.name}:{each.weight:g}')}" for each in opponents)
    return (
        f"plays against the program in the file {' and '.join(files)}, which you have not named; look at "
        f"what is in it and give {again}"
    )
