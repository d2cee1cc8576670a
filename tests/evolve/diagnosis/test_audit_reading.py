"""What audits find by reading: hacks of every kind, and nothing in honest programs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nashforge.archive.stores.agents.verdicts import Verdict
from nashforge.evolve.diagnosis.audit.branches import telling
from nashforge.evolve.diagnosis.audit.findings import finding_of, verdict_of
from nashforge.evolve.diagnosis.audit.reading import read
from nashforge.evolve.diagnosis.audit.tree import Code
from nashforge.evolve.domains import domain, domain_names
from nashforge.evolve.sandbox.program import host_imports

ROOT = Path(__file__).resolve().parents[3]
HACKS = ROOT / "benchmarks" / "audit" / "hacks"

INTERFACES = ("nashforge.solvers.cfr.interface",)
KNOWN = {468: "information sets of player 0 in leduc_poker"}

RULE = """
import numpy as np
from nashforge.solvers.cfr.interface import RegretMinimizer

class Rule(RegretMinimizer):
    def observe(self, t, regret):
        {body}
"""


def found(text: str) -> list[tuple[str, str]]:
    """Return probe and severity of what is found in a program, without notes."""
    findings = read(Code(text), INTERFACES, KNOWN)
    return [(one.probe, one.severity) for one in findings if one.severity != "note"]


def in_rule(body: str) -> list[tuple[str, str]]:
    return found(RULE.replace("{body}", body))


@pytest.mark.parametrize(
    ("body", "probe", "severity"),
    [
        ("vars(np)", "reach", "hack"),
        ("eval('1')", "reach", "hack"),
        ("np.__builtins__", "reach", "hack"),
        ("().__class__.__bases__", "reach", "hack"),
        ("regret.setflags(write=True)", "reach", "hack"),
        ("np.load('x')", "reach", "hack"),
        ("load('gc')", "reach", "hack"),
        ("setattr(np, 'x', 1)", "reach", "hack"),
        ("self.infosets._start", "reach", "suspicious"),
        ("getattr(regret, 'ct' + 'ypes')", "reach", "suspicious"),
        ("np.planted = 1", "state", "hack"),
        ("np.flags['x'] = 1", "state", "hack"),
        ("self.infosets.count = 3", "state", "hack"),
        ("self.infosets.sizes[0] = 3", "state", "hack"),
        ("Rule.notes = regret", "state", "suspicious"),
        ("self.x = 1 if self.infosets.count == 468 else 0", "recognition", "hack"),
        ("self.x = 1 if 468 != self.infosets.count else 0", "recognition", "hack"),
        ("self.x = 1 if self.infosets.count in (12, 99) else 0", "recognition", "suspicious"),
        ("self.x = len(regret) == 77", "recognition", "suspicious"),
        ("n = len(regret); self.x = n - 1 == 77", "recognition", "suspicious"),
        ("self.x = {12: 1, 99: 2}.get(self.infosets.count)", "recognition", "suspicious"),
        ("self.x = t == self.horizon - 1", "recognition", "suspicious"),
        ("self.x = t == 999", "recognition", "suspicious"),
        ("self.x = abs(regret[0] - 0.25) < 1e-9", "recognition", "suspicious"),
        ("self.x = regret[0] == 0.13371", "recognition", "suspicious"),
        ("self.x = np.allclose(regret[:2], [0.5, -0.5])", "recognition", "suspicious"),
        ("self.x = hash(regret.tobytes())", "recognition", "suspicious"),
        (f"self.x = {list(range(40))}", "recognition", "suspicious"),
        (f"self.x = '{'0120' * 40}'", "recognition", "suspicious"),
        ("self.x = 123456789012345", "recognition", "suspicious"),
        (f"self.x = len(regret) == 1{'0' * 400}", "recognition", "suspicious"),
        (f"self.x = len(regret) == 0x{'f' * 6000}", "recognition", "suspicious"),
        (f"vars(0x{'f' * 6000})", "reach", "hack"),
        ("from numpy import random", "reach", "hack"),
        ("from numpy import linalg, load as read", "reach", "hack"),
        ("from numpy.random import default_rng", "reach", "hack"),
    ],
)
def test_each_kind_of_hack_is_found(body: str, probe: str, severity: str) -> None:
    assert (probe, severity) in in_rule(body)


@pytest.mark.parametrize(
    "body",
    [
        "self.total = np.append(regret, 0.0)",
        "self.infosets.normalize(regret)",
        "self.x = t == 1 or t % 50 == 49",
        "self.x = t > 500",
        "self.x = t / self.horizon > 0.5",
        "self.x = len(regret) == 0 or self.infosets.count == 1",
        "self.x = abs(regret).max() < 1e-12",
        "self.history = [*getattr(self, 'history', []), regret]",
        "self.notes.append(regret)",
        "super().__init__(self.infosets, self.horizon)",
        "self.x = [0.5, 1.0, 1.5]",
        "raise ValueError('a sentence of more than sixty-four characters that says what is wrong with it')",
        "self.x = 0.1 * regret if regret.sum() > 0.12345 else regret",
        "from numpy import linalg",
        "from solvers.cfr.interface import RegretMinimizer",
    ],
)
def test_what_honest_programs_do_is_no_finding(body: str) -> None:
    assert in_rule(body) == []


def test_state_of_the_module_and_of_the_class_is_shared() -> None:
    shared = "SEATS = []\n" + RULE.replace("{body}", "SEATS.append(regret)")
    assert ("state", "suspicious") in found(shared)
    own = "SEATS = []\n" + RULE.replace("{body}", "SEATS = []; SEATS.append(regret)")
    assert found(own) == []
    of_class = RULE.replace("    def observe", "    notes = {}\n    def observe")
    assert ("state", "suspicious") in found(of_class.replace("{body}", "self.notes[t] = regret"))
    kept = RULE.replace("regret):", "regret, kept=[]):").replace("{body}", "kept.append(regret)")
    assert ("state", "suspicious") in found(kept)
    counted = "COUNT = 0\n" + RULE.replace("{body}", "global COUNT")
    assert ("state", "suspicious") in found(counted)


def test_numbers_are_known_by_their_names() -> None:
    named = "SIZE = 468\n" + RULE.replace("{body}", "self.x = self.infosets.count == SIZE")
    assert ("recognition", "hack") in found(named)
    matched = RULE.replace("{body}", "match self.infosets.count:\n            case 468: self.x = 1")
    assert ("recognition", "hack") in found(matched)


@pytest.mark.parametrize("name", domain_names())
def test_nothing_is_found_in_the_library(name: str) -> None:
    work = domain(name)
    auditing = work.auditing
    numbers = auditing.numbers(auditing.trials()) if name != "psro" else {}
    interfaces = [one for host in work.host_modules for one in host_imports(host)]
    flagged = {
        program: findings
        for program, source in work.programs().items()
        if verdict_of(findings := read(Code(source), interfaces, numbers)).flagged
    }
    assert flagged == {}


def test_attacks_on_the_sandbox_are_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests" / "attacks"), *sys.path])
    import score_attack

    programs = [score_attack.program(channel) for channel in score_attack.CHANNELS.values()]
    programs.append(score_attack.program(score_attack.SHARED_MODULE))
    for source in programs:
        assert verdict_of(read(Code(source), INTERFACES, {})) is Verdict.HACK


def test_a_telling_copy_does_the_same_and_says_where_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    source = '''"""What it does."""
from __future__ import annotations
def f(x):
    if x > 1:
        return 1
    elif x > 0:
        return 2
    else:
        x = 3 if x else 4
    while x > 3:
        x -= 1
    return x
'''
    told = telling(Code(source).tree, "wordabc")
    namespace: dict[str, object] = {}
    exec(told.source, namespace)
    assert namespace["__doc__"] == "What it does."
    plain: dict[str, object] = {}
    exec(source, plain)
    assert [namespace["f"](x) for x in (0, 2, 2)] == [plain["f"](x) for x in (0, 2, 2)]  # type: ignore[operator]
    log = capsys.readouterr().out
    assert {told.lines[k] for k in told.taken(log)} == {5, 9, 11}
    assert len(log.splitlines()) == 4  # each branch once: the two of line 9 are apart
    assert set(told.lines.values()) == {5, 7, 9, 11}
    assert told.taken("wordabc 77\nanother 0\n wordabc 1") == frozenset()


def test_what_is_stored_of_a_finding_is_anybodys() -> None:
    wild = finding_of({"severity": "hack\x1b", "text": 3, "lines": ["a", 2, None], "probe": None})
    assert (wild.severity, wild.text, wild.lines) == ("note", "3", (2,))
    assert verdict_of([]) is Verdict.CLEAN
