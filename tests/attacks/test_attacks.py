"""No attack gets anything in the sandbox; each succeeds without it. As root and as an unprivileged user."""

from __future__ import annotations

import json
import secrets
import subprocess
from typing import Any

import attack_users
import pytest
from attack_catalogue import ATTACKS
from attack_kinds import Attack

USERS = ["root", "unprivileged"]


@pytest.fixture(scope="module", params=USERS)
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the runner, started as the user, says about all attacks."""
    with attack_users.command(request.param) as (command, options):
        key = f"nashforge-test-key-{secrets.token_hex(8)}"
        options["env"] = options["env"] | {"NASHFORGE_TEST_KEY": key}
        ran = subprocess.run(command, capture_output=True, text=True, timeout=240, **options)
    assert ran.returncode == 0, ran.stderr
    said: dict[str, Any] = json.loads(ran.stdout)
    assert (said["uid"] == 0) == (request.param == "root")
    return said


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack_fails_in_the_sandbox(results: dict[str, Any], attack: Attack) -> None:
    outcome = results["attacks"][attack.name]
    assert not outcome["breach"], outcome
    assert outcome["status"] in attack.ends, outcome
    assert attack.reason in outcome["reason"], outcome
    assert outcome["log_length"] <= 1 << 16
    assert "\x1b" not in outcome["reason"] + outcome["log"]
    if outcome["status"] == "ok":
        assert outcome["policy"] == [0.5] * 6
        assert outcome["regret"] == [7.0] * 6


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_attack_has_teeth_without_the_sandbox(results: dict[str, Any], attack: Attack) -> None:
    if attack.only_root and results["uid"] != 0:
        pytest.skip("only root could do this at all")
    if attack.needs and attack.needs not in results["able"]:
        pytest.skip(f"this machine offers no {attack.needs}")
    succeeded, what = results["controls"][attack.name]
    assert succeeded, what


def test_forbidden_calls_kill(results: dict[str, Any]) -> None:
    assert len(results["fatal"]) > 20
    assert set(results["fatal"].values()) == {"crashed"}, results["fatal"]


def test_nothing_is_kept_from_one_evaluation_to_the_next(results: dict[str, Any]) -> None:
    state = results["state"]
    assert state["plant"]["status"] == "ok"
    assert state["files"] == []
    assert state["look"]["status"] == "ok"
    assert not state["look"]["breach"], state["look"]
    assert "DENIED []" in state["look"]["log"]
    succeeded, what = state["control"]
    assert succeeded, what


def test_trusted_side_is_unharmed(results: dict[str, Any]) -> None:
    assert results["tier"] == "strict"
    assert results["victim"] == "alive"
    assert not results["bomb"]
    assert results["honest"]["status"] == "ok"
    assert results["threads"] == 1
