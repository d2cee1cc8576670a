"""Cautions beside the outcome of a search: what its numbers do not say, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.evolve.evaluation.standing import Standing
    from nashforge.evolve.results.run_status import RunStatus

LIMITS = {
    "behind": "in every game the best is as far behind the reference as fitness counts, so that no step of "
    "the search shows: give programs more iterations (--horizon), start from a stronger one (--from), or "
    "raise fitness.clip in the file of the run",
    "ahead": "in every game the best is as far ahead of the reference as fitness counts, so that no better "
    "program shows: search on harder games (--suite), or raise fitness.clip in the file of the run",
    "floor": "the best solves every game to the floor of fitness, so that no better program shows: search on "
    "harder games (--suite), give fewer iterations (--horizon), or lower the floor in the file of the run",
    "several": "fitness of the best is at its clip or its floor in every game, so that no better program "
    "shows: search on other games (--suite), or change fitness.clip and the floor in the file of the run",
}
"""What to do where fitness is at its limit in every game, by `Standing.limit`."""


def cautions(settings: Mapping[str, Any], standings: Iterable[Standing | None]) -> list[str]:
    """Return what to keep in mind of a search, in sentences, as on every page and below every outcome.

    Parameters
    ----------
    settings
        Of the search.
    standings
        Of its best program; of a study, those of the bests of its searches.
    """
    from nashforge.evolve.config.cautions import shared_suites

    return [words for words in (shared_suites(settings), _limit_words(standings)) if words is not None]


def cautions_of(now: RunStatus) -> list[str]:
    """Return the cautions of a run."""
    return cautions(now.settings, [now.standing])


def print_cautions(
    screen: Console, settings: Mapping[str, Any], standings: Iterable[Standing | None]
) -> None:
    """Print the cautions; parameters as of `cautions`."""
    for words in cautions(settings, standings):
        screen.print(f"[yellow]{output.plain(words)}[/]")


def _limit_words(standings: Iterable[Standing | None]) -> str | None:
    """Return a sentence where the fitness of each of these programs is at its limit in every game."""
    limits = [None if one is None else one.limit for one in standings]
    known = {limit for limit in limits if limit is not None}
    if not known or None in limits:
        return None
    return LIMITS[known.pop() if len(known) == 1 else "several"]
