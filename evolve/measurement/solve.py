"""Solve a game with a program that a person named: the library's own in this process, others confined."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nashforge.evolve.domains import domain, domain_names
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.domains.capabilities import NotOfferedError
from nashforge.evolve.measurement.programs import DEFAULT_DOMAIN, NamedProgram, playable
from nashforge.evolve.sandbox import Limits, Sandbox, SessionGroup, Tier
from nashforge.games.meanfield.naming import is_mean_field
from nashforge.solvers.programs.kind import Arguments, ProgramKind
from nashforge.solvers.programs.solution import Solution
from nashforge.solvers.programs.stopping import Stop
from nashforge.solvers.solving import in_process


def kind_of(work: Domain, program: str | None = None) -> ProgramKind:
    """Return what the programs of a domain solve games with.

    Raises
    ------
    NotOfferedError
        If they solve none; it names the program, if one is given.
    """
    if work.kind is None:
        whose = f"programs of the domain {work.name!r}"
        if program is not None:
            whose = f"{program} is a program of the domain {work.name!r}, whose programs"
        raise NotOfferedError(f"{whose} solve no games")
    return work.kind


def usual_domain(game: str) -> str:
    """Return the domain whose programs solve a game where nobody names one."""
    return "mfg" if is_mean_field(game) else DEFAULT_DOMAIN


def check_solved(game: str) -> None:
    """Make sure that a game is not one that the programs of a domain play, and none solves.

    Raises
    ------
    NotOfferedError
        If it bears the name of such a domain.
    """
    name = game.partition("(")[0].strip()
    if name in domain_names() and domain(name).kind is None:
        raise NotOfferedError(
            f"{name} is played by the programs of the domain {name}, and not solved; the commands run, "
            f"evaluate and watch are for it, as in `nashforge evaluate {domain(name).seed} --game {name}`"
        )


def solve(
    game: Any,
    named: NamedProgram,
    iterations: int | None = None,
    checkpoints: Iterable[int] | None = None,
    on_checkpoint: Callable[[Any], None] | None = None,
    *,
    stop: Stop | None = None,
    max_nodes: int | None = None,
    tier: str = "strict",
    seconds: float = 3600.0,
    iterate: str = "average",
) -> Solution:
    """Solve a game with a program; see `nashforge.solvers.solving.solve` for what is not here.

    Parameters
    ----------
    named
        Runs in a sandbox unless it is one of the library.
    stop
        Ends it early, with what it has.
    max_nodes
        Histories of the game at most.
    tier
        Weakest sandbox tier to accept.
    seconds
        Time that a program in the sandbox may take in all.

    Raises
    ------
    nashforge.games.GameError
        If the game cannot be compiled.
    nashforge.evolve.sandbox.CandidateFailure
        If the program fails.
    nashforge.errors.NashforgeError
        If it returns something that is not a policy or mixture, or is of a domain that solves no games.
    """
    work = domain(named.domain)
    kind, runs = kind_of(work, named.label).answering(iterate), playable(named)

    @contextmanager
    def confined(arguments: Sequence[Arguments]) -> Iterator[SessionGroup]:
        limits = work.limits(Limits(wall_seconds=seconds, cpu_seconds=seconds))
        with (
            Sandbox(hosts=[kind.host], tier=Tier(tier)) as sandbox,
            sandbox.sessions(runs.source, arguments, limits=limits) as sessions,
        ):
            yield sessions

    serve = in_process(kind, named.label) if named.origin == "library" else confined
    return kind.solve(game, named.label, serve, iterations, checkpoints, on_checkpoint, stop, max_nodes)
