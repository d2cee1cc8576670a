"""``nashforge import``: merge an exported file into the archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import Database, Json


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `nashforge export` wrote.", show_default=False)
    ],
    database: Database = None,
    json: Json = None,
) -> None:
    """Merge an exported file into the archive.

    What is there already stays as it is.
    """
    from archive import Archive, import_archive
    from cli import output
    from cli.errors import UsageProblem

    if not file.is_file():
        what = "is no file" if file.exists() else "does not exist"
        raise UsageProblem(f"{file} {what}; check the path")
    with Archive.open(database) as archive:
        report = import_archive(archive, file)
        location = archive.location
    if output.wants_json(json):
        output.print_json(
            {
                "file": str(file),
                "added": report.added,
                "known": report.known,
                "renamed": report.renamed,
                "missing_parents": report.missing_parents,
            }
        )
        return
    screen = output.console()
    for title, counts in (("added", report.added), ("known already", report.known)):
        parts = [
            f"{count} {kind.replace('_', ' ')}{'s' if count != 1 else ''}" for kind, count in counts.items()
        ]
        screen.print(f"{title}: {', '.join(parts) or 'nothing'}")
    for old, new in report.renamed.items():
        screen.print(
            f"[yellow]{output.plain(old)} is called {output.plain(new)} here, because the name was taken[/]"
        )
    if report.missing_parents:
        screen.print(f"[yellow]{report.missing_parents} links to parents in other runs are left out[/]")
    screen.print(f"[dim]into {output.plain(location)}[/]", soft_wrap=True)
