"""Options and TOML files, ``doctor``, ``export`` and ``import``, databases of other versions."""

from __future__ import annotations

import inspect
import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from nashforge.archive import Archive
from nashforge.cli.commands import resume, run
from nashforge.evolve.config.run import SETTINGS, RunConfig, load_config, read_run_file
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Strategic
from nashforge.evolve.runs import doctor
from nashforge.evolve.runs.run import resumed_config

OPTIONS = {setting.option: name for name, setting in SETTINGS.items()}
NOT_OF_THE_RUN = {"context", "name", "database", "config", "json", "broker"} | {"repeat", "seeds", "parallel"}
SPELL_SUITES = {"map_file", "agents"}
"""Options that only spell the suites: of a file, these say the map and the agents."""


def test_every_option_is_a_field_and_can_stand_in_a_file(tmp_path: Path) -> None:
    options = set(inspect.signature(run.run).parameters) - NOT_OF_THE_RUN - SPELL_SUITES
    values = {
        "domain": '"cfr"', "strategy": '"sequential"', "proposer": '"offline"', "max_evaluations": "7",
        "max_minutes": "1.5", "patience": "3", "workers": "2", "seed": "9", "suite": '"cfr-smoke"',
        "validation_suite": '"cfr-11"', "test_suite": '"cfr-18"', "horizon": "20", "final_test": "false",
        "allow_weaker_sandbox": '"none"', "executor": '"celery"', "weight": "2.5", "propose_on": '"workers"',
        "budget_usd": "1.5", "max_tokens": "100000", "max_output_tokens": "4096", "feedback": '"sparse"',
        "prices": '"prices.toml"', "price_unknown": '"1/5"', "prompts": '"templates"',
        "model_islands": "true", "objective": '"exploitability + rqe_gap"', "risk": '"tau=0.5"',
        "max_useless": "5", "disguise_seed": "12", "agent_fallback": '"none"', "agent_lease": "60",
        "agent_seconds": "30",
        "challenger": "true", "challenger_every": "20", "challenger_games": "5", "copies": "1",
        "effort": '"high"',
        "thinking": '"off"', "lookahead": "3", "start": '["cfr_plus"]', "audit": '"gate"',
        "against": '["cfr_plus:2"]',
    }  # fmt: skip
    assert set(values) == options
    for spell in (str, lambda name: name.replace("_", "-")):
        path = tmp_path / "run.toml"
        lines = [f"{spell(name)} = {value}" for name, value in values.items()]
        path.write_text("\n".join([*lines, 'name = "mine"', 'database = "here.db"']))
        file = read_run_file(path)
        assert (file.name, file.database) == ("mine", "here.db")
        with pytest.raises(ConfigError, match="weaker sandbox"):
            load_config({}, path)
        config = load_config({"tier": "none"}, path)
        assert config.evaluation.fitness.strategic == Strategic(metrics=("rqe_gap",), tau=0.5)
        assert [(each.name, each.weight) for each in config.evaluation.against] == [("cfr_plus", 2.0)]
        for name, value in values.items():
            if name in ("risk", "against"):
                continue
            found = config.settings() | config.evaluation.fitness.model_dump()
            assert found[OPTIONS.get(name, name)] == json.loads(value)
        # The command line wins.
        assert load_config({"seed": 1, "tier": "none"}, path).seed == 1


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("seed = 1\nsead = 2", "sead"),
        ("seed = 'x'", "seed"),
        ("suite = 'a'\ntrain = 'b'", "twice"),
        ("seed = ", "not TOML"),
        ("name = 3", "text"),
    ],
)
def test_files_that_are_wrong_name_the_line_to_mend(empty: Any, tmp_path: Path, text: str, hint: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=hint):
        load_config({}, path)
    result = empty("run", "--config", path)
    assert result.exit_code == 2
    assert hint in result.stderr
    assert not empty.database.exists()


def test_help_names_the_defaults_that_hold() -> None:
    config = load_config({})
    source = inspect.getsource(run)
    assert f"[default: {config.budget.max_evaluations}]" in source
    assert f"[default: {config.strategy}]" in source
    assert config.models.proposer == ("offline",) or config.models.proposer == "offline"
    assert f"[default: {config.seed}]" in source
    assert config.evaluation.horizon == domain("cfr").horizon


def test_resuming_changes_limits_and_nothing_else(searched: Any) -> None:
    changes = set(inspect.signature(resume.resume).parameters) - {"context", "run", "database", "json"}
    limits = {"max_evaluations", "max_minutes", "patience", "max_tokens", "budget_usd", "max_useless"}
    again = {"proposer", "allow_weaker_sandbox"}  # what the archive does not decide is said once more
    # nor what an imported run says of these
    again |= {"prices", "price_unknown", "prompts", "feedback", "suite", "validation_suite", "test_suite"}
    assert changes == limits | {"workers", "executor", "broker", "weight", "parallel"} | again
    with Archive.open(searched.database) as archive:
        found = archive.runs.get("first-light")
        config = resumed_config(archive, found, {"max_evaluations": 20, "patience": None})
        assert config == RunConfig.model_validate({**found.config, "max_evaluations": 20})
        with pytest.raises(ConfigError, match="patience"):
            resumed_config(archive, found, {"patience": 0})


def test_a_weaker_machine_refuses_before_a_run_is_stored(empty: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from nashforge.evolve.sandbox import Machine

    weak = Machine(fork=True, seccomp=True, landlock_abi=0, uids=False, reasons=("Landlock is missing.",))
    monkeypatch.setattr("nashforge.evolve.runs.run.probe", lambda: weak)
    monkeypatch.setattr("nashforge.evolve.runs.doctor.probe", lambda: weak)
    monkeypatch.setattr("nashforge.evolve.sandbox.tiers.probe", lambda: weak)
    for words in (("run", "cfr", *empty.quick), ("evaluate", "cfr", "--game", "kuhn_poker")):
        result = empty(*words)
        assert result.exit_code == 1
        assert "--allow-weaker-sandbox" in result.stderr
        assert "Landlock is missing" in result.stderr
    assert not empty.database.exists() or empty.json("runs") == []
    result = empty("doctor", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["works"] is False


def test_doctor_finds_a_working_machine_and_keeps_secrets(
    empty: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret")
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("NASHFORGE_BROKER", f"redis://:hidden-password@127.0.0.1:{port}/0")
    result = empty("doctor", "--json")
    assert result.exit_code == 0
    assert "secret" not in result.output
    assert "hidden-password" not in result.output
    value = json.loads(result.stdout)
    assert value["works"] is True
    checks = {check["name"]: check for check in value["checks"]}
    assert checks["Anthropic key"]["verdict"] == "ok"
    assert checks["Google key"]["verdict"] == "info"
    assert checks["sandbox"]["verdict"] == "ok"
    assert checks["evaluation"]["verdict"] == "ok"
    assert checks["Redis"]["verdict"] == "warning"
    assert checks["RabbitMQ"]["verdict"] == "info"
    # Nothing was made by looking.
    assert not empty.database.exists()


def test_doctor_reaches_a_service_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        monkeypatch.setenv("NASHFORGE_BROKER", f"amqp://guest@127.0.0.1:{server.getsockname()[1]}//")
        checks = {check.name: check for check in doctor._services(None)}
    assert checks["RabbitMQ"].verdict == "ok"
    assert "guest@127.0.0.1" in checks["RabbitMQ"].detail


def test_a_newer_schema_is_refused_with_a_remedy(empty: Any) -> None:
    empty.json("db", "upgrade")
    with closing(sqlite3.connect(empty.database)) as connection:
        connection.execute("UPDATE nashforge_version SET version_num = '9999'")
        connection.commit()
    result = empty("runs")
    assert result.exit_code == 1
    assert "newer version" in result.stderr
    info = empty.json("db", "info")
    assert (info["schema"], info["runs"]) == ("9999", None)
    checks = {check.name: check for check in [doctor._database(str(empty.database))]}
    assert checks["database"].verdict == "failed"


def test_what_is_exported_can_be_imported_elsewhere(searched: Any, empty: Any, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl.gz"
    added = searched.json("export", "first-light", "--output", path)["added"]
    assert added["run"] == 1
    assert searched("export", "--output", path).exit_code == 2
    imported = empty.json("import", path)
    assert imported["added"] == added
    assert empty.json("import", path)["added"] == {}
    here, there = empty.json("best"), searched.json("best")
    assert all(item.pop("imported") for item in here)
    assert not any(item.pop("imported") for item in there)
    assert here == there
    assert "first-light" in empty.text("runs")


def test_a_program_is_exported_with_its_story(searched: Any, tmp_path: Path) -> None:
    path, name = tmp_path / "rule.py", searched.run["best"]
    searched.json("export", name, "--output", path)
    text = path.read_text()
    compile(text, str(path), "exec")
    for part in ("first-light", name, "Lineage:", "start program: cfr_plus", "kuhn_poker: exploitability"):
        assert part in text.partition("# ---")[0]
    # The file is the same program, not a new one.
    assert searched.json("show", path)["nickname"] == name
    assert searched.json("diff", name, path)["same"]
    assert searched("export", name, "--output", path).exit_code == 2
    assert searched.text("export", name, "--output", path, "--force").startswith(str(path))
