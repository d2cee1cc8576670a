"""Social dilemmas on the command line: their options, and what ``evaluate --game cleanup`` does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from nashforge.cli.options.declared import option

if TYPE_CHECKING:
    from pathlib import Path

    from nashforge.evolve.measurement.policies import PolicySummary
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

    named = [game for game in games or () if game.partition("(")[0].strip() in GAMES]
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
    from dataclasses import replace

    from nashforge.games.dilemmas.settings import Setting, parse_setting

    [game] = games or ["cleanup"]
    said = parse_setting(game)
    if map_file is not None and "agents" not in game and agents is None:
        said = Setting(said.game, map_file, 0, said.preset, said.horizon, said.view)
    changes = {"preset": preset, "map": map_file, "agents": agents, "view": view, "horizon": horizon}
    return replace(said, **{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]


def suites_of(
    domain: str, given: Sequence[str | None], map_file: str | None, agents: int | None
) -> dict[str, str]:
    """Return the suites of a run on a map, or with a number of agents, of the user's own.

    Raises
    ------
    UsageProblem
        If the run is not of a social dilemma, or has suites already.
    """
    from nashforge.cli.errors import UsageProblem

    if domain not in GAMES:
        raise UsageProblem("--map and --agents go with the domains gathering and cleanup")
    if any(suite is not None for suite in given):
        raise UsageProblem("a suite has a map and agents; give --map and --agents, or suites")
    setting = str(setting_of([domain], map_file=map_file, agents=agents))
    return dict.fromkeys(("train", "validation", "test"), setting)


def evaluate_policies(
    programs: Sequence[str],
    setting: Setting,
    seeds: tuple[int, ...],
    *,
    workers: int | None = None,
    seconds: float | None = None,
    reference: str | None = None,
    objective: str | None = None,
    metrics: str | None = None,
    risk: str | None = None,
    tier: str | None = None,
    database: str | None = None,
    json: bool | None = None,
    output_file: Path | None = None,
) -> None:
    """Measure policies and print one row for each program and metric."""
    import sys
    from contextlib import closing

    from nashforge.archive import Archive
    from nashforge.cli.errors import FAILED
    from nashforge.cli.measuring import check_tier, find, fitness_for, strategic_for
    from nashforge.cli.options.files import delivered, write_table
    from nashforge.cli.rendering import output
    from nashforge.evolve.executors.local import LocalExecutor
    from nashforge.evolve.measurement.policies import measure

    weakest = check_tier(tier)

    def tell(standing: PolicySummary, done: int, total: int) -> None:
        what = str(standing.status)
        if standing.summaries:
            what = f"efficiency {output.number(standing.summaries['efficiency'].mean)}"
        print(f"{done}/{total} {standing.label}: {what}", file=sys.stderr, flush=True)

    with Archive.open(database) as archive:
        work, found = find(programs, archive, setting.game)
        fitness, _ = fitness_for(work, reference, objective)
        fitness, shown = strategic_for(work, fitness, metrics, risk)
        with closing(LocalExecutor(workers)) as executor:
            standings = measure(
                archive,
                found,
                setting,
                seeds,
                executor,
                tier=weakest,
                seconds=seconds,
                fitness=fitness,
                shown=[metric.name for metric in shown],
                on_measured=tell,
            )
    rows = [row for standing in standings for row in standing.rows()]
    as_json = output.wants_json(json)
    with delivered((output_file, lambda path: write_table(path, rows)), as_json=as_json):
        if as_json:
            output.print_json(rows)
        else:
            print_standings(standings)
    if any(not standing.summaries for standing in standings):
        raise typer.Exit(FAILED)


def print_standings(standings: Sequence[PolicySummary]) -> None:
    """Print a table: a line for each program, a column for each metric."""
    from nashforge.cli.rendering import output

    screen = output.console()
    first = standings[0]
    screen.print(f"[cyan]{output.plain(str(first.setting))}[/], seeds {_ranges(first.seeds)}")
    names, judged = first.names, first.objective is not None
    heads = [*(name.replace("_", " ") for name in names), *(["fitness"] if judged else [])]
    table = output.table("program", *heads, right=heads)
    for standing in standings:
        if not standing.summaries:
            table.add_row(f"[green]{output.plain(standing.label)}[/]", f"[red]{standing.status}[/]")
            continue
        cells = []
        for name in names:
            summary = standing.summaries[name]
            if summary.mean is None:
                cells.append("-")
                continue
            spread = ""
            if summary.high is not None:
                spread = f" [dim]±{summary.high - summary.mean:.2g}[/]"
            cells.append(f"{summary.mean:.4g}{spread}")
        if judged:
            cells.append(output.fitness(standing.fitness))
        table.add_row(f"[green]{output.plain(standing.label)}[/]", *cells)
    output.print_table(screen, table)
    for standing in standings:
        if not standing.summaries:
            screen.print(f"[red]{output.plain(standing.label)}:[/]{output.because(standing.reason)}")
        counted = [f"{n} {name.replace('_', ' ')}" for name, n in standing.faults.items() if n]
        if counted:
            label = output.plain(standing.label)
            screen.print(f"[yellow]{label}:[/] forgiven in all episodes: {', '.join(counted)}")
    screen.print(
        "[dim]means with 95 % confidence intervals over the seeds; -: undefined, because nobody earns[/]"
    )


def _ranges(seeds: Sequence[int]) -> str:
    whole = len(seeds) > 1 and list(seeds) == list(range(seeds[0], seeds[-1] + 1))
    return f"{seeds[0]}-{seeds[-1]}" if whole else ", ".join(map(str, seeds))
