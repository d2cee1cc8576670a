"""``nashforge rules``: the library's programs."""

from __future__ import annotations

from nashforge.cli.options.shared import DomainName, Json
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table


def rules(domain: DomainName = "cfr", json: Json = None) -> None:
    """List the library's rules and where they come from."""
    from nashforge.evolve.domains import domain as find_domain
    from nashforge.evolve.domains.program_docs import described, properties_of, scale_free

    work = find_domain(domain)
    found = [
        (described(name, work.source(name)), scale_free(work, name), properties_of(work, name))
        for name in work.baselines()
    ]
    if output.wants_json(json):
        output.print_json(
            [
                {
                    **{name: getattr(rule, name) for name in ("name", "title", "formula", "citation")},
                    "scale_free": free,
                    "first_average": None if known is None else known.first_average,
                }
                for rule, free, known in found
            ]
        )
        return
    screen = output.console()
    marked = any(free is not None for _, free, _ in found)
    table = output.table("rule", *(["scale"] if marked else []), "title", "source")
    for rule, free, known in found:
        mark = [{None: "", True: "free", False: "[yellow]unit[/]"}[free]] if marked else []
        title = rule.title
        if known is not None and known.first_average != 1:
            title += f" (average from {known.first_average or 'beyond'} of {work.horizon})"
        table.add_row(
            f"[green]{rule.name}[/]", *mark, output.plain(title), f"[dim]{output.plain(rule.citation)}[/]"
        )
    print_table(screen, table)
    if marked:
        screen.print(
            "[dim]scale: free, plays the same whatever the unit of payoffs; unit, has constants in it[/]"
        )
    screen.print("[dim]See one with[/] nashforge show RULE")
