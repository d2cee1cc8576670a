"""``nashforge lineage``: how programs came about."""

from __future__ import annotations

from typing import Annotated, Literal

from nashforge.cli.options.archives import opened
from nashforge.cli.options.completion import complete_programs, complete_runs
from nashforge.cli.options.declared import argument, flag
from nashforge.cli.options.shared import Database, Json, limit_option


def _complete(incomplete: str) -> list[str]:
    return [*complete_runs(incomplete), *complete_programs(incomplete)]


def lineage(
    name: Annotated[
        str,
        argument(
            "PROGRAM|RUN",
            "A program: its ancestors. A run (or 'latest'): everything that was measured in it.",
            complete=_complete,
            show_default=True,
        ),
    ] = "latest",
    form: Annotated[
        Literal["tree", "dot", "json"] | None, flag("tree, dot (Graphviz) or json.", "--format")
    ] = None,
    descendants: Annotated[
        bool, flag("What was made from the program, instead of its ancestors.", "--descendants")
    ] = False,
    failed: Annotated[bool, flag("Show failed candidates of a run, too.", "--failed")] = False,
    limit: Annotated[
        int,
        limit_option(
            "How many at most: the nearest of a program's family; the best of a run, and their lines."
        ),
    ] = 1000,
    database: Database = None,
    json: Json = None,
) -> None:
    """Show the family tree of a program or of a whole run."""
    from nashforge.cli.rendering import graph, output
    from nashforge.evolve.results.lineage import family_of

    with opened(database) as archive:
        family = family_of(archive, name, descendants=descendants, failed=failed, limit=limit)
    chosen = form or ("json" if output.wants_json(json) else "tree")
    if chosen == "json":
        output.print_json(graph.as_dict(family))
    elif chosen == "dot":
        print(graph.as_dot(family))
    else:
        graph.print_tree(output.console(), family)
