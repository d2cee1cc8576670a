"""``nashforge bench``: programs on families of games, at several horizons and scales."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nashforge.cli.errors import FAILED, INTERRUPTED, UsageProblem
from nashforge.cli.options.completion import complete_programs
from nashforge.cli.options.declared import argument, flag, option
from nashforge.cli.options.files import (
    FIGURES,
    TABLES,
    check_apart,
    check_file,
    delivered,
    is_figure,
    write_table,
)
from nashforge.cli.options.shared import (
    Broker,
    Database,
    Executor,
    FileDomain,
    Force,
    Json,
    Reference,
    Tier,
    Workers,
    output_option,
    suite_option,
)
from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from nashforge.archive import Archive
    from nashforge.evolve.benchmarking.campaign import Campaign


def bench(
    programs: Annotated[
        list[str] | None,
        argument(
            "[PROGRAM]...",
            "Rules of the library, nicknames, beginnings of nicknames or hashes, or files. [default: the "
            "whole library]",
            complete=complete_programs,
        ),
    ] = None,
    split: Annotated[
        list[str] | None,
        option(
            "SPLIT",
            "Families to play: train, validation, test or all; may be given several times. [default: all for "
            "programs of the library, for others train and validation]",
        ),
    ] = None,
    everything: Annotated[
        bool, flag("Play the test families, too: a look that the archive keeps.", "--all")
    ] = False,
    suite: Annotated[str | None, suite_option("Games to play instead of the benchmark's.")] = None,
    quick: Annotated[bool, flag("Play the smallest game of each family, not for long.", "--quick")] = False,
    reference: Reference = None,
    stored: Annotated[bool, flag("Measure nothing: show what the archive holds.", "--stored")] = False,
    fresh: Annotated[
        bool, flag("Measure everything now; do not use stored measurements.", "--fresh")
    ] = False,
    executor: Executor = None,
    workers: Workers = None,
    broker: Broker = None,
    domain: FileDomain = None,
    output_file: Annotated[
        Path | None,
        output_option("Draw the performance profiles (.png, .svg, .pdf), or write a table (.csv, .json)."),
    ] = None,
    write: Annotated[
        Path | None, option("FILE", "Write a page (.md) with a figure (.svg) beside it.", "--write")
    ] = None,
    force: Force = False,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Benchmark programs on families of games.

    They are compared with every rule of the library that was measured before. What the archive holds is not
    measured again: an interrupted benchmark goes on where it was when it is called again. Programs that are
    not of the library play no test families unless asked to. Ends with 1 if any program failed in any game.
    """
    from nashforge.archive import Archive
    from nashforge.cli.rendering.benchmark.page import write_page
    from nashforge.cli.rendering.benchmark.records import benchmark_as_dict, measured_rows
    from nashforge.cli.rendering.benchmark.text import print_benchmark
    from nashforge.cli.rendering.figures.profiles import draw_profiles
    from nashforge.cli.rendering.translated import running
    from nashforge.evolve.benchmarking.request import ALL, BenchRequest, plan_bench

    check_file("--output", output_file, force, (*FIGURES, *TABLES))
    check_file("--write", write, force, (".md",))
    picture = None if write is None else write.with_suffix(".svg")
    check_file("the figure of --write", picture, force)
    check_apart({"--output": output_file, "--write": write, "the figure of --write": picture})
    if stored and fresh:
        raise UsageProblem("--stored measures nothing and --fresh everything; give one of them")
    if suite is not None and (split or everything):
        raise UsageProblem("a suite of your own has no splits; leave --split and --all out")
    request = BenchRequest(
        programs=programs or (),
        domain=domain,
        suite=suite,
        splits=[ALL] if everything else split or (),
        quick=quick,
        reference=reference,
    )
    with Archive.open(database) as archive:
        planned = plan_bench(request, archive)
        running(planned.programs, archive)
        campaign = planned.campaign(archive)
        if not fresh:
            campaign.recall()
        interrupted = False
        if not stored:
            tier = allow_weaker_sandbox
            interrupted = _measure(archive, campaign, executor, workers, broker, tier)
        missing = len(campaign.missing)
        told, unmeasured = planned.summary(archive, campaign)

    def deliver_table(path: Path) -> None:
        if is_figure(path):
            draw_profiles(told, path)
        else:
            write_table(path, measured_rows(told), benchmark_as_dict(planned, told, missing, unmeasured))

    as_json = output.wants_json(json)
    with delivered(
        (output_file, deliver_table),
        (write, lambda path: write_page(path, planned, told)),
        as_json=as_json,
    ):
        if as_json:
            output.print_json(benchmark_as_dict(planned, told, missing, unmeasured))
        else:
            print_benchmark(output.console(), planned, told, unmeasured)
    if missing and not stored:
        how = "Interrupted" if interrupted else "Not finished, as machines failed"
        what = "measurement is" if missing == 1 else "measurements are"
        print(f"{how}: {missing} {what} missing. Call the command again to go on.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED if interrupted else FAILED)
    if any(standing.failures for standing in told.standings):
        raise typer.Exit(FAILED)


def _measure(
    archive: Archive,
    campaign: Campaign,
    executor: str | None,
    workers: int | None,
    broker: str | None,
    tier: str | None,
) -> bool:
    """Measure what is missing; return whether Ctrl-C ended it."""
    from contextlib import closing

    from nashforge.cli.rendering.benchmark.progress import progress
    from nashforge.cli.rendering.measuring import check_tier
    from nashforge.evolve.runs.executors import executor_on_request

    accepted, count = check_tier(tier), len(campaign.missing)
    if not count:
        return False

    try:
        with (
            closing(executor_on_request(archive, executor, workers, broker, output.remark)) as where,
            progress(count) as tell,
        ):
            campaign.run(where, tier=accepted, note=output.remark, on_measured=tell)
    except KeyboardInterrupt:
        if not campaign.results:
            raise
        return True
    return False
