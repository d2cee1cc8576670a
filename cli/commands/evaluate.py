"""``nashforge evaluate``: measure programs again, or for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Database, Games, Iterations, Json, ProgramNames, Suite, Tier, Workers

if TYPE_CHECKING:
    from rich.console import Console

    from evolve.evaluate import Measured


def evaluate(
    programs: ProgramNames,
    suite: Suite = None,
    game: Games = None,
    iterations: Iterations = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="RULE",
            help="Library program that fitness is relative to, or 'none'. [default: the domain's; dcfr]",
            show_default=False,
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--time-limit",
            metavar="N",
            help="Seconds a program may take in one game. [default: 600]",
            show_default=False,
        ),
    ] = None,
    workers: Workers = None,
    domain: Annotated[
        str | None, typer.Option(help="What files are programs of.", show_default=False)
    ] = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Measure programs, stored beside earlier measurements.

    They run in the sandbox. Rules and files are added to the archive first. Ends with 1 if any program failed
    in any game.
    """
    from contextlib import closing

    from archive import Archive
    from cli import output
    from cli.errors import FAILED
    from cli.measuring import check_tier, find, plan, progress
    from cli.records import measured_as_dict
    from evolve.evaluate import Evaluator
    from evolve.executors.local import LocalExecutor

    tier = check_tier(allow_weaker_sandbox)
    with Archive.open(database) as archive:
        work, found = find(programs, archive, domain)
        stage, name, compared = plan(work, suite, game, iterations, reference, seconds)
        with closing(LocalExecutor(workers)) as executor, progress() as tell:
            evaluator = Evaluator(archive, work, stage, executor, tier=tier)
            rows = evaluator.measure(found, reference=compared, on_measured=tell)
    if output.wants_json(json):
        output.print_json([measured_as_dict(row, name, compared) for row in rows])
    else:
        _print(output.console(), rows, name, compared, tier)
    if any(row.value is None for row in rows):
        raise typer.Exit(FAILED)


def _print(
    screen: Console, rows: list[Measured], suite: str | None, reference: str | None, tier: str
) -> None:
    from cli import output
    from evolve.evaluate import mean_fitness

    what = f"suite [cyan]{output.plain(suite)}[/], " if suite else ""
    screen.print(f"{what}{rows[0].iterations} iterations")
    by_program: dict[str, list[Measured]] = {}
    for row in rows:
        by_program.setdefault(row.label, []).append(row)
    metric = rows[0].metric
    head = f"  [bold]{metric:>14}{'   fitness' if reference else ''}   seconds  game[/]"
    for label, measured in by_program.items():
        screen.print(f"\n[bold green]{output.plain(label)}[/]")
        screen.print(head)
        for row in measured:
            value = (
                f"{output.number(row.value):>14}" if row.value is not None else f"[red]{row.status:>14}[/]"
            )
            gain = f"{output.fitness(row.fitness):>10}" if reference else ""
            seconds = "-" if row.seconds is None else f"{row.seconds:.2f}"
            # The game is last in the line and never broken, so that it can be copied.
            screen.print(f"  {value}{gain}{seconds:>10}  {output.plain(row.game)}", soft_wrap=True)
        if reference and len(measured) > 1:
            mean = output.fitness(mean_fitness(measured))
            screen.print(f"  {'fitness':>14}[bold]{mean:>10}[/]")
    screen.print()
    for row in rows:
        if row.value is None:
            reason = output.plain(row.reason or "no reason was given")
            screen.print(f"[red]{output.plain(row.label)} in {output.plain(row.game)}:[/] {reason}")
    if reference:
        screen.print(f"[dim]{output.meaning_of_fitness(reference)}[/]")
