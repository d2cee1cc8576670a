"""``nashforge compare``: programs and rules side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.archives import opened
from nashforge.cli.options.completion import complete_metrics
from nashforge.cli.options.declared import option
from nashforge.cli.options.files import FIGURES, TABLES, check_file, deliver, is_figure, write_table
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
    Suite,
    Tier,
    Workers,
    output_option,
)
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table
from nashforge.cli.rendering.records import compared_as_list, curves_as_rows

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.evolve.measurement.request import Measurements

LEAST_GAME = 24
"""Characters of a line of a game."""


def compare(
    programs: ProgramNames,
    suite: Suite = None,
    game: Games = None,
    iterations: Iterations = None,
    output_file: Annotated[
        Path | None,
        output_option("Draw the curves (.png, .svg, .pdf), or write them as a table (.csv, .json)."),
    ] = None,
    over: Annotated[
        str, typer.Option(metavar="AXIS", help="What the picture is drawn over: iterations or time.")
    ] = "iterations",
    reference: Reference = None,
    objective: Objective = None,
    metric: Annotated[
        str | None,
        option(
            "NAME",
            "Compare by this metric in place of the domain's, such as last_iterate; without fitness.",
            complete=complete_metrics,
        ),
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure everything now; do not use stored measurements.")
    ] = False,
    workers: Workers = None,
    domain: FileDomain = None,
    force: Force = False,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Compare programs and rules, or studies, in a table and a plot.

    What the archive holds for the same game and iterations is used; the rest is measured and stored.
    Studies are compared by the bests of their searches: medians over seeds, with intervals.
    """
    from nashforge.cli.rendering.figures.curves import AXES, draw_curves
    from nashforge.cli.rendering.measuring import leave, measure
    from nashforge.evolve.measurement.request import Request

    check_file("--output", output_file, force, (*FIGURES, *TABLES))
    if over not in AXES:
        raise UsageProblem(f"--over {over!r} must be one of {', '.join(AXES)}")
    if _studies(programs, output_file, database, as_json=output.wants_json(json)):
        return
    request = Request(
        programs=programs,
        domain=domain,
        suite=suite,
        games=game,
        iterations=iterations,
        reference=reference,
        objective=objective,
        metric=metric,
    )
    measured = measure(
        request, workers=workers, tier=allow_weaker_sandbox, database=database, reuse=not fresh
    )

    def write(path: Path) -> None:
        if is_figure(path):
            draw_curves(measured.rows, measured.metric, path, over)
        else:
            write_table(path, curves_as_rows(measured), compared_as_list(measured))

    deliver(
        compared_as_list(measured),
        lambda: _print(output.console(), measured),
        (output_file, write),
        json=json,
    )
    leave(measured)


def _studies(names: list[str], file: Path | None, database: str | None, *, as_json: bool) -> bool:
    """Compare studies, if it is studies that are named; return whether it was."""
    from nashforge.archive import ArchiveNotFound

    try:
        with opened(database) as archive:
            found = [archive.studies.named(name) for name in names]
            known = [study for study in found if study is not None]
            if not known:
                return False
            if len(known) < len(found):
                other = names[found.index(None)]
                raise UsageProblem(
                    f"{known[0].nickname} is a study and {other} is none; compare studies with studies, and "
                    f"programs with programs (`nashforge best {known[0].nickname}` names one)"
                )
            from nashforge.evolve.results.studies import study_status

            told = [study_status(archive, study) for study in known]
    except ArchiveNotFound:
        return False
    from nashforge.cli.rendering.figures.studies import draw_studies
    from nashforge.cli.rendering.runs.studies import compared_as_dict, print_compared

    rows = compared_as_dict(told)

    def write(path: Path) -> None:
        if is_figure(path):
            draw_studies(told, path)
        else:
            points = [{"study": row["study"], **point} for row in rows for point in row["points"]]
            write_table(path, points, rows)

    deliver(rows, lambda: print_compared(output.console(), told), (file, write), json=as_json)
    return True


def _print(screen: Console, measured: Measurements) -> None:
    from nashforge.cli.rendering.measuring import heading, print_notes

    labels = measured.labels
    cell = {(row.label, row.game): row for row in measured.rows}
    screen.print(f"{heading(measured)}, the best in [bold green]green[/]")
    # Games are rows, and last: their names are long, and there are usually more games than programs. Where
    # these have no room beside each other, games come first, so that each part of the table has them.
    heads, taken = [output.plain(label) for label in labels], sum(max(len(label), 9) + 3 for label in labels)
    last = taken + LEAST_GAME <= screen.width
    table = output.table(*([*heads, "game"] if last else ["game", *heads]), right=heads)
    room = max(screen.width - taken - 2, LEAST_GAME) if last else LEAST_GAME
    for game in measured.games:
        rows = [cell.get((label, game)) for label in labels]
        best = measured.metric.best(row.value for row in rows if row is not None and row.value is not None)
        cells = [
            "-"
            if row is None
            else f"[red]{row.status}[/]"
            if row.value is None
            else _emphasised(output.number(row.value), row.value == best)
            for row in rows
        ]
        name = output.prose(output.wrapped(game, room), "")
        table.add_row(*([*cells, name] if last else [name, *cells]))
    if measured.judged:
        totals = [measured.total(label) for label in labels]
        top = max((total for total in totals if total is not None), default=None)
        table.add_section()
        cells = [_emphasised(output.fitness(total), total is not None and total == top) for total in totals]
        table.add_row(*([*cells, "[bold]fitness[/]"] if last else ["[bold]fitness[/]", *cells]))
    print_table(screen, table)
    print_notes(measured, screen)
    if measured.judged:
        screen.print(f"[dim]{output.plain(output.meaning_of_fitness(measured.fitness, measured.metric))}[/]")


def _emphasised(text: str, best: bool) -> str:
    return f"[bold green]{text}[/]" if best else text
