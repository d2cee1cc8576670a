"""Matches in the sandbox: a player against a bot or another program, each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from nashforge.evolve.sandbox import (
    CandidateFailure,
    InfrastructureError,
    InvalidOutput,
    Limits,
    Sandbox,
    Usage,
)
from nashforge.evolve.sandbox.session import SandboxSession
from nashforge.games.roshambo.arguments import BOT_HOST, bot_arguments
from nashforge.solvers.rrps.host import arguments
from nashforge.solvers.rrps.match import Match, Opponent, drawn_throw, play_match, told_strategy
from nashforge.solvers.sequence_form.profile import PolicyError

CALL_SECONDS = 50 * 150e-6
"""Processor time that a throw may take on average: 50 times what the library's slowest player takes."""

Meeting: TypeAlias = Callable[[Sandbox, int, int], AbstractContextManager[Opponent]]
"""Returns the opponent of one match, given the sandbox, the number of throws and the seed."""

_BOT_LIMITS = Limits(wall_seconds=3600.0, cpu_seconds=600.0, call_seconds=60.0)
"""Bots are trusted: this only ends what hangs."""

_PROGRAM_LIMITS = Limits(wall_seconds=600.0, cpu_seconds=60.0, call_cpu_seconds=CALL_SECONDS)


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
    sandbox: Sandbox, source: str, meet: Meeting, throws: int, seed: int, limits: Limits, shift: int = 0
) -> ConfinedMatch:
    """Play a match. Its seed decides all chance: the opponent's, and the draws from the player's strategies.

    Raises
    ------
    CandidateFailure
        If the player fails.
    InfrastructureError
        If the machine or a bot fails.
    """
    with meet(sandbox, throws, seed) as opponent:
        session = sandbox.session(source, limits=limits, **arguments(throws))
        with session:
            try:
                match = play_match(session, opponent, throws, np.random.default_rng(seed), shift)
            except PolicyError as error:
                session.close()
                raise InvalidOutput(str(error), session.log, session.usage) from error
    return ConfinedMatch(match, session.usage, session.log)


def meet_bot(bot: str) -> Meeting:
    """Return how to meet a bot: in a process of its own, which shares no memory with those of programs."""

    @contextmanager
    def meet(sandbox: Sandbox, throws: int, seed: int) -> Iterator[Opponent]:
        beside = sandbox.beside((BOT_HOST,))
        try:
            seeded = bot_arguments(bot, seed_of(seed, bot) % 2**32)
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

    return meet


def meet_program(source: str) -> Meeting:
    """Return how to meet another program: confined as the player is, in a process of its own.

    From where it fails on it throws uniformly at random, so that nobody gains by making it fail.
    """

    @contextmanager
    def meet(sandbox: Sandbox, throws: int, seed: int) -> Iterator[Opponent]:
        chances = np.random.default_rng(seed_of(seed, "opponent")).random(throws)
        try:
            session = sandbox.session(source, limits=_PROGRAM_LIMITS, **arguments(throws))
        except CandidateFailure:
            yield _uniform(chances)
            return
        with session:
            yield _asked(session, chances)

    return meet


def _uniform(chances: npt.NDArray[np.float64]) -> Opponent:
    drawn = iter(chances)
    return lambda last: int(3 * next(drawn))


def _asked(session: SandboxSession, chances: npt.NDArray[np.float64]) -> Opponent:
    own, theirs = session.inputs["own"], session.inputs["theirs"]
    rounds, failed = count(), False

    def throw(last: int) -> int:
        nonlocal failed
        t = next(rounds)
        if t:
            theirs[t - 1] = last
        if not failed:
            try:
                own[t] = drawn_throw(told_strategy(session, t), chances[t])
                return int(own[t])
            except (CandidateFailure, PolicyError):
                failed = True
        return int(3 * chances[t])

    return throw
