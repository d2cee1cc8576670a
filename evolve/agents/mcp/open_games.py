"""Games that an agent may play outside of a run's budget: those of training, and none that decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nashforge.archive import Archive, Run
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.asking import is_written_by_agents
from nashforge.evolve.agents.views import open_desk
from nashforge.evolve.config.run import stored_settings
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.measurement.programs import DEFAULT_DOMAIN
from nashforge.evolve.proposers.held_out import held_out_of
from nashforge.evolve.results.run_status import has_finished


@dataclass(frozen=True)
class OpenGames:
    """The games that may be played, and for how many iterations at most.

    Attributes
    ----------
    of : str
        Whose training games they are, for a sentence.
    """

    work: Domain
    games: tuple[str, ...]
    horizon: int
    of: str


def open_games(archive: Archive, run: str | None, domain_name: str | None) -> OpenGames:
    """Return the training games of a run, without those that other runs of agents hold out.

    Parameters
    ----------
    run
        A run; None: the newest that agents write and that has not finished, else the domain's own games.
    domain_name
        What the programs are of; None: what the run searches.

    Raises
    ------
    AgentError
        If the run is of another domain, if the games that a run holds out cannot be told apart on this
        machine, or if nothing is left to be played.
    nashforge.errors.NashforgeError
        If there is no such run, domain or suite.
    """
    if domain_name is not None:
        domain(domain_name)
    at_work = list(_at_work(archive))
    newest = next((one for one in at_work if domain_name in (None, one.domain)), None)
    mine = newest if run is None else open_desk(archive, run).run
    if mine is None:
        work = domain(domain_name or DEFAULT_DOMAIN)
        return OpenGames(work, tuple(work.games(work.suites["train"])), work.horizon, work.name)
    if domain_name not in (None, mine.domain):
        raise AgentError(
            f"the run {mine.nickname} searches {mine.domain}, and not {domain_name}; leave the domain out"
        )
    work, settings = domain(mine.domain), stored_settings(archive, mine)
    hidden = {name for one in at_work if one.domain == work.name for name in _held_out(archive, one)}
    games = work.games(settings.get("train") or work.suites["train"])
    found = tuple(game for game in games if game not in hidden)
    if not found:
        raise AgentError(
            f"no game of {mine.nickname} can be measured on outside of its budget; tell a program instead"
        )
    return OpenGames(work, found, int(settings.get("horizon") or work.horizon), mine.nickname)


def _held_out(archive: Archive, run: Run) -> list[str]:
    """Return the names that a run holds out; unknown ones could be among the games that would be played."""
    names = held_out_of(archive, run)
    if names is None:
        raise AgentError(
            f"the games that {run.nickname} holds out cannot be told apart on this machine, such as those of "
            "a suite in a file of another one, so nothing is measured outside of its budget; tell a program "
            "instead"
        )
    return names


def _at_work(archive: Archive) -> Iterator[Run]:
    """Yield the runs that agents write and that have not finished, the newest first."""
    for run in archive.runs.newest():
        if not has_finished(run) and is_written_by_agents(stored_settings(archive, run)):
            yield run
