"""``nashforge best``: the best programs of a run, or those that trade metrics off best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.archives import find_search, opened
from nashforge.cli.options.declared import flag, option
from nashforge.cli.options.files import (
    FIGURES,
    TABLES,
    check_file,
    deliver,
    delivered,
    is_figure,
    write_table,
)
from nashforge.cli.options.shared import Database, Force, Json, LatestSearch, limit_option, result_option
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table
from nashforge.cli.rendering.diagnosis.audits import mark, reason, record_as_dict
from nashforge.cli.rendering.records import candidate_as_dict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from nashforge.archive import Archive, Candidate, Run, Study
    from nashforge.archive.stores.agents.verdicts import AuditRecord
    from nashforge.evolve.evaluation.standing import Standing
    from nashforge.evolve.search.population.pareto import Point
    from nashforge.solvers.metrics.registry import Metric


def best(
    run: LatestSearch = "latest",
    limit: Annotated[int, limit_option("How many programs.")] = 10,
    pareto: Annotated[
        bool, flag("Those that no other program beats in every metric: the Pareto set.", "--pareto")
    ] = False,
    metrics: Annotated[
        str | None,
        option(
            "A,B",
            "Metrics of the Pareto set. [default: those of the objective, or the domain's and the time]",
        ),
    ] = None,
    output_file: Annotated[
        Path | None,
        result_option("Write the table (.csv, .json), or draw the Pareto set (.png, .svg, .pdf)."),
    ] = None,
    force: Force = False,
    database: Database = None,
    json: Json = None,
) -> None:
    """List the best programs of a run; of a study, the best of each search, and which ships.

    Programs that were verified on disguised games come first, ordered by the mean of their fitness on the
    training games and on the disguised ones. With --pareto: the programs that are not beaten in every metric,
    by the means of the metrics over the training games (geometric where a metric spans orders of magnitude).
    """
    from nashforge.archive import Study
    from nashforge.evolve.config.run import stored_settings
    from nashforge.evolve.search.measured.standings import standing_of
    from nashforge.evolve.search.population.noise import copies_of
    from nashforge.evolve.search.population.ranking import ranked

    check_file("--output", output_file, force, (*TABLES, *FIGURES))
    drawn = output_file is not None and is_figure(output_file)
    with opened(database) as archive:
        found = find_search(archive, run)
        if isinstance(found, Study):
            if pareto or metrics is not None or drawn:
                raise UsageProblem(
                    f"{found.nickname} is a study; the Pareto set is of runs, such as {found.nickname}-seed0"
                )
            _study(archive, found, output_file, as_json=output.wants_json(json))
            return
        if pareto or metrics is not None or drawn:
            _pareto(archive, found, metrics, output_file, as_json=output.wants_json(json))
            return
        candidates = ranked(archive, found, limit)
        settings = stored_settings(archive, found)
        copies = copies_of(archive, found)
        standings = {item.id: standing_of(archive, item, found.domain) for item in candidates}
        audits = archive.verdicts.of([item.program for item in candidates if item.program], imported=True)
    rows = [
        {
            "rank": place,
            **candidate_as_dict(item),
            "copies": list(copies.get(item.id, ())),
            "standing": None if (one := standings[item.id]) is None else one.as_dict(),
            "audit": record_as_dict(audits.get(item.program or "")),
        }
        for place, item in enumerate(candidates, 1)
    ]
    deliver(
        rows,
        lambda: _print(output.console(), found, candidates, copies, standings, audits, settings),
        (output_file, lambda path: write_table(path, rows)),
        json=json,
    )


def _study(archive: Archive, study: Study, file: Path | None, *, as_json: bool) -> None:
    """List the best of each search of a study, that which ships first, and say why it does."""
    from nashforge.evolve.results.studies import study_status

    told = study_status(archive, study)
    leading = told.leading
    finalists = sorted(told.finalists, key=lambda item: item is not leading)
    rows = [
        {
            "rank": place,
            "seed": finalist.seed,
            "ships": finalist is told.chosen,
            **candidate_as_dict(finalist.candidate),
        }
        for place, finalist in enumerate(finalists, 1)
    ]

    def show() -> None:
        from nashforge.cli.rendering.runs.studies import print_study

        print_study(output.console(), told)

    deliver(
        {"study": study.nickname, "why": told.why(), "programs": rows},
        show,
        (file, lambda path: write_table(path, rows)),
        json=as_json,
    )


def _print(
    screen: Console,
    run: Run,
    candidates: list[Candidate],
    copies: Mapping[int, tuple[float, ...]],
    standings: Mapping[int, Standing | None],
    audits: Mapping[str, AuditRecord],
    settings: Mapping[str, Any],
) -> None:
    from nashforge.cli.rendering.cautions import print_cautions
    from nashforge.evolve.search.population.noise import error, is_within, spread
    from nashforge.evolve.search.population.ranking import merit

    if not candidates:
        _say_nothing_measured(screen, run)
        return
    compared = ["w-t-l", "worst"] if any(standings.values()) else []
    heads = ["train", "valid.", "test", *compared, "#"]
    table = output.table("", "program", *heads, right=("", *heads))
    table.add_column("edit", no_wrap=True, overflow="ellipsis", ratio=1)
    table.expand = output.on_terminal()
    noise = spread(list(copies.values()))
    for place, item in enumerate(candidates, 1):
        one = standings[item.id]
        counts = "-" if one is None else f"{one.wins}-{one.ties}-{one.losses}"
        several = len(copies.get(item.id, ()))
        doubt = f" ±{error(noise, several):.2f}" if noise is not None and several else ""
        table.add_row(
            str(place),
            _name(item) + mark(audits.get(item.program or "")),
            output.fitness(item.train),
            output.fitness(item.validation) + doubt,
            output.fitness(item.test),
            *([counts, output.fitness(None if one is None else one.worst[1])] if compared else []),
            str(item.index),
            _edit(item),
        )
    screen.print(f"Best of [cyan]{run.nickname}[/]{output.elsewhere(run.imported)}")
    print_table(screen, table, in_parts=False)
    for item in candidates:
        record = audits.get(item.program or "")
        if record is not None and record.verdict.flagged:
            screen.print(f"[yellow]{output.plain(item.nickname or '-')}[/]: {output.plain(reason(record))}")
    first, *others = candidates

    def is_near(item: Candidate) -> bool:
        several = min(len(copies.get(one.id, ())) for one in (first, item))
        return is_within(merit(first)[1] - merit(item)[1], noise, several)

    near = [item.nickname or "-" for item in others if is_near(item)]
    if near:
        screen.print(f"[yellow]within the noise of the first: {output.plain(', '.join(near))}[/]")
    if noise is not None:
        screen.print("[dim]±: standard error over further disguises of the validation games[/]")
    screen.print(f"[dim]{output.plain(output.meaning_of_run(settings))}[/]")
    print_cautions(screen, settings, [standings[first.id]])
    if compared:
        told = "w-t-l: games of training and validation won, tied and lost against the best reference"
        screen.print(f"[dim]{told}; worst: the fitness in the worst of them[/]")


def _pareto(archive: Archive, run: Run, names: str | None, file: Path | None, *, as_json: bool) -> None:
    from nashforge.evolve.config.run import stored_settings
    from nashforge.evolve.domains import domain
    from nashforge.evolve.evaluation.messages import Fitness
    from nashforge.evolve.search.population.pareto import pareto_points, traded_metrics

    work = domain(run.domain)
    fitness = Fitness.model_validate(stored_settings(archive, run).get("fitness") or work.fitness)
    wanted = [] if names is None else [name.strip() for name in names.split(",")]
    metrics = traded_metrics(work, fitness, wanted)
    drawn = file is not None and is_figure(file)
    points, measured = pareto_points(archive, run, metrics, fitness.floor, dominated=drawn)
    efficient = [point for point in points if point.efficient]
    shown = archive.candidates.by_id([point.candidate.id for point in efficient])
    rows = [
        {**candidate_as_dict(candidate), "metrics": dict(point.values)}
        for candidate, point in zip(shown, efficient, strict=True)
    ]

    def write(path: Path) -> None:
        if is_figure(path):
            from nashforge.cli.rendering.figures.tradeoff import draw_tradeoff

            draw_tradeoff(points, metrics[0], metrics[1], path)
        else:
            write_table(path, rows)

    with delivered((file if points else None, write), as_json=as_json):
        if as_json:
            output.print_json(rows)
        elif points:
            _print_pareto(output.console(), run, metrics, shown, efficient, measured)
        else:
            _say_nothing_measured(output.console(), run)


def _print_pareto(
    screen: Console, run: Run, metrics: list[Metric], programs: list[Candidate], points: list[Point], of: int
) -> None:
    heads = [metric.name for metric in metrics]
    table = output.table("", "program", *heads, "train", "#", right=("", *heads, "train", "#"))
    table.add_column("edit", no_wrap=True, overflow="ellipsis", ratio=1)
    table.expand = output.on_terminal()
    for place, (item, point) in enumerate(zip(programs, points, strict=True), 1):
        table.add_row(
            str(place),
            _name(item),
            *(output.number(point.values[name]) for name in heads),
            output.fitness(item.train),
            str(item.index),
            _edit(item),
        )
    better = ", ".join(f"{'less' if m.direction == 'min' else 'more'} {m.name}" for m in metrics)
    told = f"Pareto set of [cyan]{run.nickname}[/]: {len(points)} of {of} programs, by {better}"
    screen.print(told + output.elsewhere(run.imported))
    print_table(screen, table, in_parts=False)
    screen.print("[dim]means over the training games, geometric for metrics that span orders of magnitude[/]")


def _say_nothing_measured(screen: Console, run: Run) -> None:
    screen.print(f"No program of {run.nickname} has been measured yet; see `nashforge status`.")


def _name(item: Candidate) -> str:
    return f"[green]{item.nickname or '-'}[/]" + ("" if item.imported is None else " [yellow]imported[/]")


def _edit(item: Candidate) -> str:

    return output.plain(" ".join(output.edit_of(item).split()))
