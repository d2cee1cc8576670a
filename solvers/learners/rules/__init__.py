"""The library's learners, one file each: seeds of the search, baselines and documentation at once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from games.naming import choice

_FOLDER = Path(__file__).parent


class UnknownLearnerError(ValueError):
    """No learner of the library has the name that was given."""


@cache
def learner_names() -> tuple[str, ...]:
    """Return the names of all learners of the library."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.py") if path.stem != "__init__"))


def learner_source(name: str) -> str:
    """Return the source of a learner.

    Raises
    ------
    UnknownLearnerError
        If the library has no learner of that name.
    """
    if name not in learner_names():
        raise UnknownLearnerError(
            f"there is no learner {name!r} in the library; {choice(name, learner_names())}"
        )
    return (_FOLDER / f"{name}.py").read_text(encoding="utf-8")
