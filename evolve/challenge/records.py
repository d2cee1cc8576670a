"""The records of the challenges of a run: which games joined its training, why, and at what price."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, ValidationError, field_validator

from nashforge.archive import Archive, Run
from nashforge.evolve.evaluation.messages import Message

_FILE = re.compile(r"[/\\]|\.(efg|nfg)\b")


class JoinedGame(Message):
    """A game that joined the training games.

    Attributes
    ----------
    score : float
        Orders of magnitude that the challenged program is behind the best of the library there.
    rival : str
        That best one.
    identity : str
        Of the game, see `nashforge.games.identity`.
    """

    game: str
    family: str
    score: float
    rival: str
    identity: str

    @field_validator("game")
    @classmethod
    def _no_file(cls, game: str) -> str:
        # The record of an imported run is somebody else's word; it shall name no file of this machine.
        if _FILE.search(game):
            raise ValueError(f"{game!r} is a file, and a challenger makes none")
        return game


class ChallengeRecord(Message):
    """One challenge of a run.

    Attributes
    ----------
    number : int
        From 1.
    index : int
        Candidates that were there: those from here on are trained on the new games.
    program, nickname : str
        The challenged program: hash and name.
    seed : tuple of int
        Of the search for games.
    made : str
        When, in UTC.
    tried, refused
        Games that the program played, and how many games did not count, by why.
    seconds : float
        Wall time of the search.
    joined : tuple of JoinedGame
    left : tuple of str
        Training games that all kept programs solve, and that made room.
    """

    number: int = Field(ge=1)
    index: int = Field(ge=1)
    program: str
    nickname: str
    seed: tuple[int, ...]
    made: str
    tried: int
    refused: dict[str, int] = Field(default_factory=dict)
    seconds: float
    joined: tuple[JoinedGame, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name by which the run remembers it."""
        return _key(self.number)

    def words(self) -> str:
        """Return what happened, in a sentence."""
        what = f"challenge {self.number} of {self.nickname} after {self.index} candidates, {self.tried} games"
        if not self.joined:
            return f"{what}: none breaks it"
        new = ", ".join(f"{one.game} ({one.score:.1f} orders behind {one.rival})" for one in self.joined)
        gone = f"; solved and replaced: {', '.join(self.left)}" if self.left else ""
        return f"{what}: {new} joined{gone}"


def challenge_record(archive: Archive, run: Run, number: int) -> ChallengeRecord | None:
    """Return a challenge of a run, if it was held; what cannot be read was not."""
    stored: Any = archive.runs.get_value(run, _key(number))
    if stored is None:
        return None
    try:
        return ChallengeRecord.model_validate(stored)
    except ValidationError:
        return None


def challenge_records(archive: Archive, run: Run) -> list[ChallengeRecord]:
    """Return the challenges of a run, in order."""
    found: list[ChallengeRecord] = []
    while (record := challenge_record(archive, run, len(found) + 1)) is not None:
        found.append(record)
    return found


def _key(number: int) -> str:
    return f"challenge-{number}"
