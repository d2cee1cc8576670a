"""The report of a study: its searches, fitness against evaluations, and the program that ships."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nashforge.cli.rendering import output
from nashforge.cli.rendering.figures.studies import draw_studies
from nashforge.cli.rendering.html.pictures import data_uri
from nashforge.cli.report.file import policy_of, report_templates, style_sheet

if TYPE_CHECKING:
    from nashforge.archive import Archive
    from nashforge.evolve.results.studies import StudyStatus

PAGE = "study_page.html.jinja"  # a name that no page of the dashboard has


def study_page(archive: Archive, told: StudyStatus) -> str:
    """Return the report of a study as HTML."""
    from nashforge.evolve.domains.lengths import length_in_words

    leading, settings = told.leading, told.settings
    source = None
    if leading is not None and leading.candidate.program is not None:
        source = archive.programs.get(leading.candidate.program).source
    picture = data_uri(lambda path: draw_studies([told], path), "study.svg") if told.points else None
    templates, style = report_templates(), style_sheet()
    facts = [
        ("domain", told.study.domain),
        ("state", told.state),
        ("suites", f"train {settings.get('train')}; validation {settings.get('validation')}"),
        ("length", length_in_words(settings)),
        ("strategy", str(settings.get("strategy"))),
        ("written by", str(settings.get("proposer"))),
        ("evaluations", f"{told.evaluations} of at most {told.limit}"),
        ("time worked", output.duration(sum(now.result.seconds for now in told.runs))),
    ]
    return templates.get_template(PAGE).render(
        style=style,
        policy=policy_of(style, ()),
        told=told,
        facts=facts,
        picture=picture,
        source=source,
        meaning=output.meaning_of_run(settings),
        made=datetime.now(UTC),
    )
