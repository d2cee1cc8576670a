"""``nashforge audit``: look for programs that earn their fitness in other ways than they should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nashforge.cli.errors import FAILED
from nashforge.cli.options.declared import flag, option
from nashforge.cli.options.shared import (
    Database,
    FileDomain,
    Json,
    ProgramNames,
    Tier,
    Workers,
    suite_option,
)
from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from nashforge.evolve.diagnosis.audit.auditor import Audit


def audit(
    programs: ProgramNames,
    play: Annotated[
        bool,
        flag(
            "Whether programs are played in changed games, or only read.", "--play/--read", show_default=True
        ),
    ] = True,
    suite: Annotated[str | None, suite_option("Games to audit on. [default: the training suite]")] = None,
    model: Annotated[
        list[str] | None,
        option(
            "NAME",
            "A model that judges, too, such as anthropic:MODEL; a second one is asked where the first "
            "differs from the probes.",
        ),
    ] = None,
    budget: Annotated[
        float | None, option("USD", "Spend at most so much on models.", "--budget-usd", min=0)
    ] = None,
    clear: Annotated[
        str | None, option("WHY", "Call the programs clean, as a person who has read them, and say why.")
    ] = None,
    workers: Workers = None,
    domain: FileDomain = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Audit programs: read them, and play them where it should make no difference.

    Library programs and files are added to the archive first. The verdict (clean, suspicious or hack) changes
    no score; best, show, reports and pages tell it, and `run --audit gate` heeds it. Ends with 1 if a program
    is flagged.
    """
    from contextlib import closing

    from nashforge.archive import Archive
    from nashforge.cli.errors import UsageProblem
    from nashforge.cli.rendering.diagnosis.audits import audit_as_dict, print_audit
    from nashforge.cli.rendering.measuring import check_tier
    from nashforge.evolve.diagnosis.audit.auditor import audits, cleared
    from nashforge.evolve.diagnosis.audit.critics import critics_of
    from nashforge.evolve.executors.local import LocalExecutor
    from nashforge.evolve.measurement.programs import find_programs

    if clear is not None and (model or not clear.strip()):
        raise UsageProblem("--clear takes a sentence that says why, and goes with no --model")
    if budget is not None and not model:
        raise UsageProblem("--budget-usd is for models; name one with --model")
    critics = critics_of(model or ())
    tier = check_tier(allow_weaker_sandbox)
    found: list[Audit] = []
    as_json = output.wants_json(json)
    with Archive.open(database) as archive, closing(LocalExecutor(workers)) as executor:
        named = find_programs(programs, lambda: archive, domain_name=domain)
        several = (
            audits(
                archive, named, executor, tier=tier, play=play, suite=suite, critics=critics, budget=budget
            )
            if clear is None
            else cleared(archive, named, clear)
        )
        for place, one in enumerate(several, 1):
            found.append(one)
            if as_json:
                output.remark(f"{place}/{len(named)} {one.label}: {one.verdict}")
            else:
                print_audit(output.console(), one)
    if as_json:
        output.print_json([audit_as_dict(one) for one in found])
    if any(one.verdict.flagged for one in found):
        raise typer.Exit(FAILED)
