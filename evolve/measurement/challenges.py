"""Challenges of a program that a person named: the library's own in this process, others confined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from nashforge import games
from nashforge.evolve.challenge.judge import Judge, Play, Verdict, confined, games_of, trusted
from nashforge.evolve.challenge.search import MOST_HISTORIES, Challenge, Challenger
from nashforge.evolve.challenge.space import space
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.executors.dispatcher import Dispatcher
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.programs import NamedProgram, playable
from nashforge.games.naming import choice
from nashforge.solvers.programs.library import NotInLibraryError

Tell = Callable[[int, str, Verdict | None], None]


@dataclass(frozen=True)
class ChallengeRequest:
    """An order to a challenger.

    Attributes
    ----------
    tries : int
        Games that the program plays.
    seconds : float or None
        No more are begun after so long.
    seed : int
        Of every random draw.
    iterations : int or None
        In every game; None: the domain's.
    families : sequence of str
        Where games come from; none: all that neither validate nor test.
    rivals : sequence of str
        Programs of the library that it is compared with; none: all.
    most_histories : int
        Larger games are not tried.
    """

    tries: int = 40
    seconds: float | None = None
    seed: int = 0
    iterations: int | None = None
    families: Sequence[str] = ()
    rivals: Sequence[str] = ()
    most_histories: int = MOST_HISTORIES


def challenge(
    named: NamedProgram,
    request: ChallengeRequest,
    *,
    tier: str = "strict",
    tell: Tell = lambda number, game, verdict: None,
    note: Callable[[str], None] = lambda text: None,
) -> Challenge:
    """Search games that break a program.

    Raises
    ------
    nashforge.evolve.domains.capabilities.NotOfferedError
        If the programs of its domain play no games that can be made.
    nashforge.evolve.challenge.space.NoFamilyError, NotInLibraryError
        If there is no such family or rival.
    """
    work = games_of(domain(named.domain))
    families = space(request.families)
    for rival in request.rivals:
        if rival not in work.baselines():
            raise NotInLibraryError(
                f"there is no program {rival!r} in the library of the domain {work.name!r}; "
                f"{choice(rival, work.baselines())}"
            )
    runs = playable(named)
    with ExitStack() as stack:
        own = named.label if named.origin == "library" else None
        play: Play
        if own is not None:
            play = trusted(work, own)
        else:
            executor = stack.enter_context(closing(LocalExecutor(1)))
            play = confined(work, runs.source, Dispatcher(executor, work.name, tier, lambda: None, note))
        judge = Judge(
            work, play, request.iterations or work.horizon, program=own, rivals=tuple(request.rivals)
        )
        challenger = Challenger(families, judge, [request.seed], request.most_histories, used_games(work))
        return challenger.search(request.tries, request.seconds, tell)


def used_games(work: Domain) -> frozenset[str]:
    """Return the identities of the games that a domain's searches are trained, validated and tested on."""
    suites = work.suites.values()
    return frozenset(games.identity(game).digest for suite in suites for game in work.games(suite))
