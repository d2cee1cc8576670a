"""Populations of bots, which players are measured against, as strings: ``rrps(bots=train,matches=5)``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nashforge.games.roshambo.bots import BOTS, BotError, check_bot

HELD_OUT_FIRST, HELD_OUT_EVERY = 3, 4
"""Every fourth bot in the order of the alphabet, from the fourth: chosen before anything was measured."""

HELD_OUT = tuple(sorted(BOTS))[HELD_OUT_FIRST::HELD_OUT_EVERY]
"""The ten bots that no search meets."""

GROUPS = {
    "all": tuple(sorted(BOTS)),
    "train": tuple(name for name in sorted(BOTS) if name not in HELD_OUT),
    "held_out": HELD_OUT,
}
"""Bots by the name of their group."""

PROGRAMS = "programs"
"""Stands for the programs that a run plays against, which its trials hold."""

MOST_MATCHES = 1000

_WRITTEN = re.compile(r"\s*rrps\s*(?:\((.*)\))?\s*")
_HELP = "write for example rrps(bots=train), or rrps(bots=greenberg+iocainebot,matches=10)"


@dataclass(frozen=True)
class Population:
    """Bots, each of which a player meets in some matches.

    Attributes
    ----------
    bots : str
        A group, or names with ``+`` between them; ``programs`` for those of the trial.
    matches : int
        With each bot; what is measured is their mean.
    seed : int or None
        Of all chance, the same for every player; None: every player has chance of its own.
    """

    bots: str = "train"
    matches: int = 1
    seed: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The bots, each once, in the order of the alphabet; none where programs are played against."""
        if self.bots == PROGRAMS:
            return ()
        return GROUPS.get(self.bots) or tuple(sorted(set(self.bots.split("+"))))

    def __str__(self) -> str:
        said = [f"bots={self.bots}"]
        said += [] if self.matches == 1 else [f"matches={self.matches}"]
        said += [] if self.seed is None else [f"seed={self.seed}"]
        return f"rrps({','.join(said)})"


def parse_population(text: str) -> Population:
    """Return the population that a string names.

    Raises
    ------
    BotError
        If it cannot be read, or names a bot that does not exist.
    """
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise BotError(f"{text!r} is no population of bots; {_HELP}")
    given: dict[str, str] = {}
    for part in (match[1] or "").split(","):
        name, found, value = (word.strip() for word in part.partition("="))
        if not part.strip():
            continue
        if name not in ("bots", "matches", "seed") or not found or name in given:
            raise BotError(
                f"{part.strip()!r} in {text!r} is not understood; give bots, matches and seed, each once: "
                + _HELP
            )
        given[name] = value
    bots = given.get("bots", "train")
    if bots not in GROUPS and bots != PROGRAMS:
        bots = "+".join(dict.fromkeys(check_bot(name.strip()) for name in bots.split("+")))
    matches = _number(given, "matches", 1, 1, MOST_MATCHES)
    assert matches is not None
    return Population(bots, matches, _number(given, "seed", None, 0, 2**31 - 1))


def _number(given: dict[str, str], name: str, default: int | None, low: int, high: int) -> int | None:
    if name not in given:
        return default
    text = given[name]
    if not re.fullmatch(r"[0-9]{1,18}", text) or not low <= int(text) <= high:
        raise BotError(f"{name}={text} must be a whole number from {low} to {high:,}")
    return int(text)
