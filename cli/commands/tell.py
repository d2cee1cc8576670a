"""``nashforge tell``: an agent's program, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nashforge.cli.errors import FAILED, UsageProblem
from nashforge.cli.options.agents import As, Server, Token, TokenFile, core, read_program
from nashforge.cli.options.declared import argument, flag, option
from nashforge.cli.options.numbers import whole_number
from nashforge.cli.options.shared import Database, Json
from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from nashforge.evolve.agents.telling import Bill


def tell(
    token: Token,
    file: Annotated[
        str | None,
        argument("FILE", "The program, or SEARCH/REPLACE blocks; - reads them from standard input."),
    ] = None,
    edits: Annotated[bool, flag("Require SEARCH/REPLACE blocks.", "--edits")] = False,
    note: Annotated[str | None, option("TEXT", "What was changed, and why.")] = None,
    model: Annotated[str | None, option("NAME", "The model that wrote it.")] = None,
    tokens: Annotated[str | None, option("IN/OUT", "Tokens that it read and wrote.")] = None,
    usd: Annotated[float, option("DOLLARS", "What it cost.", min=0)] = 0.0,
    wait: Annotated[
        float, option("S", "Seconds to wait for the outcome.", min=0, max=3600, show_default=True)
    ] = 300.0,
    name: As = None,
    server: Server = None,
    token_file: TokenFile = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Hand over the program of a request, and say what became of it: fitness by game, rank, or why it failed.

    To tell again by the same token does no harm and answers the outcome; so does the token without a file.
    The exit code is 0 if the program was measured or is being evaluated, else 1: also if another program was
    told by the token before, so that this one was not taken.
    """
    from nashforge.evolve.agents.answers.verbs import OPEN
    from nashforge.evolve.agents.texts import told_text

    bill = _bill(model, tokens, usd)
    text = None if file is None else read_program(file)
    with core(database, server, token_file, name) as verbs:
        answer = verbs.tell(token, text, edits=edits, note=note, bill=bill, wait=wait)
    if output.wants_json(json):
        output.print_json(answer.model_dump(mode="json"))
    else:
        output.say_prose(told_text(answer) + "\n")
    if answer.status not in ("ok", *OPEN[:2]) or answer.taken is False:
        raise typer.Exit(FAILED)


def _bill(model: str | None, tokens: str | None, usd: float) -> Bill:
    from nashforge.evolve.agents.telling import Bill

    read, slash, written = (tokens or "0/0").partition("/")
    counts = [whole_number(word) for word in (read, written)]
    if not slash or None in counts:
        raise UsageProblem(f"--tokens {tokens}: give what was read and written, such as 12000/900")
    return Bill(model, counts[0] or 0, counts[1] or 0, usd)
