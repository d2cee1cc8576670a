"""``nashforge resume``: continue a run."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import Broker, Database, Executor, Json, RunName, Tier, Weight, Workers


def resume(
    run: RunName,
    max_evaluations: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="New limit, those already made included.", show_default=False),
    ] = None,
    max_minutes: Annotated[
        float | None, typer.Option(metavar="N", help="New limit, counted from now.", show_default=False)
    ] = None,
    patience: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="New patience.", show_default=False)
    ] = None,
    executor: Executor = None,
    workers: Workers = None,
    broker: Broker = None,
    weight: Weight = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Continue a run, or give a finished one higher limits."""
    from cli import output
    from cli.archives import find_run, opened
    from cli.working import service_of, work
    from evolve.run import resume_run, resumed_config

    changes = {
        "max_evaluations": max_evaluations,
        "max_minutes": max_minutes,
        "patience": patience,
        "executor": executor,
        "workers": workers,
        "weight": weight,
        "tier": allow_weaker_sandbox,
    }
    with opened(database) as archive:
        found = find_run(archive, run)
        chosen = resumed_config(archive, found, changes)
        work(
            archive,
            chosen,
            lambda listener: resume_run(
                archive, found, changes=changes, listener=listener, service=service_of(chosen, broker)
            ),
            database=database,
            as_json=output.wants_json(json),
        )
