"""Studies that this process works on, and how studies are told: on the screen, and as JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import typer

from nashforge.cli.errors import INTERRUPTED
from nashforge.cli.interrupts import Interruptible
from nashforge.cli.rendering import output
from nashforge.cli.rendering.cautions import cautions, print_cautions
from nashforge.cli.rendering.columns import print_table
from nashforge.cli.rendering.records import candidate_as_dict, run_status_as_dict
from nashforge.cli.rendering.runs.summary import print_interrupted

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.archive import Archive, Run, Study
    from nashforge.evolve.config.run import RunConfig
    from nashforge.evolve.results.studies import Median, StudyStatus
    from nashforge.evolve.search.events import Listener

COUNTS = 6
"""Rows of a table of fitness against evaluations."""


def start_study(
    archive: Archive,
    config: RunConfig,
    seeds: Sequence[int],
    *,
    name: str | None,
    parallel: int | None,
    broker: str | None,
    database: str | None,
    as_json: bool,
) -> None:
    """Store a study, say what it will do, and do it."""
    from nashforge.evolve.config.cautions import shared_suites
    from nashforge.evolve.config.consent import said_now
    from nashforge.evolve.runs.executors import service_of
    from nashforge.evolve.runs.studies import create_study, forecast

    service = service_of(config, broker)
    study = create_study(archive, config, seeds, name=name, service=service)
    print(f"{study.nickname}: {forecast(config, seeds)}", file=sys.stderr, flush=True)
    caution = shared_suites(config.settings())
    if caution is not None:
        output.remark(caution)
    _work(archive, study, said_now(config.items()), parallel, broker, database, as_json=as_json)


def resume_study(
    archive: Archive,
    study: Study,
    changes: Mapping[str, Any],
    *,
    parallel: int | None,
    broker: str | None,
    database: str | None,
    as_json: bool,
) -> None:
    """Do what is unfinished of a study; or let its paused runs go on."""
    from nashforge.evolve.results.run_status import is_alive

    held = [
        run
        for run in archive.studies.runs(study)
        if run.pause_requested is not None and is_alive(archive, run)
    ]
    if held:
        for run in held:
            archive.runs.request_pause(run, paused=False)
        if as_json:
            output.print_json({"study": study.nickname, "paused": False})
        else:
            output.console().print(f"[cyan]{study.nickname}[/] goes on where it is ({held[0].worked_on_by}).")
        return
    _work(archive, study, changes, parallel, broker, database, as_json=as_json)


def _work(
    archive: Archive,
    study: Study,
    changes: Mapping[str, Any],
    parallel: int | None,
    broker: str | None,
    database: str | None,
    *,
    as_json: bool,
) -> None:
    from nashforge.evolve.results.studies import study_status
    from nashforge.evolve.runs.executors import service_of
    from nashforge.evolve.runs.run import resumed_config
    from nashforge.evolve.runs.studies import work_on_study
    from nashforge.evolve.search.events import Silent

    runs = archive.studies.runs(study)
    if not runs:
        output.console().print(f"The study {study.nickname} has no runs any more.")
        return
    config = resumed_config(archive, runs[0], changes)
    interrupted = False
    # Between two runs, Ctrl-C ends at once: everything is stored.
    with Interruptible(Silent()), ExitStack() as stack:
        try:
            results = work_on_study(
                archive,
                study,
                changes=changes,
                watch=_watch(stack, config.settings(), alone=not _several(config, parallel)),
                parallel=parallel,
                service=service_of(config, broker),
            )
            interrupted = any(result.interrupted for result in results)
        except KeyboardInterrupt:
            interrupted = True
    told = study_status(archive, study)
    if as_json:
        output.print_json(study_as_dict(told))
    else:
        print_study(output.console(), told)
    if interrupted:
        print_interrupted(output.console(stderr=True), study.nickname, database)
        raise typer.Exit(INTERRUPTED)


def _several(config: RunConfig, parallel: int | None) -> bool:
    return (parallel or (1 if config.evaluation.executor == "local" else 2)) > 1


def _watch(stack: ExitStack, settings: Mapping[str, Any], *, alone: bool) -> Callable[[Run], Listener]:
    """Return who watches each run: one after the other has the screen; several at once print lines."""
    from nashforge.cli.rendering.runs.live import PlainWatcher, watcher

    def one(run: Run) -> Listener:
        stack.close()
        screen = watcher(settings)
        stack.enter_context(screen)
        return stack.enter_context(Interruptible(screen, last=False))

    def several(run: Run) -> Listener:
        return PlainWatcher(sys.stderr, {**settings, "proposer": ""})

    return one if alone else several


def study_as_dict(told: StudyStatus) -> dict[str, Any]:
    """Return a study and where it stands; the fields are documented in docs/json.md."""
    from nashforge.evolve.results.studies import median_as_dict

    leading = told.leading
    return {
        "study": told.study.nickname,
        "state": told.state,
        "domain": told.study.domain,
        "seeds": [now.run.seed for now in told.runs],
        "evaluations": told.evaluations,
        "max_evaluations": told.limit,
        "chosen": None if told.chosen is None else candidate_as_dict(told.chosen.candidate),
        "leading": None if leading is None else candidate_as_dict(leading.candidate),
        "why": told.why(),
        "cautions": cautions(told.settings, [now.standing for now in told.runs]),
        "fitness": {split: median_as_dict(told.final(split)) for split in ("train", "validation")},
        "test": None if told.chosen is None else told.chosen.candidate.test,
        "runs": [{**run_status_as_dict(now), "seed_number": now.run.seed} for now in told.runs],
        "points": [
            {
                "evaluations": point.evaluations,
                "train": median_as_dict(point.train),
                "validation": median_as_dict(point.validation),
            }
            for point in told.points
        ],
        "created": told.study.created,
        "imported": told.study.imported,
    }


def print_study(screen: Console, told: StudyStatus) -> None:
    """Print a study: its searches, fitness against evaluations, and what ships."""
    from nashforge.evolve.domains.lengths import length_in_words

    study, settings = told.study, told.settings
    screen.print(
        f"\n[bold cyan]{study.nickname}[/]  study of {len(told.runs)} searches · {told.state}"
        + output.elsewhere(study.imported)
    )
    about = (
        f"{study.domain} · {settings.get('strategy')} · {settings.get('proposer')} proposer · "
        f"{length_in_words(settings)} · {told.evaluations}/{told.limit} evaluations · created "
        f"{output.ago(study.created)}"
    )
    screen.print(f"[dim]{output.plain(about)}[/]")
    print_table(screen, searches_table(told))
    if told.points:
        print_table(screen, points_table(told))
        screen.print(
            "[dim]fitness of what each search would choose after so many evaluations: median over seeds, "
            "95 % bootstrap interval[/]"
        )
    screen.print(f"\n{output.plain(told.why())}")
    chosen = told.chosen
    if chosen is not None and chosen.candidate.test is not None:
        seed = chosen.run.result.seed
        start = "" if seed is None else f"; what its search started from: {output.fitness(seed.test)}"
        screen.print(
            f"tested once, after the choice: [bold]{output.fitness(chosen.candidate.test)}[/]{start}"
        )
    screen.print(f"[dim]{output.plain(output.meaning_of_run(settings))}[/]")
    print_cautions(screen, settings, [now.standing for now in told.runs])
    if told.state in ("stopped", "failed", "lost", "created", "paused"):
        screen.print(f"\n[dim]Continue it with[/] nashforge resume {study.nickname}")


def searches_table(told: StudyStatus) -> Any:
    """Return a table of a study's searches, each with its best, and their medians."""
    from nashforge.evolve.results.run_status import has_finished

    splits = ("train", "validation", "test")
    table = output.table("seed", "state", "evals", "best", *splits, right=("seed", "evals", *splits))
    leading = told.leading
    for now in told.runs:
        best = now.result.best
        mark = leading is not None and best is not None and leading.candidate.id == best.id
        name = "-" if best is None else f"[{'bold ' if mark else ''}green]{best.nickname}[/]"
        state = now.state
        if now.why and not has_finished(now.run):
            state += f" [dim]({output.plain(output.shorten(now.why, 40))})[/]"
        table.add_row(
            str(now.run.seed),
            state,
            f"{now.result.evaluations}/{now.limit}",
            name,
            *(output.fitness(None if best is None else getattr(best, split)) for split in splits),
        )
    table.add_section()
    medians = [told.final(split) for split in ("train", "validation")]
    table.add_row("", "", "", "[bold]median[/]", *(f"[bold]{_value(item)}[/]" for item in medians), "")
    return table


def points_table(told: StudyStatus) -> Any:
    """Return a table of fitness against evaluations."""
    table = output.table("evaluations", "train", "validation", right=("evaluations", "train", "validation"))
    for place in sampled(len(told.points)):
        point = told.points[place]
        table.add_row(str(point.evaluations), interval(point.train), interval(point.validation))
    return table


def sampled(count: int, most: int = COUNTS) -> list[int]:
    """Return the places of a few of so many points, the last among them."""
    if count <= most:
        return list(range(count))
    return sorted({round((k + 1) * count / most) - 1 for k in range(most)})


def _value(median: Median | None) -> str:
    return output.fitness(None if median is None else median.value)


def interval(median: Median | None) -> str:
    """Return a median with its interval."""
    if median is None:
        return "-"
    text = output.fitness(median.value)
    if median.low is None:
        return text
    return f"{text} [dim]({output.fitness(median.low)} to {output.fitness(median.high)})[/]"


def compared_as_dict(compared: Sequence[StudyStatus]) -> list[dict[str, Any]]:
    """Return studies with how far each is above the first."""
    from nashforge.evolve.results.studies import median_as_dict

    return [
        {
            **study_as_dict(told),
            "above_first": {
                split: median_as_dict(_above(told, compared[0], split)) if told is not compared[0] else None
                for split in ("train", "validation")
            },
        }
        for told in compared
    ]


def print_compared(screen: Console, compared: Sequence[StudyStatus]) -> None:
    """Print studies side by side: medians over seeds, and how far each is above the first."""
    table = output.table(
        "study", "seeds", "evals", "split", "median", "above the first", right=("seeds", "evals")
    )
    for told in compared:
        for split in ("train", "validation"):
            first = told is compared[0]
            table.add_row(
                f"[cyan]{told.study.nickname}[/]" if split == "train" else "",
                str(len(told.runs)) if split == "train" else "",
                str(min((now.result.evaluations for now in told.runs), default=0))
                if split == "train"
                else "",
                split,
                interval(told.final(split)),
                "" if first else interval(_above(told, compared[0], split)),
            )
        table.add_section()
    print_table(screen, table)
    screen.print("[dim]bests of the searches: median over seeds with its 95 % bootstrap interval[/]")
    budgets = {min((now.result.evaluations for now in told.runs), default=0) for told in compared}
    if len(budgets) > 1:
        screen.print("[yellow]the searches had different numbers of evaluations[/]; at equal numbers:")
        print_table(screen, _at_equal(compared))
    suites = {(told.settings.get("train"), told.settings.get("horizon")) for told in compared}
    if len(suites) > 1 or len({told.study.domain for told in compared}) > 1:
        screen.print("[yellow]the studies measured on different games: their fitness is not comparable[/]")


def _at_equal(compared: Sequence[StudyStatus]) -> Any:
    names = [told.study.nickname for told in compared]
    table = output.table("evaluations", *names, right=("evaluations", *names))
    most = min((told.points[-1].evaluations for told in compared if told.points), default=0)
    for place in sampled(len(compared[0].points)):
        count = compared[0].points[place].evaluations
        if count <= most:
            table.add_row(str(count), *(interval(_nearest(told, count)) for told in compared))
    return table


def _nearest(told: StudyStatus, count: int) -> Median | None:
    """Return training fitness after at most so many evaluations."""
    return next((p.train for p in reversed(told.points) if p.evaluations <= count), None)


def _above(told: StudyStatus, first: StudyStatus, split: str) -> Median | None:
    from nashforge.evolve.results.studies import difference_of

    ours, theirs = (
        [v for f in item.finalists if (v := getattr(f.candidate, split)) is not None]
        for item in (told, first)
    )
    return difference_of(ours, theirs) if ours and theirs else None
