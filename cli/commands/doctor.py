"""``nashforge doctor``: what works on this machine."""

from __future__ import annotations

from dataclasses import asdict

import typer

from nashforge.cli.errors import FAILED
from nashforge.cli.options.shared import Database, Json
from nashforge.cli.rendering import output


def doctor(database: Database = None, json: Json = None) -> None:
    """Check what works on this machine. Ends with 1 only if the main job cannot run."""
    from nashforge.evolve.runs.doctor import Check, core_works, examine

    as_json = output.wants_json(json)
    screen = output.console()
    marks = {
        "ok": "[green]ok[/]     ",
        "info": "[dim]-[/]      ",
        "warning": "[yellow]warning[/]",
        "failed": "[bold red]failed[/] ",
    }
    checks: list[Check] = []
    for check in examine(database):
        checks.append(check)
        if not as_json:
            from rich.table import Table

            grid = Table.grid(padding=(0, 2))
            grid.add_column(min_width=7)
            grid.add_column(min_width=13)
            grid.add_column(overflow="fold")
            remedy = f"\n[bold]{output.plain(check.remedy)}[/]" if check.remedy else ""
            grid.add_row(marks[check.verdict], check.name, output.plain(check.detail) + remedy)
            screen.print(grid)
    works = core_works(checks)
    if as_json:
        output.print_json(
            {
                "works": works,
                "checks": [asdict(check) for check in checks],
            }
        )
    else:
        text = "[green]Ready:[/] nashforge run cfr" if works else "[red]The main job cannot run here.[/]"
        screen.print(f"\n{text}")
    if not works:
        raise typer.Exit(FAILED)
