"""The page itself: text and numbers put into the template, which escapes all of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nashforge.archive.stores.views import Fitted, Told
from nashforge.cli.dashboard.charts import series
from nashforge.cli.dashboard.charts.ratios import games_of
from nashforge.cli.dashboard.charts.tree import tree_of
from nashforge.cli.dashboard.views.compared import compared_data
from nashforge.cli.rendering import money, output
from nashforge.cli.rendering.cautions import cautions_of
from nashforge.cli.rendering.runs.summary import SPLITS, standing_text, written_by
from nashforge.cli.report.file import SCRIPTS, policy_of, report_templates, script, style_sheet
from nashforge.evolve.results.history import History
from nashforge.evolve.search.population.ranking import merit

if TYPE_CHECKING:
    from nashforge.cli.report.film import Film
    from nashforge.cli.report.kin import Kin
    from nashforge.evolve.results.report import RunReport

PAGE = "page.html.jinja"

KINDS = {"duplicate": "repetitions of known programs, skipped"}
"""Failures that are told in other words than the name of their status."""


def page(report: RunReport, kin: Kin, film: Film | None) -> str:
    """Return the report of a run as HTML.

    Parameters
    ----------
    kin
        The programs of the tree.
    film
        The best policy at play, where there is something to be seen.
    """
    templates = report_templates()
    now = report.status
    history = history_of(report, kin)
    scripts = [script(name) for name in SCRIPTS]
    style = style_sheet()
    return templates.get_template(PAGE).render(
        style=style,
        scripts=scripts,
        policy=policy_of(style, scripts),
        title=now.run.nickname,
        report=report,
        now=now,
        run=now.run,
        result=now.result,
        facts=_facts(report),
        meaning=output.meaning_of_run(now.settings),
        cautions=cautions_of(now),
        history=history,
        drawn=0 if history is None else len(history["x"]),
        measured=len(report.fitted),
        games=games_of(now),
        tables=[compared_data(report.domain, one) for one in report.comparisons if report.domain is not None],
        tree=tree_of(kin.family),
        family=kin.family,
        members=kin.members,
        programs=kin.programs,
        film=film,
        failures=sorted(
            ((KINDS.get(kind, kind.replace("_", " ")), count) for kind, count in now.result.failures.items()),
            key=lambda item: -item[1],
        ),
        settings=json.dumps(now.settings, indent=2, default=str),
        versions={**now.run.versions, **now.run.host},
        money_meaning=money.MEANING,
        made=datetime.now(UTC),
    )


def history_of(report: RunReport, kin: Kin) -> dict[str, Any] | None:
    """Return the fitness of a run's programs as a chart; of very many, those that tell most."""
    best: Fitted | None = None
    tops: list[float] = []
    for item in report.fitted:
        if best is None or merit(item) > merit(best):
            best = item
        tops.append(best.train)
    # A test is measured once, of the best: the tiles tell it.
    told = tuple(
        Told(item.id, item.index, item.program, None, item.train, item.validation, None)
        for item in report.fitted
    )
    zero = (0.0,) * len(told)
    drawn = History(told, zero, zero, tuple(tops)).thinned()
    chart = series.progress(drawn, "candidates")
    if chart is None:
        return None
    names = {item.id: item.nickname or "" for item in kin.family.members.values()}
    chart["names"] = [f"#{item.index} {names.get(item.id, '')}" for item in drawn.measured]
    chart["links"] = [item.program if item.program in kin.programs else "" for item in drawn.measured]
    return {**chart, "frozen": True}


def _facts(report: RunReport) -> list[tuple[str, str]]:
    """Return what the run was, line by line."""

    from nashforge.evolve.domains.lengths import length_in_words

    now, settings = report.status, report.status.settings
    domain = now.run.domain if report.domain is None else f"{now.run.domain}: {report.domain.title}"
    state = f"{now.state} ({now.why})" if now.why else now.state
    suites = "; ".join(f"{split} {settings[split]}" for split in SPLITS if settings.get(split))
    facts = [
        ("domain", domain),
        ("state", state),
        ("suites", suites),
        ("length", length_in_words(settings)),
        ("strategy", str(settings.get("strategy", "-"))),
        ("written by", written_by(settings)),
        ("seed", str(now.run.seed)),
        ("evaluations", f"{now.result.evaluations} of at most {now.limit}"),
        ("time worked", output.duration(now.result.seconds)),
    ]
    if now.standing is not None:
        facts.append(("against the references", output.markup(standing_text(now.standing)).plain))
    facts += [(f"challenge {one.number}", one.words()) for one in report.challenges]
    if report.total.calls:
        spent = report.total
        tokens = spent.input_tokens + spent.cached_tokens + spent.cache_write_tokens + spent.output_tokens
        calls = output.counted(spent.calls, "call")
        facts.append(("cost", f"{money.dollars(spent.cost)} for {calls} and {money.tokens(tokens)} tokens"))
    started = now.run.started
    if now.run.imported is not None:
        facts.append(("imported", f"{now.run.imported:%Y-%m-%d %H:%M} UTC: its numbers come from elsewhere"))
    facts.append(("started", "-" if started is None else f"{started:%Y-%m-%d %H:%M} UTC"))
    return facts
