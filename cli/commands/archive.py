"""``nashforge archive``: take what is remembered elsewhere, unite it, and put it in order."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.archives import find_search, opened, runs_of
from nashforge.cli.options.completion import complete_runs
from nashforge.cli.options.declared import argument, flag
from nashforge.cli.options.files import check_file
from nashforge.cli.options.shared import Database, Force, Json, SearchName
from nashforge.cli.rendering import output
from nashforge.cli.rendering.records import transfer_as_dict

archive = typer.Typer(
    help="Take archives elsewhere, merge them; rename and delete runs.", no_args_is_help=True
)


@archive.command("export")
def export_(
    file: Annotated[Path, argument("FILE", "Usually NAME.jsonl.gz.")],
    runs: Annotated[
        list[str] | None, argument("RUN", "Only these runs and studies.", complete=complete_runs)
    ] = None,
    model_calls: Annotated[
        bool, flag("With what models were asked and answered; replays need it.", show_default=True)
    ] = True,
    force: Force = False,
    database: Database = None,
    json: Json = None,
) -> None:
    """Write everything, or some runs, to one portable file.

    It holds programs, runs, lineages, all measurements and model calls, and merges into any archive.
    """
    from nashforge.archive import export_archive

    check_file("FILE", file, force)
    with opened(database) as source:
        chosen = runs_of(source, runs or ())
        report = export_archive(source, file, runs=chosen or None, model_calls=model_calls, overwrite=force)
    if output.wants_json(json):
        output.print_json({"file": str(file), "added": report.added})
        return
    output.console().print(f"{output.plain(str(file))}: {output.listed(report.added)}", soft_wrap=True)


@archive.command("import")
def import_(
    files: Annotated[list[Path], argument("FILE", "What `nashforge archive export` wrote.")],
    database: Database = None,
    json: Json = None,
) -> None:
    """Merge exported files, from as many places as you like.

    Programs are the same when their content is. What is there already stays as it is: this may be repeated.
    Each file is merged as a whole or, if something is wrong with it, not at all.
    """
    from nashforge.archive import Archive
    from nashforge.evolve.config.importing import import_file

    for file in files:
        if not file.is_file():
            raise UsageProblem(f"the file {file} does not exist; check the path")
    rows = []
    with Archive.open(database) as target:
        for file in files:
            report = import_file(target, file)
            rows.append(transfer_as_dict(file, report))
            if not output.wants_json(json):
                added, known = output.listed(report.added), output.listed(report.known)
                said = f"{output.plain(str(file))}: added {added}; known {known}"
                if report.left_out:
                    said += f"; left out, of runs that were made here, {output.listed(report.left_out)}"
                output.console().print(said, soft_wrap=True)
                for old, new in report.renamed.items():
                    output.console().print(
                        f"[yellow]{output.plain(old)} is called {output.plain(new)} here, because the name "
                        "was taken[/]"
                    )
    if output.wants_json(json):
        output.print_json(rows)


@archive.command("rename")
def rename(
    run: SearchName,
    name: Annotated[str, argument("NAME", "Letters, digits, '-', '_' and '.'.")],
    database: Database = None,
    json: Json = None,
) -> None:
    """Give a run or a study another name; the runs of a study keep theirs."""
    from nashforge.archive import Run, Study

    with opened(database) as target:
        found = find_search(target, run)
        try:
            renamed: Run | Study = (
                target.studies.rename(found, name)
                if isinstance(found, Study)
                else target.runs.rename(found, name)
            )
        except ValueError as error:
            raise UsageProblem(str(error)) from error
    if output.wants_json(json):
        output.print_json({"run": renamed.nickname, "before": found.nickname})
        return
    output.console().print(f"{found.nickname} is now called [cyan]{renamed.nickname}[/].")


@archive.command("delete")
def delete(
    run: SearchName,
    yes: Annotated[bool, flag("Delete it: this cannot be undone.")] = False,
    database: Database = None,
    json: Json = None,
) -> None:
    """Delete a run, or a study with its runs: candidates, measurements and model calls; programs stay."""
    from nashforge.archive import Study

    with opened(database) as target:
        found = find_search(target, run)
        if not yes:
            raise UsageProblem(
                f"deleting {found.nickname} cannot be undone; export it first with `nashforge archive "
                "export`, or give --yes"
            )
        if isinstance(found, Study):
            target.studies.delete(found)
        else:
            target.runs.delete(found)
    if output.wants_json(json):
        output.print_json({"deleted": found.nickname})
        return
    output.console().print(f"Deleted {found.nickname}; its programs stay.")
