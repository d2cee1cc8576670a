"""``nashforge show``: the code of a program, its scores and its parents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from nashforge.cli.options.archives import programs
from nashforge.cli.options.declared import flag
from nashforge.cli.options.shared import Database, FileDomain, Json, ProgramName
from nashforge.cli.rendering import output
from nashforge.cli.rendering.diagnosis.audits import print_record, record_as_dict
from nashforge.cli.rendering.records import candidate_as_dict, evaluation_as_dict

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.archive import Archive, Candidate, Evaluation
    from nashforge.archive.stores.agents.verdicts import AuditRecord
    from nashforge.evolve.measurement.programs import NamedProgram


SHOWN = 8
"""Measurements that are shown, the newest."""


def show(
    program: ProgramName,
    source: Annotated[bool, flag("Whether to print the code.", show_default=True)] = True,
    domain: FileDomain = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Show a program: its code, its origin and its scores."""

    with programs([program], database, domain=domain, stored=True) as ([named], archive):
        proposed: list[Candidate] = []
        evaluations: list[Evaluation] = []
        parents: dict[int, list[tuple[Candidate, str]]] = {}
        audits: list[AuditRecord] = []
        if archive is not None and named.stored is not None:
            proposed = archive.candidates.of_program(named.stored)
            evaluations = archive.evaluations.find(program=named.stored)
            parents = {candidate.id: _parents(archive, candidate) for candidate in proposed}
            audits = archive.verdicts.history(named.stored)
    tested = _looks(named.domain, evaluations)
    if output.wants_json(json):
        told = _value(named, proposed, parents, evaluations, tested)
        output.print_json({**told, "audits": [record_as_dict(one) for one in audits]})
        return
    screen = output.console()
    _print_origin(screen, named, proposed, parents)
    if source:
        screen.print()
        output.print_code(screen, named.source, "python")
    if audits:
        print_record(screen, audits[-1])
    _print_measured(screen, named.domain, evaluations)
    _print_looks(screen, tested)


def _parents(archive: Archive, candidate: Candidate) -> list[tuple[Candidate, str]]:
    return [(archive.candidates.get(parent.candidate_id), str(parent.role)) for parent in candidate.parents]


def _value(
    named: NamedProgram,
    proposed: list[Candidate],
    parents: dict[int, list[tuple[Candidate, str]]],
    evaluations: list[Evaluation],
    tested: list[Evaluation],
) -> dict[str, Any]:
    from nashforge.archive import program_hash

    return {
        "program": named.label,
        "nickname": None if named.stored is None else named.stored.nickname,
        "hash": program_hash(named.source, named.domain),
        "domain": named.domain,
        "origin": named.origin,
        "imported": None if named.stored is None else named.stored.imported,
        "source": named.source,
        "candidates": [
            {
                **candidate_as_dict(candidate),
                "parents": [
                    {"program": parent.nickname, "run": parent.run, "index": parent.index, "role": role}
                    for parent, role in parents[candidate.id]
                ],
            }
            for candidate in proposed
        ],
        "evaluations": [evaluation_as_dict(evaluation) for evaluation in evaluations],
        "tested": len(tested),
        "first_tested": tested[0].finished if tested else None,
    }


def _print_origin(
    screen: Console,
    named: NamedProgram,
    proposed: list[Candidate],
    parents: dict[int, list[tuple[Candidate, str]]],
) -> None:
    from nashforge.archive import program_hash

    kinds = {"library": "rule of the library", "file": "file", "archive": "program"}
    digest = program_hash(named.source, named.domain)[:12]
    known = f" · stored as {named.stored.nickname}" if named.stored and named.origin != "archive" else ""
    screen.print(
        f"[bold green]{output.plain(named.label)}[/]  "
        f"[dim]{kinds[named.origin]} · {output.plain(named.domain)} · {digest}{known}[/]"
        + output.elsewhere(None if named.stored is None else named.stored.imported)
    )
    for candidate in proposed:
        screen.print(
            f"[cyan]{candidate.run}[/] #{candidate.index} · {_made(candidate)}"
            + output.elsewhere(candidate.imported)
            + ("" if str(candidate.status) == "ok" else f" · [red]{candidate.status}[/]")
        )
        if candidate.operator != "seed" and candidate.note:
            screen.print(output.prose(candidate.note))
        if candidate.reason:
            screen.print(f"[red]{output.prose(candidate.reason)}[/]")
        links = [
            f"{'× ' if role == 'crossover' else ''}[green]{parent.nickname}[/]"
            for parent, role in parents[candidate.id]
            if role != "inspiration"
        ]
        if links:
            screen.print(f"  from {' '.join(links)}")
        screen.print(
            f"  train {output.fitness(candidate.train)}   validation {output.fitness(candidate.validation)}"
            f"   test {output.fitness(candidate.test)}"
        )


def _print_measured(screen: Console, domain: str, evaluations: list[Evaluation]) -> None:
    from nashforge.cli.rendering.runs.summary import standing_text
    from nashforge.evolve.search.measured.standings import curves_in, standing_in

    wanted = [evaluation for evaluation in evaluations if evaluation.split != "smoke"]
    if len(wanted) > SHOWN:
        screen.print(f"\n[dim]{len(wanted) - SHOWN} earlier measurements: see --json[/]")
    for evaluation in wanted[-SHOWN:]:
        kind = "on request" if evaluation.split is None else output.plain(evaluation.split)
        head = f"\n[bold]{output.plain(evaluation.suite)}[/] [dim]({kind}, {output.ago(evaluation.finished)}"
        head += f", {output.plain(_length(domain, evaluation))})[/]"
        head += output.elsewhere(evaluation.imported)
        if evaluation.fitness is not None:
            head += f"  fitness [bold]{output.fitness(evaluation.fitness)}[/]"
        screen.print(head)
        standing = standing_in(evaluation, domain)
        ratios = {} if standing is None else standing.ratios
        if standing is not None:
            screen.print(f"  {standing_text(standing)}")
        if evaluation.status.failed:
            screen.print(
                f"  [red]{evaluation.status}[/]: {output.plain(' '.join((evaluation.reason or '').split()))}"
            )
        for game, [*_, (_, value)] in curves_in(evaluation, domain).items():
            ratio = f"  {output.fitness(ratios[game]):>6}" if game in ratios else ""
            # Nobody breaks a name of a game: one that has no room stands on a line of its own.
            shown = output.number(value)
            before = f"  {shown:>10}{ratio}  "
            room = not output.on_terminal() or len(before) + len(game) <= screen.width
            screen.print(
                f"{before if room else before.rstrip() + chr(10) + '    '}{output.plain(game)}",
                soft_wrap=True,
            )


def _looks(domain: str, evaluations: list[Evaluation]) -> list[Evaluation]:
    """Return the measurements on test families of the benchmark; where nothing was measured, ask nobody."""
    if not evaluations:
        return []
    from nashforge.evolve.benchmarking.looks import looks
    from nashforge.evolve.domains import UnknownDomainError
    from nashforge.evolve.domains import domain as find_domain

    try:
        return looks(find_domain(domain), evaluations)
    except UnknownDomainError:  # the program came from where its domain is
        return []


def _print_looks(screen: Console, tested: list[Evaluation]) -> None:
    if tested:
        count = output.counted(len(tested), "measurement")
        screen.print(
            f"\n[yellow]Test families of the benchmark were played: {count}, the first "
            f"{output.ago(tested[0].finished)}.[/] Who chose by them has no test left."
        )


def _made(candidate: Candidate) -> str:
    """Return by whom a program was brought into its run, and how."""
    if candidate.operator == "seed":
        return output.plain(output.edit_of(candidate))
    return f"{output.plain(candidate.operator)} by {output.plain(candidate.proposer)}"


def _length(domain: str, evaluation: Evaluation) -> str:
    from nashforge.evolve.domains.lengths import length_in_words

    horizon = evaluation.settings.get("horizon", 0)
    return length_in_words({"domain": domain, "train": evaluation.suite, "horizon": horizon})
