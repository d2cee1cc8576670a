"""``nashforge compare``: programs and rules side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import (
    Database,
    FileDomain,
    Games,
    Iterations,
    Json,
    Objective,
    ProgramNames,
    Reference,
    Suite,
    Tier,
    Workers,
    output_option,
)

if TYPE_CHECKING:
    from rich.console import Console

    from cli.measuring import Measurements


def compare(
    programs: ProgramNames,
    suite: Suite = None,
    game: Games = None,
    iterations: Iterations = None,
    output_file: Annotated[
        Path | None,
        output_option("Draw the convergence into this file (.png, .svg or .pdf)."),
    ] = None,
    over: Annotated[
        str, typer.Option(metavar="AXIS", help="What the picture is drawn over: iterations or time.")
    ] = "iterations",
    reference: Reference = None,
    objective: Objective = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure everything now; do not use stored measurements.")
    ] = False,
    workers: Workers = None,
    domain: FileDomain = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Compare programs and rules, in a table and a plot.

    What the archive holds for the same game and iterations is used; the rest is measured and stored.
    """
    from cli import output
    from cli.errors import FAILED, UsageProblem
    from cli.measuring import measure
    from cli.plot import AXES, check_format, draw_curves
    from cli.records import curve_as_list, measured_as_dict

    if output_file is not None:
        check_format("--output", output_file)
    if over not in AXES:
        raise UsageProblem(f"--over {over!r} must be one of {', '.join(AXES)}")
    measured = measure(
        programs,
        suite=suite,
        games=game,
        iterations=iterations,
        reference=reference,
        objective=objective,
        domain_name=domain,
        workers=workers,
        tier=allow_weaker_sandbox,
        database=database,
        reuse=not fresh,
    )
    if output_file is not None:
        draw_curves(measured.rows, measured.metric, output_file, over)
    if output.wants_json(json):
        output.print_json(
            [{**measured_as_dict(row, measured), "curve": curve_as_list(row)} for row in measured.rows]
        )
    else:
        _print(output.console(), measured)
        if output_file is not None:
            output.console().print(f"plot written to {output.plain(str(output_file))}", soft_wrap=True)
    if measured.failures:
        raise typer.Exit(FAILED)


def _print(screen: Console, measured: Measurements) -> None:
    from cli import output

    labels = measured.labels
    cell = {(row.label, row.game): row for row in measured.rows}
    screen.print(f"{measured.heading}, the best in [bold green]green[/]")
    # Games are rows, and last: their names are long, and there are usually more games than programs.
    table = output.table(*(output.plain(label) for label in labels), right=[output.plain(x) for x in labels])
    table.add_column("game")
    room = max(screen.width - sum(max(len(label), 9) + 3 for label in labels) - 2, 24)
    for game in measured.games:
        rows = [cell[label, game] for label in labels]
        best = measured.metric.best(row.value for row in rows if row.value is not None)
        cells = [
            f"[red]{row.status}[/]"
            if row.value is None
            else _emphasised(output.number(row.value), row.value == best)
            for row in rows
        ]
        table.add_row(*cells, output.plain(output.wrapped(game, room)))
    if measured.judged:
        totals = [measured.total(label) for label in labels]
        top = max((total for total in totals if total is not None), default=None)
        table.add_section()
        cells = [_emphasised(output.fitness(total), total is not None and total == top) for total in totals]
        table.add_row(*cells, "[bold]fitness[/]")
    screen.print(table)
    measured.print_failures(screen)
    if measured.judged:
        screen.print(f"[dim]{output.plain(measured.meaning)}[/]")


def _emphasised(text: str, best: bool) -> str:
    return f"[bold green]{text}[/]" if best else text
