"""Commands about models, as a stranger types them; the models are a server on this machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nashforge.archive import Archive, RunState
from nashforge.cli.main import app  # noqa: F401  loads every command
from nashforge.cli.rendering.runs.live import PlainWatcher
from nashforge.evolve.config.parts import SYNTHESIS
from nashforge.solvers.policies import policy_source

ROOT = Path(__file__).resolve().parents[2]
# The server is shared with the benchmarks, which are not installed.
sys.path.insert(0, str(ROOT))

from benchmarks.model_server import ModelServer, Reply, new_rule  # noqa: E402


@pytest.fixture
def keyless(monkeypatch):
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_a_run_with_a_model_its_costs_calls_prompts_and_replay(empty, tmp_path, keyless):
    with ModelServer(new_rule) as server:
        model = f"anthropic:claude-sonnet-5@{server.url}"
        words = ["run", "cfr", *empty.quick, "--model", model, "--max-evaluations", 4, "--from", "cfr_plus"]
        words += ["--name", "mod"]
        result = empty.json(*words)
        requests = server.tally.requests
    assert (result["evaluations"], result["stop_reason"]) == (4, "max_evaluations")
    assert result["cost"] > 0
    costs = empty.json("costs", "mod")
    assert costs["cost"] == result["cost"]
    assert costs["budget"] == 5.0
    assert costs["calls"] == {"ok": requests}
    [row] = costs["models"]
    assert (row["model"], row["programs"], row["proposals"]) == ("anthropic:claude-sonnet-5", 3, requests)
    assert "of $5.00" in empty.text("costs")
    listed = empty.json("calls", "list", "mod")
    assert [call["index"] for call in listed] == list(range(1, requests + 1))
    assert "anthropic:claude-sonnet-5" in empty.text("calls", "list")
    cassette = tmp_path / "mod.jsonl"
    assert empty.json("calls", "export", "mod", "--output", cassette)["calls"] == requests
    assert empty("calls", "export", "mod", "--output", cassette).exit_code == 2
    [sent] = empty.json("prompt", "preview", "mod", "--candidate", 1)
    [asked] = [ask for ask in server.asks if ask.user == sent["user"]]  # whichever came first
    assert sent["system"] == asked.system
    [planned] = empty.json("prompt", "preview", "mod", "--operator", "combine")
    assert "# The second parent" in planned["user"]
    assert planned["tokens"] < planned["most_tokens"]
    sparse = empty.text("prompt", "preview", "mod", "--feedback", "sparse")
    assert "Values after" not in sparse
    for recording in ("replay:mod", f"replay:{cassette}"):
        again = empty.json("run", "--proposer", recording, "--workers", 1)
        for key in ("best", "program", "evaluations", "fitness", "failures"):
            assert again[key] == result[key]
        assert again["cost"] == 0


def test_a_preview_of_an_offline_run_says_what_a_model_would_be_told(searched):
    [shown] = searched.json("prompt", "preview", "first-light")
    assert shown["system"].startswith("# Role")
    assert "# The current program" in shown["user"]
    assert searched.json("costs", "first-light")["models"] == []
    assert "No language model was asked" in searched.text("costs", "first-light")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "cfr", "--model", "anthropic:claude-sonnet-5"], "needs a key: set ANTHROPIC_API_KEY"),
        (["run", "cfr", "--model", "gpt"], "there is no proposer 'gpt'"),
        (["run", "cfr", "--feedback", "a/\0.toml"], "null byte"),
        (["run", "cfr", "--feedback", "dens"], "no feedback level 'dens'; did you mean dense?"),
        (["run", "cfr", "--model", "google:new@http://127.0.0.1:1"], "--price-unknown"),
        (["run", "--proposer", "replay:first-light"], "has no model calls"),
        (["run", "--proposer", "replay:nobody"], "no run is called 'nobody'"),
        (["run", "--proposer", "replay:/no/such.jsonl"], "cannot be read"),
        (["run", "--proposer", "replay:first-light", "--model", "google:a"], "name no other proposer"),
        (["prompt", "preview", "first-light", "--operator", "mutate"], "there is no task 'mutate'"),
        (["prompt", "preview", "first-light", "--candidate", "1"], "no model was asked for candidate 1"),
        (["prompt", "preview", "first-light", "--feedback", "loud"], "there is no feedback level 'loud'"),
        (["costs", "nobody"], "no run is called 'nobody'"),
    ],
)
def test_wrong_usage_is_a_sentence_before_anything_starts(searched, keyless, words, sentence):
    before = searched.json("runs")
    result = searched(*words)
    assert result.exit_code == 2, result.stderr
    assert sentence in " ".join(result.stderr.split())
    assert searched.json("runs") == before


def test_what_models_say_reaches_no_terminal_as_it_is(empty, keyless, capsys):
    def script(ask):
        return Reply("\x1b[2J[red]Boo\x07 \u202e" + new_rule(ask).text)

    with ModelServer(script) as server:
        model = f"anthropic:claude-sonnet-5@{server.url}"
        words = ["run", "cfr", *empty.quick, "--model", model, "--max-evaluations", 3, "--name", "loud"]
        words += ["--from", "cfr_plus"]
        shown = empty.text(*words) + empty.text("status", "loud") + empty.text("lineage", "loud")
    with Archive.open(empty.database) as archive:
        assert any("[red]Boo" in (c.note or "") for c in archive.candidates.of(archive.runs.get("loud")))
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown
    watcher = PlainWatcher(sys.stdout, {})
    watcher.note("a server's \x1b[31merror\x07")
    assert "\x1b" not in capsys.readouterr().out


def test_the_default_is_offline_and_says_so(empty, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret-1")
    process = empty.start("run", "cfr", *empty.quick, "--max-evaluations", 2, "--no-final-test", "--json")
    out, err = process.communicate(timeout=240)
    assert "No language model is used" in err
    assert "ANTHROPIC_API_KEY is set" in err
    assert "secret" not in err + out
    assert json.loads(out)["cost"] == 0


def test_a_refinement_by_a_model_is_repeated_from_its_cassette(empty, tmp_path, keyless):
    """The first answer cannot be read, and is written again; everything is as it was, in another archive."""
    policies = [policy_source(name) for name in ("nearest_apple", "duty_rotation")]
    answers = iter(["no code at all", *(f"It is better.\n\n```python\n{policy}```\n" for policy in policies)])
    suite = ["--suite", "cleanup-small"]
    with ModelServer(lambda ask: Reply(next(answers))) as server:
        words = ["synthesize", "cleanup", *suite, "--feedback", "sparse", "--refinements", 1]
        first = empty.json(*words, "--proposer", f"openai:m@{server.url}", "--name", "written")
    assert [step["status"] for step in first["iterations"]] == ["rejected", "ok", "ok"]
    cassette = tmp_path / "written.jsonl"
    empty.json("calls", "export", "written", "--output", cassette)
    assert cassette.read_text().count("# Interface") == 1, "the system prompt is told once"
    asked = cassette.read_text()
    empty.json("calls", "export", "written", "--output", cassette, "--no-prompts", "--force")
    assert len(cassette.read_text()) < len(asked) / 2
    elsewhere = ["--database", tmp_path / "other.db"]
    for place, recording in ([], "replay:written"), (elsewhere, f"replay:{cassette}"):
        again = empty.json("synthesize", "cleanup", *suite, "--proposer", recording, *place)
        for one, other in zip(again["iterations"], first["iterations"], strict=True):
            assert one == other | {"program": one["program"]}
        assert again["test"] == first["test"]
    for wrong, told in (
        (["synthesize", "gathering", "--proposer", f"replay:{cassette}"], "is of cleanup, not of gathering"),
        (["run", "--proposer", f"replay:{cassette}"], "nashforge synthesize cleanup --proposer replay:"),
        (["synthesize", "cleanup", "--proposer", "replay:nobody"], "nobody"),
    ):
        result = empty(*wrong)
        assert result.exit_code == 2
        assert told in " ".join(result.stderr.split())
    cassette.write_text(cassette.read_text().replace('"feedback": "sparse"', '"feedback": "all"'))
    result = empty("synthesize", "cleanup", *suite, "--proposer", f"replay:{cassette}")
    assert (result.exit_code, "is damaged" in result.stderr) == (2, True)


def test_a_refinement_has_costs_and_is_not_continued(empty):
    settings = {"domain": "cleanup", "strategy": SYNTHESIS, "proposer": "anthropic:m", "budget_usd": 2.0}
    with Archive.open(empty.database) as archive:
        run = archive.runs.create("cleanup", settings, nickname="refined")
        archive.calls.reserve(run, provider="anthropic", model="m", request={}, reserved_cost=0.1)
        archive.runs.set_state(run, RunState.STOPPED, "stopped")
    told = empty.json("costs", "refined")
    assert (told["budget"], told["reserved"]) == (2.0, 0.1)
    assert "nashforge resume" not in empty.text("status", "refined")
    result = empty("resume", "refined")
    assert result.exit_code == 2
    assert "refined is a refinement and no search" in " ".join(result.stderr.split())
