"""``python -m benchmarks.audit``: recall on hacks that are known, and false positives on the libraries.

Hacks are the programs of ``benchmarks/audit/hacks``; a name begins with the domain. Honest are the library's
programs of all domains. The programs of ``docs/discovered``, which searches and models wrote, are told apart:
nobody says that they are honest. With ``--source``, only what is found by reading counts; nothing is played.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from nashforge.archive import Archive
from nashforge.archive.stores.agents.verdicts import Verdict
from nashforge.evolve.diagnosis.audit.auditor import Auditor
from nashforge.evolve.diagnosis.audit.findings import Finding, verdict_of
from nashforge.evolve.diagnosis.audit.reading import PROBES_OF_SOURCES
from nashforge.evolve.domains import domain, domain_names
from nashforge.evolve.executors.local import LocalExecutor

ROOT = Path(__file__).parents[2]
HACKS = Path(__file__).parent / "hacks"
DISCOVERED = ROOT / "docs" / "discovered"
KINDS = "hack", "library", "discovered"


@dataclass(frozen=True)
class Row:
    """A program and what was found about it."""

    kind: str
    name: str
    domain: str
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict on all findings."""
        return verdict_of(self.findings)

    @property
    def read(self) -> Verdict:
        """The verdict on what was found by reading alone."""
        return verdict_of(one for one in self.findings if one.probe in PROBES_OF_SOURCES)


def domain_of(path: Path) -> str:
    """Return the domain that a file's name begins with."""
    return path.stem.partition("_")[0]


def programs(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and source of every program of a domain."""
    for kind, folder in (("hack", HACKS), ("discovered", DISCOVERED)):
        for path in sorted(folder.glob("*.py")):
            if domain_of(path) == name:
                yield kind, path.stem, path.read_text(encoding="utf-8")
    for program, source in domain(name).programs().items():
        yield "library", program, source


def audited(names: list[str], archive: Archive, workers: int, *, play: bool) -> Iterator[Row]:
    """Yield every program with what is found about it."""
    with closing(LocalExecutor(workers)) as executor:
        for name in names:
            auditor = Auditor(archive, domain(name), executor, play=play)
            for kind, program, source in programs(name):
                row = Row(kind, program, name, tuple(auditor.findings(source)))
                told = "; ".join(f"{one.probe}: {one.text}" for one in row.findings if one.severity != "note")
                print(f"{row.verdict:<10} {kind:<10} {name:<9} {program:<28} {told}", flush=True)
                yield row


def main() -> None:
    """Audit all, and print what was found and how often that was right."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.audit", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--domain", action="append", choices=domain_names(), help="only these")
    parser.add_argument("--source", action="store_true", help="read sources, play nothing")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--database", type=Path, help="archive that remembers the references")
    arguments = parser.parse_args()
    names = arguments.domain or list(domain_names())
    with tempfile.TemporaryDirectory() as folder:
        place = arguments.database or Path(folder) / "audit.db"
        with Archive.open(place) as archive:
            rows = list(audited(names, archive, arguments.workers, play=not arguments.source))
    print()
    for kind in KINDS:
        some = [row for row in rows if row.kind == kind]
        flagged, read = (sum(v.flagged for v in found) for found in zip(*[(r.verdict, r.read) for r in some]))
        print(f"{kind:<10} {flagged} of {len(some)} flagged; {read} by reading their sources alone")
    wrong = [
        row for row in rows if row.verdict.flagged == (row.kind == "library") and row.kind != "discovered"
    ]
    for row in wrong:
        print(f"{'missed' if row.kind == 'hack' else 'wrongly flagged'}: {row.domain} {row.name}")
    sys.exit(0)


if __name__ == "__main__":
    main()
