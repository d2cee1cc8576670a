"""Social dilemmas on the command line: their options, and what ``evaluate --game cleanup`` does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from nashforge.cli.options.declared import option

if TYPE_CHECKING:
    from nashforge.evolve.measurement.policies import PolicySummary
    from nashforge.evolve.measurement.request import Measurements
    from nashforge.games.dilemmas.settings import Setting

GAMES = ("gathering", "cleanup")
"""As in `nashforge.games.dilemmas.settings`, which is too slow to import for every command."""

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
    from nashforge.cli.errors import UsageProblem
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
    from nashforge.cli.errors import UsageProblem

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


def print_summaries(measured: Measurements, summaries: Sequence[PolicySummary]) -> None:
    """Print a table: a line for each program, a column for each metric."""
    from nashforge.cli.rendering import output

    screen, setting = output.console(), summaries[0].setting
    seeds = dict.fromkeys(seed for one in summaries for seed in one.seeds)
    screen.print(f"[cyan]{output.plain(str(setting))}[/], seeds {_ranges(list(seeds))}")
    names = next((list(one.summaries) for one in summaries if one.summaries), [])
    judged = measured.fitness.objective is not None
    heads = [*(name.replace("_", " ") for name in names), *(["fitness"] if judged else [])]
    table = output.table("program", *heads, right=heads)
    for one in summaries:
        label = f"[green]{output.plain(one.label)}[/]"
        if not one.summaries:
            table.add_row(label, f"[red]{one.status}[/]")
            continue
        cells = [output.mean(one.summaries[name]) for name in names]
        table.add_row(label, *cells, *([output.fitness(one.fitness)] if judged else []))
    output.print_table(screen, table)
    for one in summaries:
        label = output.plain(one.label)
        if not one.summaries:
            screen.print(f"[red]{label}:[/]{output.because(one.reason)}")
        counted = [f"{n} {name.replace('_', ' ')}" for name, n in one.faults.items() if n]
        if counted:
            screen.print(f"[yellow]{label}:[/] forgiven in all episodes: {', '.join(counted)}")
    screen.print(
        "[dim]means with 95 % confidence intervals over the seeds; -: undefined, because nobody earns[/]"
    )


def _ranges(seeds: Sequence[int]) -> str:
    whole = len(seeds) > 1 and list(seeds) == list(range(seeds[0], seeds[-1] + 1))
    return f"{seeds[0]}-{seeds[-1]}" if whole else ", ".join(map(str, seeds))
