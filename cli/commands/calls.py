"""``nashforge calls``: the recorded calls of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.archives import find_run, opened
from nashforge.cli.options.declared import flag
from nashforge.cli.options.files import STDOUT, check_file, write_text
from nashforge.cli.options.shared import Database, Force, Json, LatestRun, limit_option, output_option
from nashforge.cli.rendering import money, output
from nashforge.cli.rendering.columns import print_table
from nashforge.cli.rendering.records import call_as_dict

calls = typer.Typer(help="The recorded model calls of a run.", no_args_is_help=True, rich_markup_mode=None)


@calls.command("export")
def export(
    run: LatestRun = "latest",
    to: Annotated[
        Path | None,
        output_option("Where to; - prints it. [default: RUN.jsonl]"),
    ] = None,
    prompts: Annotated[
        bool, flag("Whether to keep what models were asked: most of the file.", "--prompts/--no-prompts")
    ] = True,
    force: Force = False,
    database: Database = None,
    json: Json = None,
) -> None:
    """Write the models' answers to a cassette, which replays anywhere without a network.

    Replay it with: nashforge run (or synthesize GAME) --proposer replay:FILE
    """
    from nashforge.evolve.proposers.llm.recordings.cassette import cassette_lines

    check_file("--output", to, force, stdout=True)
    with opened(database) as archive:
        found = find_run(archive, run)
        path = to or Path(f"{found.nickname}.jsonl")
        if path != STDOUT and path.suffix != ".jsonl":
            raise UsageProblem(
                f"--output {path}: a cassette is a text of JSON lines, which is replayed by a name that ends "
                f"with .jsonl; write it to {path.name.partition('.')[0]}.jsonl"
            )
        check_file("--output", path, force, stdout=True)
        lines = list(cassette_lines(archive, found, prompts=prompts))
    write_text(path, "".join(lines))
    if path == STDOUT:
        return
    if output.wants_json(json):
        output.print_json({"run": found.nickname, "file": str(path), "calls": len(lines) - 1})
        return
    output.console().print(
        f"{len(lines) - 1} calls of [cyan]{found.nickname}[/] written to {output.plain(str(path))}",
        soft_wrap=True,
    )


@calls.command("list")
def list_(
    run: LatestRun = "latest",
    limit: Annotated[int, limit_option("Only the newest.")] = 20,
    database: Database = None,
    json: Json = None,
) -> None:
    """List the newest calls of a run."""

    with opened(database) as archive:
        found = find_run(archive, run)
        rows = archive.calls.find(run=found, limit=limit)
    if output.wants_json(json):
        output.print_json([call_as_dict(row) for row in rows])
        return
    numbers = ("input", "cached", "output", "cost", "seconds")
    table = output.table("#", "for", "model", "status", *numbers, "reason", right=("#", *numbers))
    for row in rows:
        table.add_row(
            str(row.request.get("index", "-")),
            output.plain(str(row.request.get("purpose", "-"))),
            output.plain(f"{row.provider}:{row.model}"),
            str(row.status),
            money.tokens(row.input_tokens + row.cache_write_tokens),
            money.tokens(row.cached_tokens),
            money.tokens(row.output_tokens),
            "-" if row.cost is None else money.dollars(row.cost),
            "-" if row.latency is None else f"{row.latency:.1f}",
            output.plain(output.shorten(row.reason or "", 60)),
        )
    if rows:
        print_table(output.console(), table)
    else:
        output.console().print("[dim]No language model was asked.[/]")
