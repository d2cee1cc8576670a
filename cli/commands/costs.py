"""``nashforge costs``: what the models of a run cost, and what they earned."""

from __future__ import annotations

from nashforge.cli.options.archives import find_run, opened
from nashforge.cli.options.shared import Database, Json, LatestRun
from nashforge.cli.rendering import money, output
from nashforge.cli.rendering.columns import print_table
from nashforge.cli.rendering.records import outage_as_dict
from nashforge.cli.rendering.runs.summary import outage_lines


def costs(run: LatestRun = "latest", database: Database = None, json: Json = None) -> None:
    """Show what a run's models cost and earned."""
    from nashforge.evolve.config.run import stored_settings
    from nashforge.evolve.results.model_costs import model_costs
    from nashforge.evolve.results.run_status import run_status

    with opened(database) as archive:
        found = find_run(archive, run)
        rows = model_costs(archive, found)
        total = archive.calls.spending(found)[""]
        settings = stored_settings(archive, found)
        # Refinements have settings of their own, so these are not checked as those of a search.
        proposers = settings.get("proposer")
        offline = proposers in ("offline", ["offline"], None)
        budget = None if offline else settings.get("budget_usd") or None
        calls = archive.calls.counts(found)
        outages = run_status(archive, found).outages
    if output.wants_json(json):
        output.print_json(
            {
                "run": found.nickname,
                "cost": total.cost,
                "reserved": total.reserved,
                "budget": budget,
                "calls": calls,
                "outages": [outage_as_dict(one) for one in outages],
                "models": [row.as_dict() for row in rows],
            }
        )
        return
    screen = output.console()
    cap = f" of {money.dollars(budget)}" if budget is not None else ""
    screen.print(f"[bold cyan]{found.nickname}[/]  {money.dollars(total.cost)}{cap}")
    if total.reserved:
        screen.print(f"{money.dollars(total.reserved)} set aside for calls under way")
    for line in outage_lines(outages):
        screen.print(f"[yellow]{output.plain(line)}[/]")
    if not rows:
        screen.print("[dim]No language model was asked.[/]")
        return
    print_table(screen, money.earnings_table(rows))
    screen.print(f"[dim]{money.MEANING}[/]")
    kinds = " · ".join(f"{count} {kind}" for kind, count in calls.items())
    screen.print(f"[dim]calls: {kinds}[/]")
    if calls.get("lost") or calls.get("timeout"):
        screen.print("[dim]Calls whose answer got lost count at the most that they can have cost.[/]")
