"""``nashforge suites``: named lists of games."""

from __future__ import annotations

from typing import Annotated

from nashforge.cli.options.completion import complete_suites
from nashforge.cli.options.declared import argument
from nashforge.cli.options.shared import Json
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table


def suites(
    suite: Annotated[
        str | None,
        argument("SUITE", "Show the games of this one: a name or a TOML file.", complete=complete_suites),
    ] = None,
    json: Json = None,
) -> None:
    """List the suites of all domains, or the games of one."""
    from nashforge.evolve.measurement.suites import all_suites, find_suite

    found = all_suites() if suite is None else (find_suite(suite),)
    if output.wants_json(json):
        rows = [
            {"name": item.name, "kind": item.kind, "purpose": item.purpose, "games": list(item.games)}
            for item in found
        ]
        output.print_json(rows if suite is None else rows[0])
        return
    screen = output.console()
    if suite is not None:
        screen.print(f"[bold cyan]{output.plain(found[0].name)}[/]  {output.plain(found[0].purpose)}\n")
        for game in found[0].games:
            screen.print(f"  {output.plain(game)}", soft_wrap=True)
        return
    table = output.table("suite", "kind", "games", "purpose", right=("games",))
    for item in found:
        count = str(len(item.games))
        table.add_row(f"[cyan]{item.name}[/]", item.kind, count, output.plain(item.purpose))
    print_table(screen, table)
    screen.print("[dim]Your own: a TOML file with name, purpose and games; give its path.[/]")
