"""Audits as text and JSON: the verdict, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.archive.stores.agents.verdicts import AuditRecord, Verdict
    from nashforge.evolve.diagnosis.audit.auditor import Audit
    from nashforge.evolve.diagnosis.audit.findings import Finding

COLOURS = {"clean": "green", "suspicious": "yellow", "hack": "red"}


def mark(record: AuditRecord | None) -> str:
    """Return the mark, with markup, of a program that an audit flagged; nothing for others."""
    return "" if record is None or not record.verdict.flagged else f" {_coloured(record.verdict)}"


def _coloured(verdict: Verdict) -> str:
    return f"[{COLOURS[verdict]}]{verdict}[/]"


def reason(record: AuditRecord) -> str:
    """Return why a program is flagged, in a line of plain text."""
    from nashforge.evolve.diagnosis.audit.findings import finding_of, sentences

    return output.visible(sentences([finding_of(one) for one in record.findings]), "")


def record_as_dict(record: AuditRecord | None) -> dict[str, Any] | None:
    """Return a stored audit as JSON values; None: there is none."""
    if record is None:
        return None
    return {
        "verdict": str(record.verdict),
        "by": record.by,
        "version": record.version,
        "made": record.made,
        "imported": record.imported,
        "findings": [dict(one) for one in record.findings],
    }


def audit_as_dict(audit: Audit) -> dict[str, Any]:
    """Return an audit that was just made as JSON values."""
    return {"program": audit.label, "hash": audit.program, **(record_as_dict(audit.record) or {})}


def print_audit(screen: Console, audit: Audit) -> None:
    """Print the verdict on a program, and what it rests on."""
    screen.print(
        f"[bold]{output.plain(audit.label)}[/]  {_coloured(audit.verdict)}  [dim]{_by(audit.record)}[/]"
    )
    print_findings(screen, audit.findings)


def print_record(screen: Console, record: AuditRecord) -> None:
    """Print a stored audit."""
    from nashforge.evolve.diagnosis.audit.findings import finding_of, ordered

    when = f"{_by(record)}, {output.ago(record.made)}"
    head = f"\n[bold]audit[/]  {_coloured(record.verdict)}  [dim]{when}[/]"
    screen.print(head + output.elsewhere(record.imported))
    print_findings(screen, ordered(map(finding_of, record.findings)))


def print_findings(screen: Console, findings: Iterable[Finding]) -> None:
    """Print findings, a line each."""
    for one in findings:
        numbers = ", ".join(map(str, one.lines[:8])) + (", …" if len(one.lines) > 8 else "")
        where = f" [dim](line{'' if len(one.lines) == 1 else 's'} {numbers})[/]" if one.lines else ""
        colour = {"note": "dim", "suspicious": "yellow"}.get(one.severity, "red")
        said = f"{output.plain(one.probe)}: {output.plain(one.text)}"
        screen.print(f"  [{colour}]{one.severity}[/]  {said}{where}")


def _by(record: AuditRecord) -> str:
    return f"by {output.plain(record.by)}, {output.plain(record.version)}"
