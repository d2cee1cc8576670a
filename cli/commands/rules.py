"""``nashforge rules``: the library's programs."""

from __future__ import annotations

from nashforge.cli.options.shared import DomainName, Json
from nashforge.cli.rendering import output


def rules(domain: DomainName = "cfr", json: Json = None) -> None:
    """List the library's rules and where they come from."""
    from nashforge.evolve.domains import domain as find_domain
    from nashforge.evolve.domains.program_docs import described

    work = find_domain(domain)
    found = [described(name, work.source(name)) for name in work.baselines()]
    if output.wants_json(json):
        output.print_json(
            [
                {"name": rule.name, "title": rule.title, "formula": rule.formula, "citation": rule.citation}
                for rule in found
            ]
        )
        return
    screen = output.console()
    table = output.table("rule", "title", "source")
    for rule in found:
        table.add_row(
            f"[green]{rule.name}[/]", output.plain(rule.title), f"[dim]{output.plain(rule.citation)}[/]"
        )
    screen.print(table)
    screen.print("[dim]See one with[/] nashforge show RULE")
