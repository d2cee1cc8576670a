"""PSRO from the command line: solving, searching, and every command on a program of another domain."""

from typing import Any

import pytest

from nashforge.solvers.psro.meta_solvers import solver_names, solver_source


def test_solve_by_psro_reports_curve_and_values(empty: Any) -> None:
    value = empty.json("solve", "kuhn_poker", "--psro", "nash", "-n", 12)
    assert value["rule"] == "nash"
    assert value["iterations"] == 12
    assert value["exploitability"] < 1e-8
    assert [point["iteration"] for point in value["curve"]] == [1, 2, 5, 10, 12]
    assert value["values"] == pytest.approx([-1 / 18, 1 / 18])
    assert empty.json("solve", "kuhn_poker", "--psro", "uniform")["iterations"] == 100


def test_unread_meta_solvers_run_in_the_sandbox_with_equal_results(empty: Any, tmp_path: Any) -> None:
    path = tmp_path / "mine.py"
    path.write_text(solver_source("projection_matching"))
    words = ("solve", "kuhn_poker(players=3)", "-n", 3, "--psro")
    library, file = empty.json(*words, "projection_matching"), empty.json(*words, path)
    assert file["exploitability"] == library["exploitability"]


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        ("solve kuhn_poker --psro nash --rule cfr", 2, "--rule and --psro exclude each other"),
        ("solve kuhn_poker --psro shr", 2, "did you mean shor"),
        ("solve kuhn_poker(players=3) --psro nash -n 2", 2, "two players; this one has 3"),
        ("evaluate uniform --game kuhn_poker --domain cfr", 2, "--domain psro"),
    ],
)
def test_wrong_usage_is_named(empty: Any, words: str, code: int, hint: str) -> None:
    result = empty(*words.split())
    assert result.exit_code == code
    assert hint in result.stderr


def test_a_rule_may_be_any_program_that_solves_games(empty: Any) -> None:
    words = ("solve", "kuhn_poker", "-n", 5)
    found = [empty.json(*words, option, "uniform")["values"] for option in ("--rule", "--psro")]
    assert found[0] == found[1]
    learnt = empty.json("solve", "SC4", "--rule", "projected_gradient", "-n", 5)
    assert [point["iteration"] for point in learnt["curve"]] == [1, 2, 5]
    assert all(point["rqe_gap"] > 0 for point in learnt["curve"])


def test_the_library_is_listed(empty: Any) -> None:
    rows = empty.json("rules", "--domain", "psro")
    assert [row["name"] for row in rows] == list(solver_names())
    assert all(row["title"] and row["formula"] and row["citation"] for row in rows)
    assert {row["name"] for row in rows if not row["scale_free"]} == {"prd", "regret_matching", "shor"}
    assert all(row["first_average"] is None for row in rows)


def test_a_search_and_every_command_on_its_best_program(empty: Any, tmp_path: Any) -> None:
    suites = [word for kind in ("", "validation-", "test-") for word in (f"--{kind}suite", empty.suite)]
    small = ["--horizon", 6, "--workers", 1, "--max-evaluations", 4, "--name", "oracle", "--seed", 2]
    run = empty.json("run", "psro", *suites, *small)
    assert run["evaluations"] == 4
    assert run["seed"]["fitness"]["train"] == 0
    best = run["best"]
    ranked = empty.json("best", "oracle")
    assert ranked[0]["program"] == best
    assert empty.json("status", "oracle")["domain"] == "psro"
    traded = empty.json("best", "oracle", "--pareto")
    assert traded
    assert all(set(row["metrics"]) == {"exploitability", "solver_seconds"} for row in traded)
    assert all(row["metrics"]["solver_seconds"] > 0 for row in traded)
    assert "MetaSolver" in empty.json("show", best)["source"]
    assert empty.json("lineage", best)["nodes"]
    words = ("--domain", "psro", "--game", "kuhn_poker", "-n", 6, "--workers", 1)
    (row,) = empty.json("evaluate", best, *words)
    assert row["metric"] == "exploitability"
    assert {"solver_seconds", "policies", "train_entropy", "evaluate_entropy"} <= row["metrics"].keys()
    picture = tmp_path / "curves.png"
    rows = empty.json("compare", best, "uniform", *words, "-o", picture, "--over", "time")
    assert {row["reference"] for row in rows} == {"uniform"}
    assert all(point["seconds"] > 0 for row in rows for point in row["curve"])
    assert picture.stat().st_size > 1000
    file = tmp_path / "best.py"
    empty.json("export", best, "--output", file)
    assert empty.json("solve", "kuhn_poker", "--psro", file, "-n", 6)["exploitability"] == row["value"]


def test_nash_fails_on_three_players_with_its_reason(empty: Any) -> None:
    words = ("--domain", "psro", "--game", "kuhn_poker(players=3)", "-n", 2, "--workers", 1)
    result = empty("evaluate", "nash", *words, "--no-json")
    assert result.exit_code == 1
    assert "two players; this one has 3" in " ".join(result.stdout.split())
