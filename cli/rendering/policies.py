"""Policies of social dilemmas side by side, by the means of their metrics over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table

if TYPE_CHECKING:
    from nashforge.evolve.measurement.policies import PolicySummary
    from nashforge.evolve.measurement.request import Measurements


def print_summaries(measured: Measurements, summaries: Sequence[PolicySummary]) -> None:
    """Print a table: a line for each program, a column for each metric."""
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
    print_table(screen, table)
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
