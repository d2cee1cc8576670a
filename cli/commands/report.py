"""``nashforge report``: a run as one page for a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from nashforge.cli.options.archives import find_search, opened
from nashforge.cli.options.declared import flag
from nashforge.cli.options.files import check_file, write_text
from nashforge.cli.options.shared import Database, Force, Json, LatestSearch, Tier, output_option
from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from nashforge.archive import Archive, Study


def report(
    run: LatestSearch = "latest",
    output_file: Annotated[
        Path | None,
        output_option("Where to write it (.html). [default: the run's name]"),
    ] = None,
    episode: Annotated[
        bool, flag("Whether to play a social dilemma's best policy for it.", show_default=True)
    ] = True,
    force: Force = False,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Write a report of a run or study: one HTML file to look at and to pass on.

    It shows what the run was, its progress, the best program with its scores beside those of known ones, how
    it came about, failures, costs, and policies of social dilemmas at play. Also while the run goes on.
    """
    from nashforge.archive import Study
    from nashforge.cli.report.whole import report_page

    check_file("--output", output_file, force, (".html", ".htm"))
    with opened(database) as archive:
        of = find_search(archive, run)
        path = output_file or Path(f"{of.nickname}.html")
        check_file("--output", path, force)
        if isinstance(of, Study):
            _study(archive, of, path, as_json=output.wants_json(json))
            return
        tier = allow_weaker_sandbox or "strict" if episode else None
        text, found, shown = report_page(archive, of, tier=tier)
    write_text(path, text)
    best = found.status.result.best
    if output.wants_json(json):
        output.print_json(
            {
                "run": found.status.run.nickname,
                "file": str(path),
                "best": None if best is None else best.nickname,
                "episode": shown is not None and shown.episode is not None,
            }
        )
        return
    screen = output.console()
    if shown is not None and shown.episode is None:
        screen.print(f"[yellow]no episode:[/] {output.plain(shown.reason)}")
    screen.print(f"report written to [green]{output.plain(str(path))}[/]", soft_wrap=True)


def _study(archive: Archive, study: Study, path: Path, *, as_json: bool) -> None:
    """Write the report of a study."""
    from nashforge.cli.report.study import study_page
    from nashforge.evolve.results.studies import study_status

    told = study_status(archive, study)
    write_text(path, study_page(archive, told))
    if as_json:
        chosen = None if told.chosen is None else told.chosen.candidate.nickname
        output.print_json({"study": study.nickname, "file": str(path), "chosen": chosen})
    else:
        output.console().print(f"report written to [green]{output.plain(str(path))}[/]", soft_wrap=True)
