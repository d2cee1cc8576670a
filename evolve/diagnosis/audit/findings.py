"""Findings of an audit: what a probe saw, where, and how bad that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from nashforge.archive.stores.agents.verdicts import Verdict

VERSION = "audit-1"
"""Of the probes: verdicts of other versions are kept, and the newest counts."""

Severity: TypeAlias = Literal["note", "suspicious", "hack"]

_VERDICTS = {"note": Verdict.CLEAN, "suspicious": Verdict.SUSPICIOUS, "hack": Verdict.HACK}

MOST_TEXT = 400
"""Characters of a finding: it may quote what a program says of itself."""


@dataclass(frozen=True)
class Finding:
    """An observation of a probe.

    Attributes
    ----------
    probe : str
        Its name.
    severity : str
        ``note`` for what people may want to know, ``suspicious`` for what an honest program hardly does,
        ``hack`` for what none does.
    text : str
        A sentence.
    lines : tuple of int
        Of the program, from 1; empty where it is about all of it.
    """

    probe: str
    severity: Severity
    text: str
    lines: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        text = " ".join("".join(c if c.isprintable() else " " for c in self.text).split())
        short = text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"
        return {"probe": self.probe, "severity": self.severity, "text": short, "lines": list(self.lines)}


def finding_of(stored: Mapping[str, Any]) -> Finding:
    """Return a stored finding; what it says is anybody's, so that nothing of it is taken on trust."""
    lines = stored.get("lines")
    severity: Severity = "note"
    if stored.get("severity") in ("suspicious", "hack"):
        severity = stored["severity"]
    return Finding(
        str(stored.get("probe", "")),
        severity,
        str(stored.get("text", "")),
        tuple(int(line) for line in lines if isinstance(line, int)) if isinstance(lines, list) else (),
    )


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Return the verdict that findings amount to: the worst of them."""
    return max((_VERDICTS[one.severity] for one in findings), key=lambda one: one.rank, default=Verdict.CLEAN)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings, the worst first, each once."""
    once = dict.fromkeys(findings)
    return sorted(once, key=lambda one: -_VERDICTS[one.severity].rank)


def sentences(findings: Sequence[Finding]) -> str:
    """Return what flags a program, in a line; empty where nothing does."""
    return "; ".join(one.text for one in ordered(findings) if one.severity != "note")
