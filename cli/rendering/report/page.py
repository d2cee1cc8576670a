"""The page itself: text and numbers put into the template, which escapes all of it."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nashforge.cli.rendering import money, output
from nashforge.cli.rendering.report.templates import page_environment
from nashforge.cli.rendering.runs.summary import SPLITS, standing_text, stop_words

if TYPE_CHECKING:
    from jinja2 import Environment

    from nashforge.cli.rendering.report.film import Film
    from nashforge.evolve.results.comparison import Comparison
    from nashforge.evolve.results.report import RunReport
    from nashforge.solvers.metrics.registry import Metric

PAGE, STYLE = "page.html.jinja", "style.css.jinja"

KINDS = {"duplicate": "repetitions of known programs, skipped"}
"""Failures that are told in other words than the name of their status."""


@dataclass(frozen=True)
class Table:
    """Programs side by side.

    Attributes
    ----------
    heads : tuple of str
        The programs.
    rows : list of (str, str, list of (str, bool))
        What was measured, a note on it, and a cell for each program: text, and whether it is the best.
    """

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[str, str, list[tuple[str, bool]]]]


def page(report: RunReport, pictures: Mapping[str, str | None], film: Film | None) -> str:
    """Return the report of a run as HTML.

    Parameters
    ----------
    pictures
        ``data:`` addresses of ``progress`` and, by split, of what the programs reached.
    film
        The best policy at play, where there is something to be seen.
    """
    templates = page_environment(__package__)
    style, policy = style_and_policy(templates)
    now = report.status
    return templates.get_template(PAGE).render(
        style=style,
        policy=policy,
        report=report,
        now=now,
        run=now.run,
        result=now.result,
        facts=_facts(report),
        meaning=output.meaning_of_run(now.settings),
        splits=SPLITS,
        pictures=pictures,
        tables={compared.split: _tables(report, compared) for compared in report.comparisons},
        standing=_standing(report),
        film=film,
        failures=sorted(
            ((KINDS.get(kind, kind.replace("_", " ")), count) for kind, count in now.result.failures.items()),
            key=lambda item: -item[1],
        ),
        settings=json.dumps(now.settings, indent=2, default=str),
        versions={**now.run.versions, **now.run.host},
        money=money,
        made=datetime.now(UTC),
    )


def style_and_policy(templates: Environment) -> tuple[str, str]:
    """Return the style sheet of a page, and what a browser may do with the page."""
    style = templates.get_template(STYLE).render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    # Nothing may be loaded, run or sent; the one style sheet is known by its hash.
    return style, (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def _facts(report: RunReport) -> list[tuple[str, str]]:
    """Return what the run was, line by line."""
    from rich.text import Text

    from nashforge.evolve.domains.lengths import length_in_words

    now, settings = report.status, report.status.settings
    domain = now.run.domain if report.domain is None else f"{now.run.domain}: {report.domain.title}"
    state = now.state
    if now.run.stop_reason:
        state += f" ({stop_words(now.run.stop_reason)})"
    suites = "; ".join(f"{split} {settings[split]}" for split in SPLITS if settings.get(split))
    proposers = settings.get("proposer")
    shown = ", ".join(map(str, proposers)) if isinstance(proposers, list) else str(proposers)
    facts = [
        ("domain", domain),
        ("state", state),
        ("suites", suites),
        ("length", length_in_words(settings)),
        ("strategy", str(settings.get("strategy", "-"))),
        ("written by", "the offline proposer" if shown == "offline" else shown),
        ("seed", str(now.run.seed)),
        ("evaluations", f"{now.result.evaluations} of at most {now.limit}"),
        ("time worked", output.duration(now.result.seconds)),
    ]
    if now.standing is not None:
        facts.append(("against the references", Text.from_markup(standing_text(now.standing)).plain))
    facts += [(f"challenge {one.number}", one.words()) for one in report.challenges]
    if report.total.calls:
        spent = report.total
        tokens = spent.input_tokens + spent.cached_tokens + spent.cache_write_tokens + spent.output_tokens
        facts.append(
            ("cost", f"{money.dollars(spent.cost)} for {spent.calls} calls and {money.tokens(tokens)} tokens")
        )
    started = now.run.started
    if now.run.imported is not None:
        facts.append(("imported", f"{now.run.imported:%Y-%m-%d %H:%M} UTC: its numbers come from elsewhere"))
    facts.append(("started", "-" if started is None else f"{started:%Y-%m-%d %H:%M} UTC"))
    return facts


def _standing(report: RunReport) -> Table | None:
    """Return how the best does against the best reference, by game, the worst first."""
    from nashforge.evolve.evaluation.standing import TIE

    standing, best = report.status.standing, report.status.result.best
    if standing is None or best is None:
        return None
    ratios = sorted(standing.ratios.items(), key=lambda item: item[1])
    return Table(
        "Orders of magnitude below the best reference, by game",
        (best.nickname or "",),
        [(game, "", [(output.fitness(ratio), ratio > math.log10(TIE))]) for game, ratio in ratios],
    )


def _tables(report: RunReport, compared: Comparison) -> list[Table]:
    assert report.domain is not None
    from nashforge.solvers.policies.metrics import FAULTS

    main = report.domain.metrics[report.domain.metric]
    by_game: list[tuple[str, str, list[tuple[str, bool]]]] = []
    for game in compared.games:
        values = [compared.value(label, game) for label in compared.labels]
        by_game.append((game, "", _cells(values, main)))
    by_metric = []
    for metric in report.domain.metrics.values():
        values = [compared.mean(label, metric, report.fitness.floor) for label in compared.labels]
        # What went wrong is told where anything did.
        if any(values) or (metric.name not in FAULTS and any(value is not None for value in values)):
            better = "lower is better" if metric.direction == "min" else "higher is better"
            cells = _cells(values, metric)
            spread = [_interval(report, compared, label, metric) for label in compared.labels]
            cells = [(text + more, best) for (text, best), more in zip(cells, spread, strict=True)]
            by_metric.append((metric.label, better, cells))
    tables = [
        Table(f"{main.label} by game", compared.labels, by_game),
        Table("All metrics, means over the games", compared.labels, by_metric),
    ]
    return tables[::-1] if len(by_metric) > 2 else tables


def _cells(values: list[float | None], metric: Metric) -> list[tuple[str, bool]]:
    known = {value for value in values if value is not None}
    best = metric.best(known) if len(known) > 1 else None
    return [
        # Zero has digits only where there are orders of magnitude.
        (
            "0" if value == 0 and not metric.logarithmic else output.number(value),
            value is not None and value == best,
        )
        for value in values
    ]


def _interval(report: RunReport, compared: Comparison, label: str, metric: Metric) -> str:
    """Return the half width of the interval of a mean, where the games are seeds of one."""
    from nashforge.solvers.policies.metrics import METRICS, summarise

    if report.domain is None or report.domain.episodes is None or metric.name not in METRICS:
        return ""
    mine = [row for row in compared.rows if row.label == label]
    found = summarise(score.value for row in mine for score in row.scores if score.metric == metric.name)
    if found.mean is None or found.high is None:
        return ""
    return f" ±{found.high - found.mean:.2g}"
