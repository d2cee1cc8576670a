"""Options of social dilemmas: what is played, by how many, and in which episodes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.declared import option

if TYPE_CHECKING:
    from nashforge.games.dilemmas.settings import Setting

Preset = Annotated[
    str | None,
    option(
        "NAME", "Rules of a social dilemma: default, or gallego2026 for the original's. [default: default]"
    ),
]
Map = Annotated[str | None, option("FILE", "Map of a social dilemma: a name or a text file.", "--map")]
Agents = Annotated[int | None, option("N", "Agents in a social dilemma. [default: 10]", min=1)]
Seeds = Annotated[
    str | None, option("SEEDS", "Episodes of a social dilemma, such as 0-4 or 1,5,7. [default: 0-4]")
]
View = Annotated[
    int | None,
    option("K", "Agents of a social dilemma see only K cells around them. [default: everything]", min=1),
]


def asked_for(games: Sequence[str] | None, suite: str | None, *options: object) -> bool:
    """Whether a social dilemma is to be measured.

    Raises
    ------
    UsageProblem
        If it is not alone, or its options are given to something else.
    """
    from nashforge.evolve.measurement.request import domain_of_game

    named = [game for game in games or () if domain_of_game(game)]
    if named and (len(games or ()) > 1 or suite is not None):
        raise UsageProblem("a social dilemma is measured alone; give one --game and no --suite")
    if not named and any(option is not None for option in options):
        raise UsageProblem(
            "--preset, --map, --agents, --seeds and --view go with --game gathering or --game cleanup"
        )
    return bool(named)


def parse_seeds(text: str | None) -> tuple[int, ...]:
    """Return the seeds of a list of numbers and ranges; 0 to 4 if none is given.

    Raises
    ------
    UsageProblem
        If it cannot be read or names a seed twice.
    """

    text = text or "0-4"
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if match is None:
            raise UsageProblem(f"{text!r} names no seeds; write for example 0-4 or 1,5,7")
        first = int(match.group(1))
        last = int(match.group(2) or first)
        if last < first or last - first >= 10_000:
            raise UsageProblem(
                f"the seeds {part.strip()} are none, or too many; write the smaller number first"
            )
        seeds += range(first, last + 1)
    if len(set(seeds)) < len(seeds):
        raise UsageProblem(f"{text!r} names a seed twice; name each once")
    return tuple(seeds)


def setting_of(
    games: Sequence[str] | None,
    preset: str | None = None,
    map_file: str | None = None,
    agents: int | None = None,
    view: int | None = None,
    horizon: int | None = None,
) -> Setting:
    """Return a setting from a game string and options, which win over what the string says."""
    from nashforge.evolve.domains import domain
    from nashforge.games.dilemmas.settings import parse_setting

    [game] = games or ["cleanup"]
    options = {"preset": preset, "map": map_file, "agents": agents, "view": view, "steps": horizon}
    return parse_setting(domain(parse_setting(game).game).variant(game, options))
