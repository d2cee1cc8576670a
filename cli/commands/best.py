"""``nashforge best``: the best programs of a run."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import Database, Json, LatestRun


def best(
    run: LatestRun = "latest",
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many programs.")] = 10,
    database: Database = None,
    json: Json = None,
) -> None:
    """List the best programs of a run.

    Programs that were verified on disguised games come first, ordered by the mean of their fitness on the
    training games and on the disguised ones.
    """
    from cli import output
    from cli.archives import find_run, opened
    from cli.records import candidate_as_dict
    from evolve.ranking import ranked

    with opened(database) as archive:
        found = find_run(archive, run)
        candidates = ranked(archive, found, limit)
    if output.wants_json(json):
        rows = [{"rank": place, **candidate_as_dict(item)} for place, item in enumerate(candidates, 1)]
        output.print_json(rows)
        return
    screen = output.console()
    if not candidates:
        screen.print(f"No program of {found.nickname} has been measured yet; see `nashforge status`.")
        return
    table = output.table(
        "", "program", "train", "valid.", "test", "#", right=("", "train", "valid.", "test", "#")
    )
    table.add_column("edit", no_wrap=True, overflow="ellipsis", ratio=1)
    table.expand = True
    for place, item in enumerate(candidates, 1):
        table.add_row(
            str(place),
            f"[green]{item.nickname}[/]",
            output.fitness(item.train),
            output.fitness(item.validation),
            output.fitness(item.test),
            str(item.index),
            output.plain(" ".join(_edit(item.operator, item.note).split())),
        )
    screen.print(f"Best of [cyan]{found.nickname}[/]")
    screen.print(table)
    screen.print(f"[dim]{output.meaning_of_run(found.config)}[/]")


def _edit(operator: str, note: str | None) -> str:
    return f"seed ({note})" if operator == "seed" else note or operator
