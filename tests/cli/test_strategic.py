"""Strategic metrics and suites on the command line: measured, stored, shown, listed."""

from __future__ import annotations

from typing import Any

import pytest

WORDS = ("evaluate", "cfr_plus", "--game", "kuhn_poker", "-n", "15", "--workers", "1")


def test_metrics_are_measured_stored_and_shown(empty: Any) -> None:
    names = "rqe_gap,security_value"
    [row] = empty.json(*WORDS, "--metrics", names, "--risk", "tau=0.5 epsilon=0.2")
    assert row["metrics"]["rqe_gap"] > 0
    assert row["metrics"]["security_value"] == pytest.approx(-row["value"], abs=1e-9)  # of a zero-sum game
    stored = empty.json("show", row["nickname"])["evaluations"][-1]
    directions = {score["metric"]: score["direction"] for score in stored["scores"]}
    assert (directions["rqe_gap"], directions["security_value"]) == ("min", "max")
    told = stored["settings"]["fitness"]["strategic"]
    assert (told["tau"], told["epsilon"], told["divergence"]) == (0.5, 0.2, "kl")
    text = empty.text(*WORDS, "--metrics", names)
    assert "rqe_gap  security_value" in text
    assert "tau 1, epsilon 0.1" in text


def test_objectives_over_strategic_metrics_are_not_taken_from_rows_without_them(empty: Any) -> None:
    compare = ("compare", *WORDS[1:])
    empty.json(*compare)
    [row] = empty.json(*compare, "--objective", "rqe_gap")
    assert row["fitness"] == pytest.approx(-row["metrics"]["rqe_gap"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--metrics", "charm"), "does not measure 'charm'; choose one of exploitability"),
        (("--metrics", "price_of_anarchy"), "one-shot games of two players"),
        (("--metrics", "rqe_gap", "--risk", "tau=-1"), "--risk 'tau=-1' is not understood"),
        (("--risk", "tau=1"), "none is asked for"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(empty: Any, words: tuple[str, ...], message: str) -> None:
    result = empty(*WORDS, *words)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_searches_measure_risk_as_they_are_told(empty: Any) -> None:
    words = ("run", "psro", "--objective", "log(rqe_gap)", "--max-evaluations", "2", "--horizon", "8")
    words += (
        "--suite",
        "psro-smoke",
        "--validation-suite",
        "psro-smoke",
        "--no-final-test",
        "--workers",
        "1",
    )
    run = empty.json(*words, "--risk", "tau=0.5 epsilon=0.2")["run"]
    row = empty.json("show", empty.json("best", run)[0]["program"])["evaluations"]
    told = next(one["settings"]["fitness"]["strategic"] for one in row if one["split"] == "train")
    assert (told["tau"], told["epsilon"], told["metrics"]) == (0.5, 0.2, ["rqe_gap"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("psro", "--objective", "log(rqe_gap)", "--risk", "tau=-1"), "--risk 'tau=-1' is not understood"),
        (("psro", "--objective", "welfare", "--risk", "tau=1"), "for example with --objective robust_value"),
        (("cleanup", "--risk", "tau=1"), "none is asked for; leave it out"),
    ],
)
def test_wrong_risk_is_told_before_a_search(empty: Any, words: tuple[str, ...], message: str) -> None:
    result = empty("run", *words, "--max-evaluations", "1")
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert not empty.database.exists()


def test_suites_of_all_domains_are_listed(empty: Any) -> None:
    rows = {row["name"]: row for row in empty.json("suites")}
    assert {"cfr-train", "psro-test", "rqe-train", "mfg-train", "cleanup", "rrps-small"} <= rows.keys()
    assert len({row["kind"] for row in rows.values()}) == 5
    assert all(row["purpose"] and row["games"] for row in rows.values())
    assert "cliff_walk(4x3)" in rows["rqe-train"]["games"]
    assert "SC4" in empty.text("suites", "rqe-test")
    result = empty("suites", "rqe-tset")
    assert result.exit_code == 2
    assert "did you mean rqe-test" in result.stderr


def test_measures_are_listed_with_direction_unit_and_citation(empty: Any) -> None:
    rows = {row["metric"]: row for row in empty.json("risk", "--list")}
    assert (rows["rqe_gap"]["direction"], rows["rqe_gap"]["unit"]) == ("min", "utility")
    assert all(row["citation"] for row in rows.values())
    assert "2406.14156" in empty.text("risk", "--list")


def test_risk_of_a_learner_and_cross_play(empty: Any) -> None:
    words = (
        "risk",
        "mirror_descent",
        "projected_gradient",
        "--domain",
        "rqe",
        "--game",
        "cooperation(3x3,seed=2)",
    )
    found = empty.json(*words, "-n", "60")
    assert [entry["program"] for entry in found["programs"]] == ["mirror_descent", "projected_gradient"]
    assert found["programs"][0]["welfare"] != found["programs"][1]["welfare"]
    assert len(found["cross_play"]["matrix"]) == 2
    assert found["cross_play"]["gap"] == pytest.approx(
        found["cross_play"]["self_play"] - found["cross_play"]["cross_play"]
    )
    assert "cross-play" in empty.text(*words, "-n", "60")
    one = empty.json("risk", "mirror_descent", "--domain", "rqe", "-n", "60")
    assert one["game"] == "SC4"
    assert one["players"][0]["security_value"] <= one["players"][0]["risk_adjusted_value"] + 1e-9


GRID = ("--game", "cleanup(agents=4,map=cleanup_small)", "-n", "80", "--seeds", "0-2")


def test_risk_of_policies_of_dilemmas(empty: Any) -> None:
    """The measures that programs have, each from its definition in the empirical game."""
    one = empty.json("risk", "threshold_cleaner", *GRID)
    assert one["cross_play_gap"]["value"] == pytest.approx(
        one["welfare"]["value"] / 4 - sum(one["strangers"].values()) / len(one["strangers"])
    )
    assert one["worst_cross_play"]["value"] <= min(one["strangers"].values()) + 1e-9
    assert one["hostile_value"]["value"] <= min(one["hostile"].values()) + 1e-9
    assert one["free_riding"]["value"] > 0
    assert "threshold_cleaner" not in one["strangers"]
    two = empty.json("risk", "threshold_cleaner", "nearest_apple", *GRID)
    assert two["cross_play"]["matrix"][0][1] == pytest.approx(one["strangers"]["nearest_apple"])
    text = empty.text("risk", "threshold_cleaner", *GRID)
    assert "free-riding" in text
    assert "not defined for programs" in text


def test_policies_of_gathering_have_no_private_costs(empty: Any) -> None:
    game = ("--game", "gathering(agents=4,map=gathering_small)", "-n", "40", "--seeds", "0")
    assert "free_riding" not in empty.json("risk", "nearest_apple", *game)
    result = empty("evaluate", "nearest_apple", *game, "--metrics", "free_riding")
    assert result.exit_code == 2
    assert "those of gathering" in result.stderr


def test_evaluate_measures_policies_with_strangers(empty: Any) -> None:
    words = ("evaluate", "threshold_cleaner", *GRID, "--metrics", "worst_cross_play")
    rows = {row["metric"]: row for row in empty.json(*words, "--objective", "hostile_value + 0.1*efficiency")}
    shown = empty.json("risk", "threshold_cleaner", *GRID)
    for name in ("worst_cross_play", "hostile_value"):
        assert rows[name]["value"] == pytest.approx(shown[name]["value"])
        assert rows[name]["direction"] == "max"
    reached = rows["hostile_value"]["value"] + 0.1 * rows["efficiency"]["value"]
    assert rows["efficiency"]["fitness"] == pytest.approx(reached)
    result = empty(*words, "--risk", "tau=1")
    assert result.exit_code == 2
    assert "none is asked for; leave it out" in " ".join(result.stderr.split())


def test_risk_in_a_markov_game_of_private_costs(empty: Any) -> None:
    words = ("risk", "mirror_descent", "projected_gradient", "--domain", "rqe")
    found = empty.json(*words, "--game", "contribution_line(2)", "-n", "150")
    for one in found["programs"]:
        assert one["free_riding"] == pytest.approx(
            abs(one["players"][0]["value"] - one["players"][1]["value"]), abs=1e-12
        )
        for player in one["players"]:
            curve = [point["value"] for point in player["robustness"]]
            assert curve == sorted(curve, reverse=True)
            assert curve[0] == pytest.approx(player["value"])
            assert curve[-1] >= player["security_value"] - 1e-9
    assert found["cross_play"]["matrix"][0][0] == pytest.approx(found["programs"][0]["welfare"] / 2)


def test_what_has_no_meaning_for_policies_is_refused(empty: Any) -> None:
    for words in (("--tau", "5"), ("--epsilon", "0.5"), ("--divergence", "cvar")):
        result = empty("risk", "threshold_cleaner", *GRID, *words)
        assert result.exit_code == 2
        assert "leave --tau, --epsilon and --divergence out" in " ".join(result.stderr.split())


def test_a_policy_that_fails_is_named(empty: Any, tmp_path: Any) -> None:
    (tmp_path / "bad.py").write_text("def act(observation, memory):\n    return 1 / 0\n")
    result = empty("risk", "nearest_apple", tmp_path / "bad.py", *GRID)
    assert result.exit_code == 1
    assert "bad.py: ZeroDivisionError" in result.stderr


def test_any_metric_of_policies_is_shown_where_it_is_asked_for(empty: Any) -> None:
    rows = {row["metric"]: row for row in empty.json("evaluate", "cleaner", *GRID, "--metrics", "seconds")}
    assert rows["seconds"]["value"] > 0
