"""``nashforge diff``: what one program does differently from another."""

from __future__ import annotations

from typing import Annotated

from nashforge.cli.options.archives import programs
from nashforge.cli.options.completion import complete_programs
from nashforge.cli.options.declared import argument, option
from nashforge.cli.options.shared import Database, FileDomain, Json
from nashforge.cli.rendering import output

_A = Annotated[str, argument("A", "A program.", complete=complete_programs)]
_B = Annotated[str, argument("B", "Another program.", complete=complete_programs)]


def diff(
    a: _A,
    b: _B,
    context: Annotated[int, option("N", "Lines of context.", min=0, show_default=True)] = 3,
    domain: FileDomain = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Show the differences between the code of two programs."""
    import difflib

    with programs([a, b], database, domain=domain) as ([old, new], _):
        lines = difflib.unified_diff(
            old.source.splitlines(), new.source.splitlines(), old.label, new.label, n=context, lineterm=""
        )
        text = "\n".join(lines)
    if output.wants_json(json):
        output.print_json({"a": old.label, "b": new.label, "same": not text, "diff": text})
        return
    screen = output.console()
    if not text:
        screen.print(
            f"[green]{output.plain(old.label)}[/] and [green]{output.plain(new.label)}[/] have the same code."
        )
        return
    output.print_code(screen, text, "diff")
