"""Episodes with confined programs: who plays, behind which session, and what it used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from nashforge.evolve.sandbox import InvalidOutput, Limits, ProgramTimeout, Sandbox, SandboxSession, Usage
from nashforge.games.dilemmas.environment import Environment, make
from nashforge.games.dilemmas.settings import Setting
from nashforge.solvers.policies.episode import (
    HOST,
    Episode,
    PolicyFailure,
    SlowPolicy,
    Team,
    play,
    seat_assignment,
    send_map,
    session_arguments,
)

HOSTS = (HOST,)


@dataclass(frozen=True)
class Confined:
    """An episode that was played in the sandbox, with what the programs used and printed together."""

    episode: Episode
    usage: Usage
    log: str


def play_confined(
    sandbox: Sandbox,
    setting: Setting,
    sources: Sequence[str],
    seed: int,
    limits: Limits | None = None,
    on_step: Callable[[Environment], None] | None = None,
) -> Confined:
    """Play an episode with a program for each agent, each distinct program in a process of its own.

    Nothing survives an episode: every one has new processes.

    Raises
    ------
    CandidateFailure
        If a program fails, with the usage and the log of that program.
    InfrastructureError
        If the machine fails.
    """
    sessions: list[SandboxSession] = []
    with ExitStack() as stack:
        teams = []
        for source, seats in seat_assignment(setting, sources):
            arguments = session_arguments(setting, source, seats)
            session = stack.enter_context(sandbox.session(source, limits=limits, **arguments))
            sessions.append(session)
            send_map(session, setting)
            teams.append(Team(session, seats))
        try:
            episode = play(make(setting), seed, teams, on_step)
        except PolicyFailure as failure:
            raise InvalidOutput(str(failure)) from failure
        except SlowPolicy as failure:
            raise ProgramTimeout(str(failure)) from failure
    used = [session.usage for session in sessions]
    usage = Usage(
        cpu_seconds=sum(one.cpu_seconds for one in used),
        wall_seconds=sum(one.wall_seconds for one in used),
        peak_memory_bytes=max(one.peak_memory_bytes for one in used),
        calls=sum(one.calls for one in used),
    )
    return Confined(episode, usage, "".join(session.log for session in sessions))
