"""``nashforge compare``: programs and rules side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Database, Games, Iterations, Json, ProgramNames, Suite, Tier, Workers

if TYPE_CHECKING:
    from rich.console import Console

    from evolve.evaluate import Measured


def compare(
    programs: ProgramNames,
    suite: Suite = None,
    game: Games = None,
    iterations: Iterations = None,
    output_file: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Draw the convergence into this file (.png, .svg or .pdf).",
            show_default=False,
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="RULE",
            help="Library program that fitness is relative to, or 'none'. [default: the domain's; dcfr]",
            show_default=False,
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure everything now; do not use stored measurements.")
    ] = False,
    workers: Workers = None,
    domain: Annotated[
        str | None, typer.Option(help="What files are programs of.", show_default=False)
    ] = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Compare programs and rules, in a table and a plot.

    What the archive holds for the same game and iterations is used; the rest is measured and stored.
    """
    from contextlib import closing

    from archive import Archive
    from cli import output
    from cli.errors import FAILED, UsageProblem
    from cli.measuring import check_tier, find, plan, progress
    from cli.plot import FORMATS, draw
    from cli.records import measured_as_dict
    from evolve.evaluate import Evaluator
    from evolve.executors.local import LocalExecutor

    if output_file is not None and output_file.suffix.lower() not in FORMATS:
        raise UsageProblem(
            f"--output {output_file} must end in one of {', '.join(FORMATS)}; rename the picture"
        )
    tier = check_tier(allow_weaker_sandbox)
    with Archive.open(database) as archive:
        work, found = find(programs, archive, domain)
        stage, name, compared = plan(work, suite, game, iterations, reference)
        with closing(LocalExecutor(workers)) as executor, progress() as tell:
            evaluator = Evaluator(archive, work, stage, executor, tier=tier)
            rows = evaluator.measure(found, reference=compared, reuse=not fresh, on_measured=tell)
    if output_file is not None:
        draw(rows, output_file)
    if output.wants_json(json):
        values = []
        for row in rows:
            value = measured_as_dict(row, name, compared)
            value["curve"] = [{"iteration": t, "value": v} for t, v in row.curve]
            values.append(value)
        output.print_json(values)
    else:
        _print(output.console(), rows, name, compared)
        if output_file is not None:
            output.console().print(f"plot written to {output.plain(str(output_file))}", soft_wrap=True)
    if any(row.value is None for row in rows):
        raise typer.Exit(FAILED)


def _print(screen: Console, rows: list[Measured], suite: str | None, reference: str | None) -> None:
    from cli import output
    from evolve.evaluate import mean_fitness

    labels = list(dict.fromkeys(row.label for row in rows))
    games = list(dict.fromkeys(row.game for row in rows))
    cell = {(row.label, row.game): row for row in rows}
    best = {
        game: min((row.value for row in rows if row.game == game and row.value is not None), default=None)
        for game in games
    }
    what = f", suite [cyan]{output.plain(suite)}[/]" if suite else ""
    screen.print(
        f"{rows[0].metric} after {rows[0].iterations} iterations{what}; the best in [bold green]green[/]"
    )
    # Games are rows, and last: their names are long, and there are usually more games than programs.
    table = output.table(*(output.plain(label) for label in labels), right=[output.plain(x) for x in labels])
    table.add_column("game")
    room = max(screen.width - sum(max(len(label), 9) + 3 for label in labels) - 2, 24)
    for game in games:
        cells = []
        for label in labels:
            row = cell[label, game]
            if row.value is None:
                cells.append(f"[red]{row.status}[/]")
            else:
                text = output.number(row.value)
                cells.append(f"[bold green]{text}[/]" if row.value == best[game] else text)
        table.add_row(*cells, output.plain(output.wrapped(game, room)))
    if reference:
        means = {label: mean_fitness(cell[label, game] for game in games) for label in labels}
        top = max((value for value in means.values() if value is not None), default=None)
        table.add_section()
        table.add_row(
            *(
                f"[bold green]{output.fitness(means[label])}[/]"
                if means[label] is not None and means[label] == top
                else output.fitness(means[label])
                for label in labels
            ),
            "[bold]fitness[/]",
        )
    screen.print(table)
    for row in rows:
        if row.value is None:
            where = f"{output.plain(row.label)} in {output.plain(row.game)}"
            screen.print(f"[red]{where}:[/] {output.plain(row.reason or '')}")
    if reference:
        screen.print(f"[dim]{output.meaning_of_fitness(reference)}[/]")
