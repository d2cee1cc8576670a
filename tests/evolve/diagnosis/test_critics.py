"""Models as auditors: what they are told, how their answers are read, and whose verdict counts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# The server is shared with the benchmarks, which are not installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from benchmarks.model_server import ModelServer, Reply
from nashforge.archive import Archive
from nashforge.archive.stores.agents.verdicts import Verdict
from nashforge.evolve.config.model_names import KEYS
from nashforge.evolve.diagnosis.audit.critics import CriticError, Critics, critics_of, opinion_of, texts
from nashforge.evolve.diagnosis.audit.findings import Finding
from nashforge.evolve.domains import domain

SOURCE = "def act():\n    return 1\n"
NOTHING: list[Finding] = []
BAD = [Finding("state", "suspicious", "it shares state", (2,))]


def test_answers_are_read_wherever_the_object_stands() -> None:
    said = '{"verdict": "hack", "reasons": [{"lines": [3, true, "x"], "text": "it cheats"}, 7]}'
    verdict, reasons = opinion_of(f"Well:\n```json\n{said}\n```", "m")
    assert verdict is Verdict.HACK
    assert [(one.probe, one.severity, one.text, one.lines) for one in reasons] == [
        ("m", "hack", "it cheats", (3,))
    ]
    clean, [reason] = opinion_of('{"verdict": "clean"}', "m")
    assert (clean, reason.severity) == (Verdict.CLEAN, "note")


@pytest.mark.parametrize("answer", ["", "clean", "{", '{"verdict": "fine"}', "[1]", '{"verdict": ["hack"]}'])
def test_answers_without_a_verdict_are_refused(answer: str) -> None:
    with pytest.raises(ValueError, match="no JSON object with a verdict"):
        opinion_of(answer, "m")


def test_models_see_the_program_and_the_findings_and_no_score() -> None:
    system, user = texts(domain("cfr"), SOURCE, BAD)
    assert "class RegretMinimizer" in system
    assert "   2      return 1" in user
    assert "suspicious: it shares state (line 2)" in user
    assert "found nothing" in texts(domain("cfr"), SOURCE, NOTHING)[1]
    assert "fitness" not in user


def test_more_than_two_models_are_refused() -> None:
    with pytest.raises(CriticError, match="at most two models"):
        critics_of(["a:b", "c:d", "e:f"])


@pytest.fixture
def archive(tmp_path: Path, new_archive: Callable[[Path], Path]) -> Iterator[Archive]:
    with Archive.open(new_archive(tmp_path / "audits.db")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("findings", "answers", "expected", "asked"),
    [
        (NOTHING, ["clean", "hack"], "clean", 1),  # the first agrees with the probes
        (BAD, ["suspicious"], "suspicious", 1),
        (NOTHING, ["hack"], "hack", 1),  # without a second opinion the worse counts
        (BAD, ["clean"], "suspicious", 1),
        (NOTHING, ["hack", "clean"], "clean", 2),
        (BAD, ["clean", "clean"], "clean", 2),
        (NOTHING, ["hack", "suspicious"], "suspicious", 2),
        (BAD, ["nonsense"], "suspicious", 1),
    ],
)
def test_a_second_model_is_asked_only_where_the_first_differs(
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    findings: list[Finding],
    answers: list[str],
    expected: str,
    asked: int,
) -> None:
    for name in (*(name for names in KEYS.values() for name in names), "NASHFORGE_PRICES"):
        monkeypatch.delenv(name, raising=False)
    told: list[object] = []

    def script(ask: object) -> Reply:
        told.append(ask)
        word = answers[len(told) - 1]
        return Reply(text=f'{{"verdict": "{word}", "reasons": [{{"lines": [1], "text": "so it is"}}]}}')

    server = ModelServer(script)
    try:
        models = ("anthropic:claude-sonnet-5", "google:gemini-2.5-pro")
        names = [f"{model}@{server.url}" for model in models[: len(answers)]]
        critics = Critics(archive, domain("cfr"), critics_of(names), budget=None)
        program = archive.programs.add(SOURCE, "cfr")
        verdict, opinions, by = critics.judge(program, findings)
        critics.close()
    finally:
        server.close()
    assert (verdict, len(told)) == (expected, asked)
    assert by.startswith("probes")
    assert opinions
    run = archive.runs.get(critics.run)
    assert str(run.state) == "finished"
    assert archive.calls.spending(run)[""].calls == asked
