"""``nashforge export``: take runs and programs elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.archives import opened
from nashforge.cli.options.completion import complete_programs, complete_runs
from nashforge.cli.options.declared import argument
from nashforge.cli.options.files import STDOUT, check_file, write_text
from nashforge.cli.options.shared import Database, FileDomain, Force, Json, output_option
from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from nashforge.archive import Archive, Candidate, Program


TOLD = ("train", "test", None)
"""Measurements that the header of a program tells: validation games are disguised for one run."""

DESCENT_LINES = 40
"""Lines at most that the header of a program has about how it came about."""


def _complete(incomplete: str) -> list[str]:
    return [*complete_programs(incomplete), *complete_runs(incomplete)]


def export(
    output_file: Annotated[
        Path,
        output_option(
            "A .py file for one program, or - to print it; else an archive, usually NAME.jsonl.gz."
        ),
    ],
    names: Annotated[
        list[str] | None,
        argument("PROGRAM|RUN", "What to export; without any, everything.", complete=_complete),
    ] = None,
    force: Force = False,
    domain: FileDomain = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Write a program, or runs, or everything to a file.

    A .py file holds one program; any other file holds runs and programs with all their measurements, and can
    be imported elsewhere.
    """

    check_file("--output", output_file, force, stdout=True)
    with opened(database) as archive:
        if output_file.suffix == ".py" or output_file == STDOUT:
            value = _program(archive, names or [], output_file, domain)
        else:
            value = _archive(archive, names or [], output_file, force)
    if output_file == STDOUT:
        return
    if output.wants_json(json):
        output.print_json(value)
        return
    screen = output.console()
    screen.print(f"{output.plain(str(output_file))}: {output.listed(value['added'])}", soft_wrap=True)
    if output_file.suffix != ".py":
        screen.print(f"[dim]Read it elsewhere with[/] nashforge import {output.plain(output_file.name)}")


def _program(archive: Archive, names: list[str], path: Path, domain: str | None) -> dict[str, Any]:
    from nashforge.evolve.measurement.programs import find_program, store, with_header

    if len(names) != 1:
        raise UsageProblem("a .py file holds one program; name exactly one, or choose another kind of file")
    program = store(archive, find_program(names[0], lambda: archive, domain_name=domain))
    text = with_header(program, _story(archive, program))
    write_text(path, text)
    return {"file": str(path), "added": {"program": 1}, "program": program.nickname, "hash": program.hash}


def _story(archive: Archive, program: Program) -> list[str]:
    """Return what the header of an exported program says: lineage and scores."""
    import textwrap

    from nashforge.evolve.config.run import stored_settings
    from nashforge.evolve.search.measured.standings import curves_in, metric_in
    from nashforge.evolve.search.population.ranking import merit

    lines: list[str] = []
    proposed = archive.candidates.of_program(program)
    if proposed:
        best = max(proposed, key=merit)
        settings = stored_settings(archive, archive.runs.get(best.run_id))
        lines += [
            f"Run {best.run}, candidate {best.index}, proposed by {best.proposer}.",
            *(["Imported: the fitness below was measured elsewhere."] if best.imported else []),
            f"Fitness: train {output.fitness(best.train)}, validation {output.fitness(best.validation)}, "
            f"test {output.fitness(best.test)}",
            *textwrap.wrap(f"({output.meaning_of_run(settings).removeprefix('fitness: ')})", 100),
            *_descent(archive, best),
        ]
    measured: dict[str, tuple[int, float, str]] = {}
    for evaluation in archive.evaluations.find(program=program, imported=False):
        if evaluation.split not in TOLD:
            continue
        metric = metric_in(evaluation, program.domain)
        for game, [*_, (iteration, value)] in curves_in(evaluation, program.domain).items():
            if iteration >= measured.get(game, (0,))[0]:
                measured[game] = (iteration, value, metric)
    if measured:
        lines.append("Measured:")
        for game, (iteration, value, metric) in measured.items():
            lines.append(f"  {game}: {metric} {output.number(value)} after {iteration} iterations")
    return lines


def _descent(archive: Archive, best: Candidate) -> list[str]:
    """Return how a program came about: every step, or of many those that raised the fitness most."""
    import textwrap

    from nashforge.evolve.search.population.ranking import line_of_descent, milestones

    line = line_of_descent(archive, best)
    most = DESCENT_LINES - 1
    while True:
        places = milestones(line, most)
        told: list[str] = []
        for place in places:
            step = line[place]
            head = f"#{step.index} {step.nickname} (train {output.fitness(step.train)})"
            text = f"{head}: {' '.join(output.edit_of(step).split())}"
            told += textwrap.wrap(text, 100, initial_indent="  ", subsequent_indent="    ")
        if len(told) < DESCENT_LINES or most <= 2:
            break
        # Long notes take several lines each.
        most = max(2, most * (DESCENT_LINES - 1) // len(told))
    whole = len(places) == len(line)
    title = "Lineage:" if whole else f"Lineage, {len(places)} of {len(line)} steps, which raised it most:"
    return [title, *told][:DESCENT_LINES]


def _archive(archive: Archive, names: list[str], path: Path, force: bool) -> dict[str, Any]:
    from nashforge.archive import Program, Run, export_archive
    from nashforge.evolve.results.lineage import run_or_program

    found = [run_or_program(archive, name) for name in names]
    runs = [item for item in found if isinstance(item, Run)]
    programs = [item for item in found if isinstance(item, Program)]
    report = export_archive(
        archive, path, runs=runs if names else None, programs=programs if names else None, overwrite=force
    )
    return {"file": str(path), "added": report.added}
