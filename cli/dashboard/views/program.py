"""The page of one program: its code, what was changed, what it reached, where it comes from."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nashforge.archive import AmbiguousReference, Archive, Candidate, Evaluation, NotFound, Program
from nashforge.archive.records import Role
from nashforge.cli.dashboard.jobs.suites import suites_of
from nashforge.cli.dashboard.views.base import Asked, View
from nashforge.cli.dashboard.views.compared import compared_data
from nashforge.cli.dashboard.views.episode import watched_domain
from nashforge.evolve.diagnosis.audit.findings import finding_of, ordered
from nashforge.evolve.domains import UnknownDomainError, domain
from nashforge.evolve.results.comparison import comparison
from nashforge.evolve.results.report import SPLITS, domain_of
from nashforge.evolve.search.measured.standings import standing_in
from nashforge.evolve.search.population.starts import starts_of, strongest

SHOWN = 30
"""Measurements and candidates that are listed, the newest."""


@dataclass(frozen=True)
class Change:
    """The difference of a program from another.

    Attributes
    ----------
    against : str
        Which one was asked for: ``parent``, ``seed`` or a name.
    name, hash : str or None
        The other program; None: there is none, and ``text`` says why.
    """

    against: str
    name: str | None
    hash: str | None
    text: str
    added: int = 0
    removed: int = 0


def program(asked: Asked) -> View:
    """Return the page of a program."""
    archive = asked.archive
    found = archive.programs.get(asked.path["program"])
    proposed = archive.candidates.of_program(found)
    chosen = chosen_of(proposed, asked.get("run"))
    evaluations = archive.evaluations.find(program=found)
    compared = compared_in(archive, chosen)
    data = {
        "program": found,
        "proposed": proposed[-SHOWN:],
        "chosen": chosen,
        "parents": parents_of(archive, chosen),
        "change": change_of(archive, found, chosen, asked.get("against") or "parent"),
        "evaluations": [row for row in evaluations if row.split != "smoke"][-SHOWN:][::-1],
        "standings": {row.token: standing_in(row, found.domain) for row in evaluations},
        "compared": compared,
        **audited(archive, found),
        "looks": looks_of(found, evaluations),
        "watched": watched_domain(found) is not None,
        **work_on(asked, found),
    }
    return View("program.html.jinja", found.nickname, data, place="programs")


def chosen_of(proposed: Sequence[Candidate], run: str) -> Candidate | None:
    """Return the candidate by which a program is told: one of the run that is looked at, if any is."""
    ranked = sorted(proposed, key=lambda item: (item.run != run, item.train is None))
    return ranked[0] if ranked else None


def audited(archive: Archive, found: Program) -> dict[str, Any]:
    """Return the newest audit of a program and what it found; nothing where there was none."""
    record = archive.verdicts.of([found.hash], imported=True).get(found.hash)
    return {
        "audit": record,
        "findings": [] if record is None else ordered(map(finding_of, record.findings)),
    }


def work_on(asked: Asked, found: Program) -> dict[str, Any]:
    """Return what can be asked for with a program, and what was; nothing without control."""
    nothing: dict[str, Any] = {"suites": (), "horizon": 0, "jobs": [], "linked": False}
    if asked.jobs is None:
        return nothing
    try:
        suites = suites_of(found.domain)
    except UnknownDomainError:
        return nothing
    horizon = domain(found.domain).horizon
    return {**nothing, "suites": suites, "horizon": horizon, "jobs": asked.jobs.of(found.hash)}


def panel(asked: Asked) -> View:
    """Return the part of a page that shows a program beside a tree."""
    return View("panel.html.jinja", "", {"panel": panel_data(asked, asked.path["program"])})


def panel_data(asked: Asked, reference: str) -> dict[str, Any] | None:
    """Return what is shown of a program beside a tree; None if there is none of this name."""
    archive = asked.archive
    try:
        found = archive.programs.get(reference)
    except (NotFound, AmbiguousReference):
        return None
    chosen = chosen_of(archive.candidates.of_program(found), asked.path.get("run") or asked.get("run"))
    return {
        "program": found,
        "chosen": chosen,
        "parents": parents_of(archive, chosen),
        "change": change_of(archive, found, chosen, "parent"),
    }


def parents_of(archive: Archive, candidate: Candidate | None) -> list[tuple[Candidate, Role]]:
    """Return what a candidate was made from, and how."""
    if candidate is None:
        return []
    roles = {parent.candidate_id: parent.role for parent in candidate.parents}
    return [(item, roles[item.id]) for item in archive.candidates.by_id(list(roles))]


def change_of(archive: Archive, found: Program, candidate: Candidate | None, against: str) -> Change:
    """Return the difference of a program from its parent, its run's start, or any other program."""
    other: Program | None
    if against == "parent":
        first = next((p for p, role in parents_of(archive, candidate) if role is not Role.INSPIRATION), None)
        other = None if first is None or first.program is None else archive.programs.get(first.program)
        why = "The search started with this program." if candidate else "No search proposed this program."
    elif against == "seed":
        start = (
            None if candidate is None else strongest(starts_of(archive, archive.runs.get(candidate.run_id)))
        )
        other = None if start is None or start.program is None else archive.programs.get(start.program)
        why = "The start of its run was not measured."
    else:
        try:
            other, why = archive.programs.get(against), ""
        except (NotFound, AmbiguousReference) as error:
            other, why = None, str(error)
    if other is None:
        return Change(against, None, None, why)
    lines = difflib.unified_diff(other.source.splitlines(), found.source.splitlines(), lineterm="", n=4)
    changed = [*lines][2:]
    return Change(
        against,
        other.nickname,
        other.hash,
        "\n".join(changed),
        sum(line.startswith("+") for line in changed),
        sum(line.startswith("-") for line in changed),
    )


def compared_in(archive: Archive, candidate: Candidate | None) -> list[dict[str, Any]]:
    """Return what a candidate reached by game, beside the start and the library, with curves."""
    if candidate is None or candidate.train is None:
        return []
    run = archive.runs.get(candidate.run_id)
    work = domain_of(run)
    if work is None:
        return []
    seed = strongest(starts_of(archive, run))
    found = (comparison(archive, work, run, candidate, seed, split) for split in SPLITS)
    return [compared_data(work, one) for one in found if one is not None]


def looks_of(found: Program, evaluations: list[Evaluation]) -> int:
    """Return how many measurements on games of the benchmark's test families a program has had."""
    from nashforge.evolve.benchmarking.looks import looks

    try:
        return len(looks(domain(found.domain), evaluations)) if evaluations else 0
    except UnknownDomainError:
        return 0
