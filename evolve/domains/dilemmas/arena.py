"""Episodes with confined programs: who plays, behind which session, and what it used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nashforge.evolve.sandbox import InvalidOutput, Limits, ProgramTimeout, Sandbox, SandboxSession, Usage
from nashforge.games.dilemmas.environment import Environment
from nashforge.games.dilemmas.settings import Setting
from nashforge.solvers.policies.episode import HOST, Episode, PolicyFailure, SlowPolicy, play_served

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

    def serve(source: str, arguments: Mapping[str, Any]) -> SandboxSession:
        sessions.append(sandbox.session(source, limits=limits, **arguments))
        return sessions[-1]

    try:
        episode = play_served(setting, sources, seed, serve, on_step)
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
