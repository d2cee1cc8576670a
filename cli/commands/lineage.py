"""``nashforge lineage``: how programs came about."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from nashforge.cli.options.completion import complete_programs, complete_runs
from nashforge.cli.options.shared import Database, Json


def _complete(incomplete: str) -> list[str]:
    return [*complete_runs(incomplete), *complete_programs(incomplete)]


def lineage(
    name: Annotated[
        str,
        typer.Argument(
            metavar="PROGRAM|RUN",
            help="A program: its ancestors. A run (or 'latest'): everything that was measured in it.",
            autocompletion=_complete,
        ),
    ] = "latest",
    form: Annotated[
        Literal["tree", "dot", "json"] | None,
        typer.Option("--format", help="tree, dot (Graphviz) or json.", show_default=False),
    ] = None,
    descendants: Annotated[
        bool, typer.Option("--descendants", help="What was made from the program, instead of its ancestors.")
    ] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Show failed candidates of a run, too.")] = False,
    database: Database = None,
    json: Json = None,
) -> None:
    """Show the family tree of a program or of a whole run."""
    from nashforge.cli.options.archives import opened
    from nashforge.cli.rendering import graph, output
    from nashforge.evolve.results.lineage import family_of

    with opened(database) as archive:
        family = family_of(archive, name, descendants=descendants, failed=failed)
    chosen = form or ("json" if output.wants_json(json) else "tree")
    if chosen == "json":
        output.print_json(graph.as_dict(family))
    elif chosen == "dot":
        print(graph.as_dot(family))
    else:
        graph.print_tree(output.console(), family)
