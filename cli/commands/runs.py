"""``nashforge runs``: what was searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from nashforge.cli.options.archives import opened
from nashforge.cli.options.files import TABLES, check_file, deliver, write_table
from nashforge.cli.options.shared import Database, Force, Json, limit_option, output_option
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table
from nashforge.cli.rendering.records import run_status_as_dict

if TYPE_CHECKING:
    from nashforge.archive import Study
    from nashforge.evolve.results.run_status import RunStatus

LONGEST_REASON = 60
"""Characters of why a run ended, such as the message of an error."""


def runs(
    limit: Annotated[int, limit_option("At most so many, the newest first.")] = 20,
    output_file: Annotated[
        Path | None, output_option("Write the table to this file (.csv or .json).")
    ] = None,
    force: Force = False,
    database: Database = None,
    json: Json = None,
) -> None:
    """List runs, the newest first; those of a study together, below its name."""
    from nashforge.evolve.results.run_status import run_status

    check_file("--output", output_file, force, TABLES)
    with opened(database) as archive:
        newest = archive.runs.newest(limit=limit)
        found = [run_status(archive, run) for run in newest]
        studies = archive.studies.of_runs(newest)
        location = archive.database.location
    rows = [
        {**run_status_as_dict(item), "study": study.nickname if (study := studies.get(item.run.id)) else None}
        for item in found
    ]
    deliver(
        rows,
        lambda: _print(found, studies, location),
        (output_file, lambda path: write_table(path, rows)),
        json=json,
    )


def _print(found: Sequence[RunStatus], studies: Mapping[int, Study], location: str) -> None:

    screen = output.console()
    if not found:
        screen.print(f"No runs in {output.plain(location)} yet; start one with [bold]nashforge run cfr[/].")
        return
    shown = ("run", "state", "evals", "best", "train", "valid.", "test", "created", "why")
    table = output.table(*shown, right=("evals", "train", "valid.", "test"))
    said: set[int] = set()
    # The runs of a study stand where the newest of them does, in the order of its seeds.
    places: dict[int, int] = {}
    for place, item in enumerate(found):
        if (study := studies.get(item.run.id)) is not None:
            places.setdefault(study.id, place)

    def order(pair: tuple[int, RunStatus]) -> tuple[int, int]:
        place, item = pair
        study = studies.get(item.run.id)
        return (place, 0) if study is None else (places[study.id], item.run.id)

    ordered = sorted(enumerate(found), key=order)
    for _, item in ordered:
        study = studies.get(item.run.id)
        if study is not None and study.id not in said:
            said.add(study.id)
            table.add_row(f"[bold cyan]{study.nickname}[/]", "study", *[""] * (len(shown) - 2))
        best = item.result.best
        fitness = (best.train, best.validation, best.test) if best is not None else (None, None, None)
        table.add_row(
            f"[cyan]{item.run.nickname if study is None else f'  {_short(item, study)}'}[/]",
            item.state if item.run.imported is None else f"{item.state}, [yellow]imported[/]",
            f"{item.result.evaluations}/{item.limit}",
            "-" if best is None or best.nickname is None else f"[green]{best.nickname}[/]",
            *(output.fitness(value) for value in fitness),
            output.ago(item.run.created),
            f"[dim]{output.plain(output.shorten(item.why, LONGEST_REASON))}[/]",
        )
    # A narrow terminal shows less instead of breaking names.
    print_table(screen, table, in_parts=False)


def _short(item: RunStatus, study: Study) -> str:
    """Return the name of a run below that of its study: its last part, where it begins as that does."""
    begins = f"{study.nickname}-"
    name = item.run.nickname
    return f"-{name.removeprefix(begins)}" if name.startswith(begins) else name
