"""``nashforge import``: merge an exported file into the archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.declared import argument
from nashforge.cli.options.shared import Database, Json
from nashforge.cli.rendering import output
from nashforge.cli.rendering.records import transfer_as_dict


def import_(
    file: Annotated[Path, argument("FILE", "What `nashforge export` wrote.")],
    database: Database = None,
    json: Json = None,
) -> None:
    """Merge an exported file into the archive.

    What is there already stays as it is. What is new is marked as imported, and is never taken for a
    measurement that was made here.
    """
    from nashforge.archive import Archive
    from nashforge.evolve.config.importing import import_file

    if not file.is_file():
        what = "is no file" if file.exists() else "does not exist"
        raise UsageProblem(f"{file} {what}; check the path")
    if file.suffix == ".py":
        raise UsageProblem(
            f"{file} is a program, which is not imported: give its path where a program is named, as in "
            f"`nashforge evaluate {file}`"
        )
    with Archive.open(database) as archive:
        report = import_file(archive, file)
        location = archive.database.location
    if output.wants_json(json):
        output.print_json(transfer_as_dict(file, report))
        return
    screen = output.console()
    for title, counts in (("added", report.added), ("known already", report.known)):
        screen.print(f"{title}: {output.listed(counts)}")
    for old, new in report.renamed.items():
        screen.print(
            f"[yellow]{output.plain(old)} is called {output.plain(new)} here, because the name was taken[/]"
        )
    if report.missing_parents:
        screen.print(f"[yellow]{report.missing_parents} links to parents in other runs are left out[/]")
    if report.left_out:
        screen.print(
            "[yellow]left out, because it would change runs that were made here: "
            f"{output.listed(report.left_out)}[/]"
        )
    screen.print(f"[dim]into {output.plain(location)}[/]")
