"""``nashforge give-up``: an agent gives a request back."""

from __future__ import annotations

import typer

from nashforge.cli.errors import FAILED
from nashforge.cli.options.agents import As, Server, Token, TokenFile, core
from nashforge.cli.options.shared import Database, Json
from nashforge.cli.rendering import output


def give_up(
    token: Token,
    name: As = None,
    server: Server = None,
    token_file: TokenFile = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Give a request back that an agent cannot answer: others may claim it at once.

    The exit code is 1 if the token was not held any more, so that there was nothing to give back.
    """
    with core(database, server, token_file, name) as verbs:
        answer = verbs.give_up(token)
    if output.wants_json(json):
        output.print_json(answer.model_dump(mode="json"))
    else:
        output.say_prose(f"{answer.message}\n")
    if not answer.freed:
        raise typer.Exit(FAILED)
