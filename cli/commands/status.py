"""``nashforge status``: where a run stands."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nashforge.cli.options.archives import find_search, opened
from nashforge.cli.options.shared import Database, Json, LatestSearch, Watch
from nashforge.cli.rendering import output
from nashforge.cli.rendering.records import candidate_as_dict, run_status_as_dict

if TYPE_CHECKING:
    from rich.console import RenderableType

    from nashforge.archive import Archive, Candidate, Study
    from nashforge.evolve.results.run_status import RunStatus


def status(
    run: LatestSearch = "latest", watch: Watch = False, database: Database = None, json: Json = None
) -> None:
    """Show where a run or a study stands.

    Also while other processes work on it, here or on other machines: then with what each has in hand.
    """
    from nashforge.archive import Study
    from nashforge.cli.rendering.runs.csro import show_csro
    from nashforge.cli.rendering.runs.studies import study_as_dict
    from nashforge.cli.rendering.runs.watching import watched
    from nashforge.evolve.config.parts import CSRO
    from nashforge.evolve.results.studies import study_status

    with opened(database) as archive:
        found = find_search(archive, run)
        if isinstance(found, Study):
            if output.wants_json(json):
                output.print_json(study_as_dict(study_status(archive, found)))
            else:
                watched(lambda: _study_shown(archive, found), repeat=watch)
            return
        number = found.id
        if found.config.get("strategy") == CSRO:
            show_csro(archive, found, as_json=output.wants_json(json))
            return
        if output.wants_json(json):
            output.print_json(_as_dict(archive, number))
        else:
            watched(lambda: _shown(archive, number), repeat=watch)


def _read(archive: Archive, number: int) -> tuple[RunStatus, list[Candidate], list[Candidate]]:
    from nashforge.evolve.results.run_status import improvements_of, run_status

    now = run_status(archive, archive.runs.get(number))
    return now, improvements_of(archive, now.run), archive.candidates.failures(now.run, limit=5)


def _as_dict(archive: Archive, number: int) -> dict[str, Any]:
    from nashforge.evolve.challenge.records import challenge_records
    from nashforge.evolve.config.run import SETTINGS
    from nashforge.evolve.service.status import service_status

    now, better, failures = _read(archive, number)
    service = service_status(archive, run=now.run)
    return {
        **run_status_as_dict(now),
        "config": SETTINGS.with_former_names(now.settings),
        "improvements": [candidate_as_dict(candidate) for candidate in better],
        "challenges": [record.model_dump(mode="json") for record in challenge_records(archive, now.run)],
        "latest_failures": [candidate_as_dict(candidate) for candidate in failures],
        "cost": {model: asdict(spent) for model, spent in archive.calls.spending(now.run).items()},
        "work": {key: service[key] for key in ("waiting", "running", "answered", "lost", "rate")},
    }


def _study_shown(archive: Archive, study: Study) -> RenderableType:
    from rich.text import Text

    from nashforge.cli.rendering.runs.studies import print_study
    from nashforge.evolve.results.studies import study_status

    screen = output.console()
    with screen.capture() as captured:
        print_study(screen, study_status(archive, study))
    return Text.from_ansi(captured.get().strip("\n"))


def _shown(archive: Archive, number: int) -> RenderableType:
    from rich.text import Text

    from nashforge.cli.rendering.runs.activity import busy_lines, money_line, queue_line
    from nashforge.cli.rendering.runs.summary import print_standing
    from nashforge.evolve.challenge.records import challenge_records
    from nashforge.evolve.service.status import service_status

    now, better, failures = _read(archive, number)
    screen = output.console()
    with screen.capture() as captured:
        print_standing(screen, now, better, failures)
        for record in challenge_records(archive, now.run):
            screen.print(output.plain(record.words()))
        spent = archive.calls.spending(now.run)
        if spent[""].calls:
            screen.print(money_line(spent))
        if now.settings.get("executor") == "celery":
            work = service_status(archive, run=now.run)
            screen.print("\nWorkers")
            for line in [*busy_lines(work["running"]), "  " + queue_line(work)]:
                screen.print(line, overflow="ellipsis", no_wrap=True)
    return Text.from_ansi(captured.get().rstrip("\n"))
