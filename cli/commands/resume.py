"""``nashforge resume``: continue a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.archives import find_search, opened
from nashforge.cli.options.declared import option
from nashforge.cli.options.models import (
    Budget,
    Feedback,
    MaxTokens,
    MaxUseless,
    Prices,
    PriceUnknown,
    Prompts,
)
from nashforge.cli.options.settings import settings_of
from nashforge.cli.options.shared import (
    Broker,
    Database,
    Executor,
    Json,
    SearchName,
    Tier,
    Weight,
    Workers,
    suite_option,
)
from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from nashforge.archive import Archive, Run


def resume(
    context: typer.Context,
    run: SearchName,
    max_evaluations: Annotated[
        int | None, option("N", "New limit, those already made included.", min=1)
    ] = None,
    max_minutes: Annotated[float | None, option("N", "New limit, counted from now.")] = None,
    patience: Annotated[int | None, option("N", "New patience.", min=1)] = None,
    proposer: Annotated[
        list[str] | None,
        option(
            "NAME",
            "Its models again, with their addresses: none is taken from the archive unasked.",
            "--proposer",
            "--model",
        ),
    ] = None,
    budget_usd: Budget = None,
    max_tokens: MaxTokens = None,
    max_useless: MaxUseless = None,
    prices: Prices = None,
    price_unknown: PriceUnknown = None,
    prompts: Prompts = None,
    feedback: Feedback = None,
    suite: Annotated[
        str | None, suite_option("Its suite again, if an imported run has one in a file.")
    ] = None,
    validation_suite: Annotated[str | None, suite_option("Its suite for validation, likewise.")] = None,
    test_suite: Annotated[str | None, suite_option("Its suite for the end, likewise.")] = None,
    executor: Executor = None,
    workers: Workers = None,
    parallel: Annotated[
        int | None, option("N", "Searches of a study that work at the same time.", min=1)
    ] = None,
    broker: Broker = None,
    weight: Weight = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Continue a run or a study, or give a finished one higher limits.

    A finished run is not touched without one: the command says which would continue it.
    Of a study, what is unfinished is done; new limits are those of each of its runs.
    One that was paused goes on where it is; any other is worked on by this process. Addresses of models, and
    a weaker sandbox, must be given again; for an imported run, prompts and price lists of its own, suites in
    files and a large budget, too. It is measured here first.
    """
    from nashforge.archive import Study
    from nashforge.cli.rendering.runs.csro import resume_csro
    from nashforge.cli.rendering.runs.outcome import work
    from nashforge.cli.rendering.runs.studies import resume_study
    from nashforge.evolve.config.parts import CSRO
    from nashforge.evolve.results.run_status import is_alive
    from nashforge.evolve.runs.continuing import check_continuable
    from nashforge.evolve.runs.executors import service_of
    from nashforge.evolve.runs.resuming import check_limits, nothing_left
    from nashforge.evolve.runs.run import confirmed_config, resume_run

    changes = settings_of(context)
    with opened(database) as archive:
        found = find_search(archive, run)
        if isinstance(found, Study):
            resume_study(
                archive,
                found,
                changes,
                parallel=parallel,
                broker=broker,
                database=database,
                as_json=output.wants_json(json),
            )
            return
        if parallel is not None:
            raise UsageProblem(f"--parallel is of studies, and {found.nickname} is a run; leave it out")
        if found.config.get("strategy") == CSRO:
            resume_csro(
                archive, found, changes, broker=broker, database=database, as_json=output.wants_json(json)
            )
            return
        if found.pause_requested is not None and is_alive(archive, found):
            _let_go_on(archive, found, changes, as_json=output.wants_json(json))
            return
        check_continuable(archive, found)
        check_limits(archive, found, changes)
        left = nothing_left(archive, found, changes)
        if left is not None:
            _say_finished(archive, found, left, as_json=output.wants_json(json))
            return
        chosen = confirmed_config(archive, found, changes)
        work(
            archive,
            chosen,
            lambda listener: resume_run(
                archive, found, changes=changes, listener=listener, service=service_of(chosen, broker)
            ),
            database=database,
            as_json=output.wants_json(json),
        )


def _say_finished(archive: Archive, run: Run, why: str, *, as_json: bool) -> None:
    """Say what a finished run would need to go on."""
    from nashforge.cli.rendering.cautions import cautions_of
    from nashforge.evolve.results.run_status import run_status

    if as_json:
        now, spent = run_status(archive, run), archive.calls.spending(run)[""].cost
        output.print_json({**now.result.as_dict(), "cost": spent, "cautions": cautions_of(now)})
    else:
        output.say_plain(output.console(), why)


def _let_go_on(archive: Archive, run: Run, changes: Mapping[str, Any], *, as_json: bool) -> None:
    """Let a paused run go on in the process that works on it."""

    if any(value is not None for value in changes.values()):
        raise UsageProblem(
            f"the run {run.nickname} is paused and {run.worked_on_by} works on it; let it go on without "
            f"options, or stop it first with `nashforge stop {run.nickname}`"
        )
    archive.runs.request_pause(run, paused=False)
    if as_json:
        output.print_json({"run": run.nickname, "paused": False})
    else:
        output.console().print(f"[cyan]{run.nickname}[/] goes on where it is ({run.worked_on_by}).")
