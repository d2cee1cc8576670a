"""``nashforge notes``: the lab book of a run."""

from __future__ import annotations

from typing import Annotated

from nashforge.cli.options.agents import As, Server, TokenFile, core
from nashforge.cli.options.declared import option
from nashforge.cli.options.shared import Database, Json, LatestRun
from nashforge.cli.rendering import output


def notes(
    run: LatestRun = "latest",
    add: Annotated[
        str | None, option("TEXT", "A hypothesis, and the evidence for or against it, to be added.")
    ] = None,
    name: As = None,
    server: Server = None,
    token_file: TokenFile = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Read or write the lab book of a run, which is shown to all agents that ask for work."""
    with core(database, server, token_file, name) as verbs:
        book = verbs.notes(run, add)
    if output.wants_json(json):
        output.print_json(book.model_dump(mode="json"))
        return
    lines = [f"{note.created}  {note.author or 'unknown'}\n{note.text}\n" for note in book.notes]
    output.say_text("\n".join(lines) if lines else f"nothing is noted of {book.run} yet\n")
