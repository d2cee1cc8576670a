"""``nashforge db``: the archive's database."""

from __future__ import annotations

from typing import Annotated

import typer

from nashforge.cli.options.declared import argument
from nashforge.cli.options.shared import Database, Json
from nashforge.cli.rendering import output

db = typer.Typer(help="Look after the archive's database.", no_args_is_help=True)


@db.command()
def upgrade(database: Database = None, json: Json = None) -> None:
    """Bring the database to this version's schema.

    It is created if there is none. Back an old one up first.
    """
    from nashforge.archive import resolve_url
    from nashforge.archive import upgrade as upgrade_schema
    from nashforge.archive.storage.location import display

    before, after = upgrade_schema(database)
    location = display(resolve_url(database))
    if output.wants_json(json):
        output.print_json({"database": location, "before": before, "after": after})
        return
    if before is None:
        text = f"{location} was created with schema {after}"
    elif before == after:
        text = f"{location} has schema {after} already"
    else:
        text = f"{location} was upgraded from schema {before} to {after}"
    output.console().print(output.plain(text), soft_wrap=True)


@db.command()
def copy(
    source: Annotated[str, argument("SRC", "The archive to copy.")],
    target: Annotated[str, argument("DST", "An empty place.")],
    json: Json = None,
) -> None:
    """Copy a whole archive to another database, from SQLite to PostgreSQL or back.

    Nothing is lost or renumbered. Places are files, sqlite:///PATH or postgresql://USER@HOST/NAME.
    """
    from nashforge.archive import resolve_url
    from nashforge.archive.storage.location import display
    from nashforge.archive.transfer.copying import copy_archive

    rows = copy_archive(source, target)
    places = {name: display(resolve_url(place)) for name, place in (("from", source), ("to", target))}
    if output.wants_json(json):
        output.print_json({**places, "rows": rows})
        return
    screen = output.console()
    screen.print(f"{output.plain(places['from'])} was copied to {output.plain(places['to'])}", soft_wrap=True)
    screen.print(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in rows.items() if count))


@db.command()
def info(database: Database = None, json: Json = None) -> None:
    """Show where the database is, its schema and what it holds."""
    from nashforge.archive.storage.summary import database_summary

    found = database_summary(database)
    if output.wants_json(json):
        output.print_json(
            {
                "database": found.location,
                "exists": found.schema is not None,
                "schema": found.schema,
                "expected_schema": found.expected_schema,
                "size_bytes": found.size,
                "runs": found.runs,
                "programs": found.programs,
                "candidates": found.candidates,
                "evaluations": found.evaluations,
            }
        )
        return
    screen = output.console()
    screen.print(f"[bold]{output.plain(found.location)}[/]", soft_wrap=True)
    if found.schema is None:
        screen.print("does not exist yet; it is made by the first run")
        return
    old = (
        ""
        if found.schema == found.expected_schema
        else f" [yellow](this version uses {found.expected_schema})[/]"
    )
    size = "" if found.size is None else f", {output.memory(found.size)}"
    screen.print(f"schema {found.schema}{old}{size}")
    if found.runs is not None:
        screen.print(
            f"{found.runs} runs, {found.programs} programs, {found.candidates} candidates, "
            f"{found.evaluations} evaluations"
        )
