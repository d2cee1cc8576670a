"""``nashforge runs``: what was searched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from nashforge.cli.options.archives import opened
from nashforge.cli.options.files import TABLES, check_file, deliver, write_table
from nashforge.cli.options.shared import Database, Force, Json, limit_option, output_option
from nashforge.cli.rendering import output
from nashforge.cli.rendering.records import run_status_as_dict

if TYPE_CHECKING:
    from nashforge.evolve.results.run_status import RunStatus

WIDE = 100


def runs(
    limit: Annotated[int, limit_option("At most so many, the newest first.")] = 20,
    output_file: Annotated[
        Path | None, output_option("Write the table to this file (.csv or .json).")
    ] = None,
    force: Force = False,
    database: Database = None,
    json: Json = None,
) -> None:
    """List runs, the newest first."""
    from nashforge.evolve.results.run_status import run_status

    check_file("--output", output_file, force, TABLES)
    with opened(database) as archive:
        found = [run_status(archive, run) for run in archive.runs.newest(limit=limit)]
        location = archive.database.location
    rows = [run_status_as_dict(item) for item in found]
    deliver(
        rows, lambda: _print(found, location), (output_file, lambda path: write_table(path, rows)), json=json
    )


def _print(found: Sequence[RunStatus], location: str) -> None:

    screen = output.console()
    if not found:
        screen.print(f"No runs in {output.plain(location)} yet; start one with [bold]nashforge run cfr[/].")
        return
    # A narrow terminal shows less instead of breaking names.
    shown = ["run", "state", "evals", "best", "train", "valid.", "test", "created"]
    if screen.width < WIDE:
        shown = shown[:6]
    table = output.table(*shown, right=("evals", "train", "valid.", "test"))
    for item in found:
        best = item.result.best
        fitness = (best.train, best.validation, best.test) if best is not None else (None, None, None)
        cells = [
            f"[cyan]{item.run.nickname}[/]",
            item.state if item.run.imported is None else f"{item.state}, [yellow]imported[/]",
            f"{item.result.evaluations}/{item.limit}",
            "-" if best is None or best.nickname is None else f"[green]{best.nickname}[/]",
            *(output.fitness(value) for value in fitness),
            output.ago(item.run.created),
        ]
        table.add_row(*cells[: len(shown)])
    screen.print(table)
