"""Matches in the sandbox: a player against a bot, each in a confined process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from nashforge.evolve.sandbox import (
    CandidateFailure,
    InfrastructureError,
    InvalidOutput,
    Limits,
    Sandbox,
    Usage,
)
from nashforge.games.roshambo.arguments import BOT_HOST, bot_arguments
from nashforge.solvers.rrps.host import arguments
from nashforge.solvers.rrps.match import Match, Opponent, play_match
from nashforge.solvers.sequence_form.profile import PolicyError

_BOT_LIMITS = Limits(wall_seconds=3600.0, cpu_seconds=600.0, call_seconds=60.0)
"""Bots are trusted: this only ends what hangs."""


@dataclass(frozen=True)
class ConfinedMatch:
    """A match that was played in the sandbox, and what the player used and printed."""

    match: Match
    usage: Usage
    log: str


def seed_of(*parts: object) -> int:
    """Return a seed of 63 bits that these parts decide."""
    digest = blake2b("\n".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def play_confined(
    sandbox: Sandbox, source: str, bot: str, throws: int, seed: int, limits: Limits, shift: int = 0
) -> ConfinedMatch:
    """Play a match. Its seed decides all chance: the bot's, and the draws from the player's strategies.

    Raises
    ------
    CandidateFailure
        If the player fails.
    InfrastructureError
        If the machine or the bot fails.
    """
    with bot_opponent(sandbox, bot, throws, seed) as opponent:
        session = sandbox.session(source, limits=limits, **arguments(throws))
        with session:
            try:
                match = play_match(session, opponent, throws, np.random.default_rng(seed), shift)
            except PolicyError as error:
                session.close()
                raise InvalidOutput(f"against {bot}: {error}", session.log, session.usage) from error
    return ConfinedMatch(match, session.usage, session.log)


@contextmanager
def bot_opponent(sandbox: Sandbox, bot: str, throws: int, seed: int) -> Iterator[Opponent]:
    """Yield a bot in a process of its own, which shares no memory with those of programs."""
    beside = sandbox.beside((BOT_HOST,))
    try:
        seeded = bot_arguments(bot, throws, seed_of(seed, bot) % 2**32)
        session = beside.session("", limits=_BOT_LIMITS, **seeded)
    except CandidateFailure as failure:
        raise InfrastructureError(f"the bot {bot} does not start: {failure.reason}") from failure

    def throw(last: int) -> int:
        try:
            session.call(last)
        except CandidateFailure as failure:
            raise InfrastructureError(f"the bot {bot} failed: {failure.reason}") from failure
        return int(session.outputs["throw"][0])

    with session:
        yield throw
