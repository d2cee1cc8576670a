"""Audits by play, verdicts in the archive, and the gate of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nashforge.archive import Archive, Status
from nashforge.archive.records import Score, new_token
from nashforge.archive.stores.agents.verdicts import Verdict
from nashforge.evolve.diagnosis.audit.auditor import Auditor, cleared
from nashforge.evolve.diagnosis.audit.changes import Changes, Table
from nashforge.evolve.diagnosis.audit.findings import verdict_of
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Report, Stage, StageReport
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.programs import NamedProgram
from nashforge.evolve.proposers.base import Immediate, Proposal, Request
from nashforge.evolve.results.run_status import run_status
from nashforge.evolve.runs.run import start_run
from nashforge.evolve.search.population.ranking import ranked

RULE = """
import numpy as np
from nashforge.solvers.cfr.interface import RegretMinimizer

class Rule(RegretMinimizer):
    def start(self):
        self.total = self.infosets.zeros()
        self.good = True
    def observe(self, t, regret):
        {body}
        self.total = np.maximum(self.total + regret, 0)
    def weights(self, t, policy, reach):
        return 1, t
    def policy(self, t):
        return self.infosets.normalize(self.total) if self.good else self.infosets.uniform()
"""
HONEST = RULE.replace("{body}", "pass")
RECOGNISES = RULE.replace("{body}", "self.good = self.good and (t > 1 or bool(np.argmax(regret) in (7, 11)))")
"""Goes by where the largest of the first regrets lies, which is no property of a game."""

DRAWS = RULE.replace("{body}", "regret = regret * (1 + len(globals()) % 97 / 97)")
"""Depends on what surrounds it, which is another thing each time: in the copy that tells its branches."""
GREEDY = RULE.replace("{body}", "pass").replace(
    "return 1, t", "return 1, t if self.infosets.count == 6 else 1"
)
"""CFR+, but averaged alike in other games than the one it is measured on."""


@pytest.fixture
def auditor(archive: Archive, tmp_path: Path) -> Iterator[Auditor]:
    suite = tmp_path / "kuhn.toml"
    suite.write_text('name = "kuhn"\npurpose = "Tests."\ngames = ["kuhn_poker"]\n')
    with closing(LocalExecutor(1)) as executor:
        yield Auditor(archive, domain("cfr"), executor, suite=str(suite))


def named(source: str) -> NamedProgram:
    return NamedProgram("rule.py", source, "cfr", "file")


def test_an_honest_rule_is_clean_and_kept_so(auditor: Auditor, archive: Archive) -> None:
    audit = auditor.audit(named(HONEST))
    assert audit.verdict is Verdict.CLEAN, audit.findings
    [record] = archive.verdicts.history(audit.program)
    assert (record.verdict, record.by, record.imported) == (Verdict.CLEAN, "probes", None)
    # An audit is no measurement of the program; those of the references are remembered.
    assert archive.evaluations.find(program=audit.program) == []
    known = archive.programs.add(domain("cfr").source("cfr_plus"), "cfr")
    assert len(archive.evaluations.find(program=known)) == len(auditor._table.variants)


def test_play_finds_what_reading_does_not(auditor: Auditor) -> None:
    findings = auditor.findings(RECOGNISES)
    assert {one.probe for one in findings if one.severity != "note"} == {"changes"}
    assert any("permuted" in one.text for one in findings)


def test_chance_is_found_by_playing_twice(auditor: Auditor) -> None:
    assert ("repeat", "suspicious") in {(one.probe, one.severity) for one in auditor.findings(DRAWS)}


def test_what_fails_or_is_no_program_is_told(auditor: Auditor) -> None:
    broken = auditor.findings(RULE.replace("{body}", "1 / 0"))
    assert verdict_of(broken) is Verdict.CLEAN
    assert any("ZeroDivisionError" in one.text for one in broken)
    [finding] = auditor.findings("def (")
    assert finding.severity == "note"


def test_the_newest_verdict_counts_and_a_person_can_clear(auditor: Auditor, archive: Archive) -> None:
    first = auditor.audit(named(GREEDY))
    assert first.verdict is Verdict.HACK
    assert archive.verdicts.of([first.program])[first.program].verdict is Verdict.HACK
    [after] = cleared(archive, [named(GREEDY)], "it is a lecture's example")
    assert after.program == first.program
    assert archive.verdicts.of([first.program])[first.program].verdict is Verdict.CLEAN
    assert [record.verdict for record in archive.verdicts.history(first.program)] == ["hack", "clean"]
    assert archive.verdicts.of(["0" * 64]) == {}


class Recites(Immediate):
    """Proposes the same programs in turn."""

    name = "recites"

    def __init__(self, *sources: str) -> None:
        super().__init__()
        self._sources = list(sources)

    def propose(self, request: Request) -> Proposal:
        source = self._sources.pop(0) if self._sources else HONEST
        return Proposal(source, "mutate", "recited", ((request.parent, "parent"),))  # type: ignore[arg-type]


SLOWLY = HONEST.replace("return 1, t", "return 1, 1")


@pytest.mark.parametrize("how", ["off", "best", "gate"])
def test_no_flagged_program_is_the_best_of_a_run_with_a_gate(archive: Archive, tiny, how: str) -> None:
    config = tiny(max_evaluations=3, audit=how, start=["cfr"], final_test=False)
    result = start_run(archive, config, proposer=Recites(GREEDY, SLOWLY))
    run = archive.runs.get(result.run)
    best, *others = ranked(archive, run)
    assert best.program is not None
    assert result.best is not None
    source = archive.programs.get(best.program).source
    flagged = archive.verdicts.in_run(run)
    assert run_status(archive, run).result.best == best
    if how == "gate":
        assert source != GREEDY
        assert [record.verdict for record in flagged.values()].count(Verdict.HACK) == 1
        last = archive.programs.get(others[-1].program or "")
        assert last.source == GREEDY
        assert others[-1].train > best.train
        assert ranked(archive, run, 1) == [best]
    else:
        assert source == GREEDY
        assert [record.verdict for record in flagged.values()] == ([Verdict.HACK] if how == "best" else [])


def test_where_nothing_passes_a_run_has_no_best(archive: Archive, tiny, tmp_path: Path) -> None:
    start = tmp_path / "greedy.py"
    start.write_text(GREEDY)
    config = tiny(max_evaluations=1, audit="gate", start=[str(start)], final_test=False)
    result = start_run(archive, config, proposer=Recites(GREEDY))
    assert result.best is None
    assert run_status(archive, archive.runs.get(result.run)).result.best is None


@pytest.mark.parametrize("deep", ["-" * 1500 + "1", "+".join(["t"] * 1500), "t" + ".a" * 1500])
def test_what_is_nested_too_deeply_to_be_read_is_suspicious(archive: Archive, deep: str) -> None:
    with closing(LocalExecutor(1)) as executor:
        reader = Auditor(archive, domain("cfr"), executor, play=False)
        found = reader.findings(f"{HONEST}\n\ndef unused(t):\n    return {deep}\n")
    assert verdict_of(found) is Verdict.SUSPICIOUS


class Slow:
    """A dispatcher on which programs of the library take too long, and others do not."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._sent: dict[str, tuple[str, Stage]] = {}

    def send(self, source: str, stages: tuple[Stage, ...]) -> str:
        token = new_token()
        self._sent[token] = source, stages[0]
        return token

    def gather(self, tokens: Iterable[str]) -> Iterator[Report]:
        for token in tokens:
            source, stage = self._sent.pop(token)
            good = source == self._source
            scores = [
                Score(trial.label, "exploitability", 0.1, "min", trial.iterations) for trial in stage.trials
            ]
            report = StageReport(
                split=stage.split,
                suite=stage.suite,
                digest=stage.digest,
                status=Status.OK if good else Status.TIMEOUT,
                scores=tuple(scores if good else ()),
                started="2026-01-01T00:00:00+00:00",
                wall_seconds=0.1,
            )
            yield Report(token=token, evaluator="cfr-1", stages=(report,))


def test_where_no_reference_can_be_measured_nothing_is_said_against_a_program(
    archive: Archive, tmp_path: Path
) -> None:
    suite = tmp_path / "kuhn.toml"
    suite.write_text('name = "kuhn"\npurpose = "Tests."\ngames = ["kuhn_poker"]\n')
    work = domain("cfr")
    auditing = work.auditing
    auditing.suite = str(suite)
    games = Table(work, auditing)
    found = list(Changes(archive, games, Slow(HONEST)).findings(HONEST, None))  # type: ignore[arg-type]
    assert verdict_of(found) is Verdict.CLEAN
    assert "no reference could be measured in kuhn_poker where games are half as long" in [
        one.text for one in found
    ]
