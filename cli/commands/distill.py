"""``nashforge distill``: take away from a program all that its fitness does not need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from nashforge.cli.options.declared import flag, option
from nashforge.cli.options.shared import (
    Database,
    FileDomain,
    Json,
    Objective,
    ProgramName,
    Tier,
    Workers,
    horizon_option,
    suite_option,
)
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table
from nashforge.cli.rendering.records import candidate_as_dict

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.archive import Candidate, Run
    from nashforge.evolve.measurement.distill import Core, Distilled

SUITE_HELP = "[default: that of the run that found the program, or of the domain]"


def distill(
    program: ProgramName,
    tolerance: Annotated[
        float,
        option(
            "N", "Fitness that the core may give up, on training and on validation.", min=0, show_default=True
        ),
    ] = 0.02,
    max_evaluations: Annotated[
        int, option("N", "Stop after so many smaller programs were measured.", min=1, show_default=True)
    ] = 200,
    suite: Annotated[str | None, suite_option(f"Games of training. {SUITE_HELP}")] = None,
    validation_suite: Annotated[
        str | None, suite_option("Games that are disguised for validation. [default: likewise]")
    ] = None,
    test_suite: Annotated[
        str | None, suite_option("Games that only the program and its core play. [default: likewise]")
    ] = None,
    horizon: Annotated[int | None, horizon_option("likewise")] = None,
    objective: Objective = None,
    final_test: Annotated[bool, flag("Whether to measure both on the test games.", show_default=True)] = True,
    workers: Workers = None,
    domain: FileDomain = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Shrink a program to its minimal core.

    Every term, branch, state variable and constant is removed in turn; a removal stays if the fitness on
    training and on validation stays within the tolerance. The steps are stored as a run of their own.
    """
    from contextlib import closing

    from nashforge.archive import Archive
    from nashforge.cli.rendering.measuring import check_tier
    from nashforge.evolve.domains import domain as find_domain
    from nashforge.evolve.executors.local import LocalExecutor
    from nashforge.evolve.measurement.distill import Distiller, config_for, record
    from nashforge.evolve.measurement.programs import find_program

    tier = check_tier(allow_weaker_sandbox)
    with Archive.open(database) as archive:
        named = find_program(program, lambda: archive, domain_name=domain)
        work = find_domain(named.domain)
        options: dict[str, Any] = {
            "train": suite,
            "validation": validation_suite,
            "test": test_suite,
            "horizon": horizon,
            "objective": objective,
            "final_test": final_test,
            "tier": tier,
        }
        config = config_for(archive, named, options)
        stages = config.stages(work)
        for stage in stages.values():
            work.prepare(stage)
        fitness = config.evaluation.fitness
        reference = fitness.reference if fitness.kind == "log_ratio" else None
        with closing(LocalExecutor(workers)) as executor:
            distiller = Distiller(archive, work, executor, stages, reference, tier)
            found = distiller.distil(
                named, tolerance=tolerance, max_evaluations=max_evaluations, on_try=_tell
            )
        run, candidates = record(archive, named, found, config)
    if output.wants_json(json):
        output.print_json(
            {
                "run": run.nickname,
                "program": candidates[-1].nickname,
                "tried": found.tried,
                "complete": found.complete,
                "tolerance": tolerance,
                "steps": [
                    {**candidate_as_dict(candidate), "size": core.size}
                    for candidate, core in zip(candidates, found.steps, strict=True)
                ],
            }
        )
        return
    _print(output.console(), run, candidates, found)


def _tell(core: Core, kept: bool, tried: int) -> None:
    verdict = "goes" if kept else "needed"
    fitness = f"{output.fitness(core.train):>7} {output.fitness(core.validation):>7}"
    output.remark(f"{tried:>4}  {verdict:<6} {fitness}  size {core.size}  {core.note}")


def _print(screen: Console, run: Run, candidates: list[Candidate], found: Distilled) -> None:
    from nashforge.cli.rendering.runs.summary import descent_lines

    before, after = found.steps[0], found.steps[-1]
    if len(found.steps) == 1:
        screen.print(f"Nothing can go: each of {found.tried} removals costs more fitness than the tolerance.")
    heads = ("size", "lines", "train", "validation", "test")
    table = output.table("", "program", *heads, right=heads)
    rows = [("whole", before, candidates[0])]
    if len(found.steps) > 1:
        rows.append(("core", after, candidates[-1]))
    for title, core, candidate in rows:
        lines = sum(1 for line in core.source.splitlines() if line.strip())
        values = (output.fitness(value) for value in (core.train, core.validation, core.test))
        name = f"[green]{candidate.nickname}[/]"
        table.add_row(title, name, str(core.size), str(lines), *values)
    print_table(screen, table)
    if len(found.steps) > 1:
        screen.print("What went (training fitness after each removal)")
        for text in descent_lines(candidates, screen.width):
            screen.print(text, overflow="ellipsis", no_wrap=True)
    if not found.complete:
        screen.print(
            f"[yellow]The budget of {found.tried} measured programs ended first[/]; go on with "
            f"[bold]nashforge distill {candidates[-1].nickname}[/]"
        )
    screen.print(
        f"\n[dim]stored as run[/] {run.nickname}[dim]; see[/] nashforge show {candidates[-1].nickname}"
    )
    screen.print(f"[dim]{output.plain(output.meaning_of_run(run.config))}[/]")
