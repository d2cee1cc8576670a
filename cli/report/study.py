"""The report of a study: the dashboard's page of it, with the programs of its searches, in one file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nashforge.cli.dashboard.views.studies import study_data
from nashforge.cli.rendering import output
from nashforge.cli.rendering.runs.summary import SPLITS, written_by
from nashforge.cli.report.file import SCRIPTS, policy_of, report_templates, script, style_sheet
from nashforge.cli.report.kin import told_program

if TYPE_CHECKING:
    from nashforge.archive import Archive
    from nashforge.evolve.results.studies import StudyStatus

PAGE = "study_page.html.jinja"  # a name that no page of the dashboard has


def study_page(archive: Archive, told: StudyStatus) -> str:
    """Return the report of a study as HTML."""
    scripts = [script(name) for name in SCRIPTS]
    style = style_sheet()
    return (
        report_templates()
        .get_template(PAGE)
        .render(
            style=style,
            scripts=scripts,
            policy=policy_of(style, scripts),
            title=told.study.nickname,
            facts=_facts(told),
            programs=_programs(archive, told),
            settings=json.dumps(told.settings, indent=2, default=str),
            made=datetime.now(UTC),
            **study_data(told),
        )
    )


def _facts(told: StudyStatus) -> list[tuple[str, str]]:
    """Return what the study was, line by line."""
    from nashforge.evolve.domains.lengths import length_in_words

    settings = told.settings
    return [
        ("domain", told.study.domain),
        ("seeds", ", ".join(str(now.run.seed) for now in told.runs)),
        ("suites", "; ".join(f"{split} {settings[split]}" for split in SPLITS if settings.get(split))),
        ("length", length_in_words(settings)),
        ("strategy", str(settings.get("strategy"))),
        ("written by", written_by(settings)),
        ("time worked", output.duration(sum(now.result.seconds for now in told.runs))),
    ]


def _programs(archive: Archive, told: StudyStatus) -> dict[str, dict[str, str]]:
    """Return the best program of each search by its hash, with its change from where the search began."""
    found: dict[str, dict[str, str]] = {}
    for finalist in told.finalists:
        item, start = finalist.candidate, finalist.run.result.seed
        known = archive.programs.by_hash([one.program for one in (item, start) if one and one.program])
        program = known.get(item.program or "")
        if program is None or program.hash in found:
            continue
        before = None if start is None or start.id == item.id else known.get(start.program or "")
        found[program.hash] = told_program(item, program, start if before else None, before)
    return found
