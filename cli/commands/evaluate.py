"""``nashforge evaluate``: measure programs again, or for the first time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nashforge.cli.options.completion import complete_measures
from nashforge.cli.options.declared import option
from nashforge.cli.options.dilemmas import Agents, Map, Preset, Seeds, View
from nashforge.cli.options.files import TABLES, check_file, delivered, write_table
from nashforge.cli.options.shared import (
    Database,
    FileDomain,
    Force,
    Games,
    Iterations,
    Json,
    Objective,
    ProgramNames,
    Reference,
    StrategicRisk,
    Suite,
    Tier,
    Workers,
    output_option,
)
from nashforge.cli.rendering import output
from nashforge.cli.rendering.records import measured_as_dict

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.evolve.measurement.request import Measurements


def evaluate(
    programs: ProgramNames,
    suite: Suite = None,
    game: Games = None,
    iterations: Iterations = None,
    reference: Reference = None,
    objective: Objective = None,
    metrics: Annotated[
        str | None,
        option(
            "NAMES",
            "Further metrics to measure and show, with commas between: rqe_gap,security_value, ... "
            "(see `nashforge risk --list`).",
            "--metrics",
            complete=complete_measures,
        ),
    ] = None,
    risk: StrategicRisk = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--time-limit",
            metavar="N",
            help="Seconds a program may take in one game. [default: the domain's; 600]",
            show_default=False,
        ),
    ] = None,
    workers: Workers = None,
    domain: FileDomain = None,
    preset: Preset = None,
    map_file: Map = None,
    agents: Agents = None,
    seeds: Seeds = None,
    view: View = None,
    output_file: Annotated[
        Path | None, output_option("Write the rows of --json to this file, too (.csv or .json).")
    ] = None,
    force: Force = False,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Measure programs, stored beside earlier measurements.

    They run in the sandbox. Library programs and files are added to the archive first. Ends with 1 if any
    program failed in any game.
    """
    from nashforge.cli.options import dilemmas
    from nashforge.cli.rendering.measuring import leave, measure
    from nashforge.cli.rendering.policies import print_summaries
    from nashforge.evolve.measurement.request import Request

    check_file("--output", output_file, force, TABLES)
    setting = None
    if dilemmas.asked_for(game, suite, preset, map_file, agents, seeds, view):
        setting = dilemmas.setting_of(game, preset, map_file, agents, view, iterations)
    request = Request(
        programs=programs,
        domain=domain,
        suite=suite,
        games=game,
        setting=setting,
        seeds=dilemmas.parse_seeds(seeds),
        iterations=iterations,
        reference=reference,
        objective=objective,
        metrics=metrics,
        risk=risk,
        seconds=seconds,
    )
    measured = measure(request, workers=workers, tier=allow_weaker_sandbox, database=database)
    if setting is None:
        rows = [measured_as_dict(row, measured) for row in measured.rows]
    else:
        from nashforge.evolve.measurement.policies import policy_rows, policy_summaries

        summaries = policy_summaries(measured, setting)
        rows = policy_rows(measured, summaries)
    as_json = output.wants_json(json)
    with delivered((output_file, lambda path: write_table(path, rows)), as_json=as_json):
        if as_json:
            output.print_json(rows)
        elif setting is None:
            _print(output.console(), measured)
        else:
            print_summaries(measured, summaries)
    leave(measured)


def _print(screen: Console, measured: Measurements) -> None:
    from nashforge.cli.rendering.measuring import heading, print_notes

    screen.print(heading(measured))
    name = measured.metric.name
    width = max(len(name), 14)
    others = [(metric.name, max(len(metric.name), 10)) for metric in measured.shown]
    more = "".join(f"  {other:>{wide}}" for other, wide in others)
    head = f"  [bold]{name:>{width}}{more}{'   fitness' if measured.judged else ''}   seconds  game[/]"
    for label in measured.labels:
        screen.print(f"\n[bold green]{output.plain(label)}[/]")
        screen.print(head)
        rows = measured.of(label)
        for row in rows:
            shown = output.number(row.value)
            value = f"{shown:>{width}}" if row.value is not None else f"[red]{row.status:>{width}}[/]"
            final = {score.metric: score.value for score in row.scores}
            for other, wide in others:
                value += f"  {output.number(final.get(other)):>{wide}}"
            gain = f"{output.fitness(row.fitness):>10}" if measured.judged else ""
            seconds = "-" if row.seconds is None else f"{row.seconds:.2f}"
            # The game is last in the line and never broken, so that it can be copied.
            screen.print(f"  {value}{gain}{seconds:>10}  {output.plain(row.game)}", soft_wrap=True)
        if measured.judged and len(rows) > 1:
            total = output.fitness(measured.total(label))
            screen.print(f"  {'fitness':>{width}}{' ' * len(more)}[bold]{total:>10}[/]")
    screen.print()
    print_notes(measured, screen)
    for metric in measured.shown:
        screen.print(f"[dim]{metric.name}: {output.plain(metric.label)}; {metric.better} is better[/]")
    if measured.fitness.strategic is not None:
        how = measured.fitness.strategic
        screen.print(
            f"[dim]strategic metrics: {how.divergence}, tau {how.tau:g}, epsilon {how.epsilon:g}, KL radius "
            f"{how.radius:g} nats[/]"
        )
    if measured.judged:
        screen.print(f"[dim]{output.plain(output.meaning_of_fitness(measured.fitness, measured.metric))}[/]")
