"""``nashforge ask``: what an agent is to write."""

from __future__ import annotations

from typing import Annotated

import typer

from nashforge.cli.errors import FAILED, UsageProblem
from nashforge.cli.options.agents import As, Server, TokenFile, core
from nashforge.cli.options.declared import flag, option
from nashforge.cli.options.shared import Database, Json, LatestRun
from nashforge.cli.rendering import output


def ask(
    run: LatestRun = "latest",
    count: Annotated[int, option("N", "Requests to claim at most.", min=1, max=16, show_default=True)] = 1,
    format: Annotated[
        str | None, option("FORMAT", "prompt (Markdown, as models are told it) or json. [default: prompt]")
    ] = None,
    interface: Annotated[
        str | None, option("HASH", "The interface that you know already, which is then left out.")
    ] = None,
    wait: Annotated[
        float, option("S", "Seconds to wait for a request.", min=0, max=3600, show_default=True)
    ] = 0.0,
    full: Annotated[
        bool,
        flag("Tell all again; else what you were told before in this run is named and left out.", "--full"),
    ] = False,
    look: Annotated[
        bool, flag("Claim nothing: say what is open, what you hold and where the run stands.", "--look")
    ] = False,
    name: As = None,
    server: Server = None,
    token_file: TokenFile = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Claim what a run wants to have written, for an agent: a token, the parent, how to answer.

    For runs with --proposer agent. What is claimed is held for you until its lease ends (--agent-lease of the
    run), with or without --wait, and nobody else can write it meanwhile: tell a program by its token, or give
    it up. --look claims nothing. The exit code is 1 if the run was interrupted or stopped, or its process has
    died: nothing comes until it is resumed. It is 0 with a task, while one will come, and when the run has
    finished.
    """
    from nashforge.evolve.agents.texts import asked_text

    if format not in (None, "prompt", "json"):
        raise UsageProblem(f"there is no format {format!r}; choose prompt or json")
    as_json = format == "json" or (format is None and output.wants_json(json))
    with core(database, server, token_file, name) as verbs:
        answer = verbs.ask(run, count=count, interface=interface, wait=wait, full=full, look=look)
    if as_json:
        output.print_json(answer.model_dump(mode="json"))
    else:
        # Tasks hold code, and are handed on as they are.
        (output.say_text if answer.tasks else output.say_prose)(asked_text(answer))
    if answer.state == "interrupted":
        raise typer.Exit(FAILED)
