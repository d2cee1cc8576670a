"""Work on a program that takes long: measured on a suite, or distilled, by the commands of these names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from nashforge.archive import Program
from nashforge.cli.dashboard.errors import ControlError, whole_number
from nashforge.cli.dashboard.jobs.queue import Jobs, Work
from nashforge.cli.dashboard.jobs.suites import suites_of
from nashforge.cli.dashboard.views.base import Asked
from nashforge.cli.rendering import output
from nashforge.games.naming import choice

MOST_EVALUATIONS = 100_000


def evaluate(asked: Asked, form: Mapping[str, str]) -> str:
    """Let a program be measured on a suite."""
    program = asked.archive.programs.get(asked.path["program"])
    known = [one.name for one in suites_of(program.domain)]
    suite = form.get("suite", "").strip() or known[0]
    if suite not in known:  # a path would name a file of the machine of the dashboard
        raise ControlError(f"there is no suite {suite[:80]!r} for {program.domain}; {choice(suite, known)}")
    iterations = whole_number(form.get("iterations", ""), "iterations")
    words = ["evaluate", program.hash, "--suite", suite]
    words += [] if iterations is None else ["--iterations", str(iterations)]
    title = f"evaluate {program.nickname} on {suite}"
    title += "" if iterations is None else f", {iterations} iterations"
    _queue(asked).submit(Work(title, program.hash, tuple(words), _measured))
    return _page(program)


def distil(asked: Asked, form: Mapping[str, str]) -> str:
    """Let all be taken away from a program that its fitness does not need."""
    program = asked.archive.programs.get(asked.path["program"])
    text = form.get("tolerance", "").strip() or "0.02"
    try:
        tolerance = float(text)
    except ValueError:
        tolerance = math.nan
    if not 0 <= tolerance < math.inf:
        raise ControlError(f"{text[:20]!r} is no fitness to give up; give a number from 0, such as 0.02")
    most = whole_number(form.get("max_evaluations", ""), "smaller programs to measure", MOST_EVALUATIONS)
    words = ["distill", program.hash, "--tolerance", str(tolerance)]
    words += [] if most is None else ["--max-evaluations", str(most)]
    title = f"distil {program.nickname}, tolerance {tolerance:g}"
    _queue(asked).submit(Work(title, program.hash, tuple(words), _distilled))
    return _page(program)


def stop(asked: Asked, _form: Mapping[str, str]) -> str:
    """End a job, and show the program that it was for."""
    number = asked.path["job"]
    job = _queue(asked).stop(whole_number(number, "a job") or 0)
    return f"/programs/{job.work.subject}"


def _queue(asked: Asked) -> Jobs:
    assert asked.jobs is not None, "actions are reached only where control is allowed"
    return asked.jobs


def _page(program: Program) -> str:
    return f"/programs/{program.hash}#jobs"


def _measured(rows: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Return how a measurement ended, from the rows of ``evaluate --json``."""
    broken = [row for row in rows if row["value"] is None]
    if broken:
        reason = broken[0]["reason"] or broken[0]["status"]
        return f"{len(broken)} of {len(rows)} games failed; {broken[0]['game']}: {reason}", ""
    parts = [row["fitness"] for row in rows if row["fitness"] is not None]
    mean = f", mean fitness by game {output.fitness(sum(parts) / len(parts))}" if parts else ""
    return f"measured in {len(rows)} {'game' if len(rows) == 1 else 'games'}{mean}", ""


def _distilled(told: Mapping[str, Any]) -> tuple[str, str]:
    """Return how a distillation ended, from the answer of ``distill --json``."""
    first, last = told["steps"][0], told["steps"][-1]
    link = f"/runs/{quote(told['run'], safe='')}"
    if len(told["steps"]) == 1:
        return f"nothing can go: each of {told['tried']} removals costs more fitness than the tolerance", link
    end = "" if told["complete"] else "; the budget of measured programs ended first"
    return f"{told['program']}: size {last['size']} of {first['size']}{end}", link
