"""``nashforge context``: what is known of a run, for an agent that begins."""

from __future__ import annotations

from typing import Annotated

from nashforge.cli.options.agents import As, Server, TokenFile, core
from nashforge.cli.options.declared import flag, option
from nashforge.cli.options.shared import Database, Json, LatestRun
from nashforge.cli.rendering import output


def context(
    run: LatestRun = "latest",
    top: Annotated[int, option("N", "Programs to show.", min=1, max=50, show_default=True)] = 5,
    task: Annotated[
        int | None, option("INDEX", "Only the whole task of a candidate, as an agent was told it.", min=0)
    ] = None,
    interface: Annotated[bool, flag("Only the interface of programs.", "--interface")] = False,
    name: As = None,
    server: Server = None,
    token_file: TokenFile = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Print what is known of a run as Markdown: the best programs, how they came to be, failures, notes.

    With --task or --interface, what short tasks name and leave out.
    """
    with core(database, server, token_file, name) as verbs:
        text = verbs.context(run, top, task=task, interface=interface)
    if output.wants_json(json):
        output.print_json({"run": run, "markdown": text})
    else:
        output.say_text(text)
