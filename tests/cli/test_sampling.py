"""``nashforge solve --sampling``: games that are sampled, and what is told of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import nashforge as nf

FIELDS = {
    "game",
    "rule",
    "sampling",
    "seed",
    "iterations",
    "stopped",
    "exploitability",
    "values",
    "played",
    "infosets",
    "visited",
    "seconds",
    "curve",
}


def test_a_sampled_solution_is_that_of_python(empty: Any, tmp_path: Path) -> None:
    path, curve = tmp_path / "policy.json", tmp_path / "curve.csv"
    words = ("solve", "kuhn_poker", "--sampling", "external", "--seed", "3", "-n", "40")
    told = empty.json(*words, "--policy", path, "--output", curve)
    solver = nf.MCCFR("kuhn_poker", seed=3, horizon=40).step(40)
    assert set(told) == FIELDS
    assert told["exploitability"] == solver.exploitability == told["curve"][-1]["exploitability"]
    assert (told["values"], told["visited"], told["infosets"]) == (solver.values(), solver.visited, 12)
    assert (told["rule"], told["iterations"], told["played"]) == ("lcfr", 40, None)
    written = json.loads(path.read_text())
    assert written == {
        state: {str(action): p for action, p in row.items()}
        for state, row in solver.average_policy.table().items()
    }
    assert curve.read_text().startswith("iteration,exploitability,infosets,visited,seconds\n1,")


def test_a_game_too_large_is_measured_by_play(empty: Any) -> None:
    words = (
        "solve",
        "kuhn_poker",
        "--sampling",
        "outcome",
        "-n",
        "20",
        "--max-nodes",
        "20",
        "--episodes",
        "30",
    )
    told = empty.json(*words)
    assert told["exploitability"] is told["values"] is told["curve"][-1]["exploitability"] is None
    played = told["played"]
    assert set(played) == {
        "episodes",
        "response",
        "iterations",
        "confidence",
        "values",
        "gains",
        "lower_bound",
    }
    assert (played["response"], played["iterations"]) == ("local", None)
    assert (played["episodes"], played["confidence"], len(played["gains"])) == (30, 0.95, 2)
    assert played["lower_bound"]["low"] <= played["lower_bound"]["mean"] <= played["lower_bound"]["high"]
    text = " ".join(empty.text(*words).split())
    assert "kuhn_poker with lcfr by outcome sampling iteration information sets histories seconds" in text
    assert "value of the average policy by 30 episodes, with normal 95 % intervals: player 0" in text
    assert "lower bound of exploitability: " in text
    assert text.endswith("what local best responses gain; exploitability is that or more")
    large = ("solve", "liars_dice(dice_sides=2)", *words[2:-1], "3")
    assert "what responses that were learned in 2,000 iterations gain" in " ".join(empty.text(*large).split())


def test_exact_numbers_are_told_where_the_game_is_small(empty: Any) -> None:
    text = empty.text("solve", "kuhn_poker", "--sampling", "chance", "-n", "60", "--target", "1e-9")
    assert "exploitability" in text
    assert "value of the average policy: player 0 -0.0" in text
    assert "The target of 1e-09 was not reached" in text
    assert "lower bound" not in text
    many = empty.text("solve", "kuhn_poker(players=3)", "--sampling", "external", "-n", "3")
    assert "need not approach an equilibrium" in " ".join(many.split())
    told = empty.json("solve", "kuhn_poker", "--sampling", "external", "-n", "5000", "--target", "0.2")
    assert told["stopped"] == "target"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--seed", "1"), "--seed is for --sampling"),
        (("--episodes", "9"), "--episodes is for --sampling"),
        (("--sampling", "external", "--psro", "nash"), "does not go with --psro"),
        (("--sampling", "external", "--joint"), "does not go with --joint"),
        (("--sampling", "external", "--iterate", "last"), "does not go with --iterate"),
        (("--sampling", "external", "--information", "history"), "does not go with --information"),
        (("--sampling", "external", "--domain", "psro"), "does not go with --domain"),
        (("--sampling", "externl"), "there is no sampling scheme 'externl'; did you mean external"),
        (("--sampling", "external", "--rule", "mine.py"), "mine.py is none"),
        (("--sampling", "external", "--rule", "pcfr_plus"), "pcfr_plus has no sampled form"),
        (("--sampling", "external", "--target", "0.1", "--max-nodes", "9"), "more than 9 histories"),
        (("--sampling", "external", "--output", "curve.png"), "curve.png"),
    ],
)
def test_what_does_not_go_together_is_told(empty: Any, words: tuple[str, ...], message: str) -> None:
    done = empty("solve", "kuhn_poker", *words)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())
