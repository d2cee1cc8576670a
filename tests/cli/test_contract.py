"""The machine-readable contract: docs/json.md."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nashforge.cli.rendering.output import number

SPLITS = {"train", "validation", "test"}
CANDIDATE = {
    "program",
    "hash",
    "run",
    "index",
    "status",
    "reason",
    "operator",
    "proposer",
    "island",
    "note",
    "fitness",
    "created",
    "finished",
    "imported",
}
METRICS = {"exploitability", "seconds", "last_iterate", "alternating", "persisting", "policy_step"}
ROW = {
    "program",
    "nickname",
    "hash",
    "game",
    "suite",
    "iterations",
    "metric",
    "direction",
    "value",
    "metrics",
    "status",
    "reason",
    "fitness",
    "reference",
    "objective",
    "reference_value",
    "seconds",
    "tier",
    "averaged",
}
RUN = {
    "run",
    "best",
    "program",
    "evaluations",
    "failures",
    "fitness",
    "seed",
    "stop_reason",
    "seconds",
    "cautions",
    "cost",
}
STANDING = (RUN - {"cost"}) | {
    "state",
    "alive",
    "domain",
    "strategy",
    "proposer",
    "max_evaluations",
    "candidates",
    "outages",
    "measuring",
    "agents",
    "standing",
    "created",
    "started",
    "finished",
    "imported",
}


def test_run_ends_with_one_object(searched: Any) -> None:
    value = searched.run
    assert set(value) == RUN
    assert value["run"] == "first-light"
    assert value["evaluations"] == 8
    assert value["stop_reason"] == "max_evaluations"
    assert set(value["fitness"]) == SPLITS
    assert all(isinstance(number, float) for number in value["fitness"].values())
    assert set(value["seed"]) == {"program", "fitness"}
    assert value["fitness"]["train"] >= value["seed"]["fitness"]["train"]


def test_status_agrees_with_the_run(searched: Any) -> None:
    value = searched.json("status")
    more = {"cost", "work", "config", "improvements", "latest_failures", "challenges"}
    assert set(value) == STANDING | more
    stands = value["standing"]
    assert stands["wins"] + stands["ties"] + stands["losses"] == len(stands["games"])
    assert stands["worst"]["fitness"] == min(stands["games"].values())
    same = ("run", "best", "program", "evaluations", "failures", "fitness", "seed", "stop_reason")
    assert {key: value[key] for key in same} == {key: searched.run[key] for key in same}
    assert value["state"] == "finished"
    assert not value["alive"]
    assert sum(value["candidates"].values()) == 8 + value["failures"].get("duplicate", 0)
    assert value["config"]["horizon"] == 50
    assert value["config"]["population_size"] == value["config"]["archive"]
    assert value["improvements"][0]["operator"] == "seed"
    assert value["improvements"][-1]["program"] == value["best"]


def test_runs_is_an_array_of_standings(searched: Any) -> None:
    (value,) = searched.json("runs")
    assert set(value) == STANDING | {"study"}
    assert value["run"] == "first-light"


def test_best_is_ordered_and_begins_with_the_best_of_the_run(searched: Any) -> None:
    rows = searched.json("best", "first")
    assert all(set(row) == CANDIDATE | {"rank", "copies", "standing", "audit"} for row in rows)
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[0]["program"] == searched.run["best"]
    assert len({row["hash"] for row in rows}) == len(rows)
    assert len(searched.json("best", "--limit", "1")) == 1


def test_evaluate_prints_rows_and_stores_each_measurement_anew(searched: Any) -> None:
    name = searched.run["best"]
    before = len(searched.json("show", name)["evaluations"])
    rows = searched.json(
        "evaluate", name, "cfr_plus", "--game", "kuhn_poker", "--iterations", "40", "--workers", "1"
    )
    assert [(row["program"], row["game"]) for row in rows] == [
        (name, "kuhn_poker"),
        ("cfr_plus", "kuhn_poker"),
    ]
    for row in rows:
        assert set(row) == ROW
        assert row["iterations"] == 40
        assert (row["metric"], row["direction"], row["objective"]) == ("exploitability", "min", None)
        assert set(row["metrics"]) == METRICS
        assert row["metrics"].items() >= {"exploitability": row["value"], "seconds": row["seconds"]}.items()
        assert row["status"] == "ok"
        assert row["value"] > 0
        assert row["reference"] == "aod_cfr,dcfr_plus,hs_pcfr_plus,pdcfr_plus"
        ratio = math.log10(row["reference_value"] / row["value"])
        assert row["fitness"] == pytest.approx(min(max(ratio, -2.0), 2.0), abs=1e-9), "no game counts more"
    after = searched.json("show", name)["evaluations"]
    assert len(after) == before + 1
    assert after[-1]["split"] is None
    [last] = [score for score in after[-1]["scores"] if score["metric"] == "exploitability"][-1:]
    assert last["value"] == rows[0]["value"]


def test_what_is_shown_and_exported_of_a_game_is_the_metric_that_decides(
    searched: Any, tmp_path: Path
) -> None:
    best = searched.run["best"]
    rows = [row for row in searched.json("show", best)["evaluations"] if row["split"] == "train"]
    scores = [score for score in rows[-1]["scores"] if score["metric"] == "exploitability"]
    assert len(scores) < len(rows[-1]["scores"]), "other metrics were measured, too"
    last = max(scores, key=lambda score: score["iteration"])
    shown = searched.text("show", best, "--no-source")
    narrow = searched.text("show", best, "--no-source", COLUMNS="24").splitlines()
    assert "    kuhn_poker" in narrow, "a game without room stands on a line of its own"
    assert re.search(rf"^ *{re.escape(number(last['value']))} .* {re.escape(last['game'])}$", shown, re.M)
    searched.json("export", best, "--output", tmp_path / "best.py")
    told = re.findall(
        r"^#   (.*): (\w+) (\S+) after (\d+) iterations$", (tmp_path / "best.py").read_text(), re.M
    )
    assert {metric for _, metric, _, _ in told} == {"exploitability"}
    assert (last["game"], number(last["value"])) in {(game, value) for game, _, value, _ in told}


def test_show_has_source_scores_and_parents(searched: Any) -> None:
    rows = searched.json("best")
    child = next(row for row in rows if row["operator"] != "seed")
    value = searched.json("show", child["program"])
    assert value["hash"] == child["hash"]
    assert value["origin"] == "archive"
    assert "class " in value["source"]
    (candidate,) = value["candidates"]
    assert set(candidate) == CANDIDATE | {"parents"}
    assert {"program", "run", "index", "role"} == set(candidate["parents"][0])
    assert {row["split"] for row in value["evaluations"]} >= {"smoke", "train"}


def test_lineage_of_a_run_and_of_a_program(searched: Any) -> None:
    family = searched.json("lineage", "first-light")
    ids = {node["id"] for node in family["nodes"]}
    assert all(CANDIDATE | {"id", "best_line"} == set(node) for node in family["nodes"])
    assert all(edge["child"] in ids and edge["parent"] in ids for edge in family["edges"])
    assert {node["operator"] for node in family["nodes"] if node["id"] == 0} == {"seed"}
    # Everything but the seed descends from something.
    assert {edge["child"] for edge in family["edges"]} == ids - {0}
    line = searched.json("lineage", searched.run["best"])
    assert line["run"] is None
    assert line["nodes"][-1]["program"] == searched.run["best"]
    below = searched.json("lineage", searched.run["seed"]["program"], "--descendants")
    assert len(below["nodes"]) > 1


def test_diff_of_a_rule_with_itself_and_with_another(searched: Any) -> None:
    assert searched.json("diff", "cfr", "cfr")["same"]
    value = searched.json("diff", "cfr", "cfr_plus")
    assert value["diff"].startswith("--- cfr\n+++ cfr_plus\n")
    assert not value["same"]


def test_compare_has_curves_and_reuses_measurements(searched: Any) -> None:
    words = ("compare", "cfr", "dcfr", "--game", "kuhn_poker", "-n", "30", "--workers", "1")
    first = searched.json(*words)
    assert all(set(row) == ROW | {"curve"} for row in first)
    assert first[0]["curve"][-1] == {
        "iteration": 30,
        "value": first[0]["value"],
        "seconds": pytest.approx(first[0]["seconds"]),
        "last_iterate": first[0]["metrics"]["last_iterate"],
    }
    stored = len(searched.json("show", "cfr")["evaluations"])
    assert searched.json(*words) == first
    assert len(searched.json("show", "cfr")["evaluations"]) == stored


def test_the_pareto_set_has_metrics(searched: Any, tmp_path: Path) -> None:
    rows = searched.json("best", "--pareto", "--plot", tmp_path / "front.svg")
    assert all(set(row) == CANDIDATE | {"metrics"} for row in rows)
    values = [row["metrics"] for row in rows]
    assert [set(value) for value in values] == [{"exploitability", "seconds"}] * len(rows)
    # Along the front, what is worse in one metric is better in the other.
    assert [value["seconds"] for value in values] == sorted(
        (value["seconds"] for value in values), reverse=True
    )
    assert (tmp_path / "front.svg").read_text().startswith("<?xml")
    assert "Pareto set of" in searched.text("best", "--metrics", "seconds,exploitability")
    failed = searched("best", "--metrics", "seconds,fun", "--json")
    assert failed.exit_code == 2
    assert "does not measure 'fun'" in failed.stderr


def test_an_objective_replaces_the_fitness(searched: Any) -> None:
    words = ("compare", "cfr", "dcfr", "--game", "kuhn_poker", "-n", "30", "--workers", "1")
    rows = searched.json(*words, "--objective", "2*log(exploitability)")
    for row in rows:
        assert (row["objective"], row["reference"]) == ("2*log(exploitability)", None)
        assert row["fitness"] == pytest.approx(-2 * math.log10(row["value"]))
    failed = searched(*words, "--objective", "exploitability", "--reference", "cfr")
    assert failed.exit_code == 2
    assert "leave one of the two out" in failed.stderr


def test_distill_stores_its_steps(empty: Any) -> None:
    words = ("distill", "cfr_plus", *empty.quick[:4], "--horizon", "20", "--workers", "1")
    value = empty.json(*words, "--max-evaluations", "6", "--no-final-test", "--tolerance", "9")
    assert set(value) == {"run", "program", "tried", "complete", "tolerance", "steps"}
    assert all(set(step) == CANDIDATE | {"size"} for step in value["steps"])
    sizes = [step["size"] for step in value["steps"]]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) > 1
    assert value["steps"][-1]["program"] == value["program"]
    line = empty.json("lineage", value["program"])
    assert [node["program"] for node in line["nodes"]][-1] == value["program"]
    assert empty.json("status", value["run"])["state"] == "finished"


def test_solve_reports_curve_and_values(empty: Any) -> None:
    value = empty.json("solve", "kuhn_poker", "--rule", "dcfr", "--iterations", "200")
    assert value["exploitability"] == value["curve"][-1]["exploitability"] < 0.005
    # The value of Kuhn poker for the first player is -1/18.
    assert value["values"][0] == pytest.approx(-1 / 18, abs=0.01)
    assert sum(value["values"]) == pytest.approx(0, abs=1e-12)
    # A rule of the library needs no archive: none is made, and one that cannot be used does no harm.
    assert not empty.database.exists()
    empty.database.parent.mkdir()
    empty.database.write_bytes(b"no archive at all, but long enough to be taken for a file" * 20)
    assert empty.json("solve", "kuhn_poker", "-n", "200")["exploitability"] == value["exploitability"]


def test_games_suites_and_rules(empty: Any) -> None:
    games = {row["game"]: row for row in empty.json("games")}
    assert "cfr-train" in games["leduc_poker"]["suites"]
    one = empty.json("games", "kuhn_poker")
    assert (one["histories"], one["infosets"], one["sequences"]) == (58, [6, 6], [12, 12])
    documented = "game compiled players histories leaves infosets sequences zero_sum constant_sum"
    assert one.keys() == {*documented.split(), "seconds", "output"}
    assert one["constant_sum"] == 0.0
    assert empty.json("games")[0].keys() == {"game", "compiled", "players", "histories", "zero_sum", "suites"}
    suites = {row["name"]: row for row in empty.json("suites")}
    assert len(suites["papers-train"]["games"]) == 4
    assert empty.json("suites", empty.suite)["games"] == ["kuhn_poker"]
    rules = {row["name"]: row for row in empty.json("rules")}
    assert all(row["title"] and row["citation"] for row in rules.values())
    assert "Tammelin" in rules["cfr_plus"]["citation"]


def test_databases_are_described_and_upgraded(empty: Any) -> None:
    assert empty.json("db", "info")["exists"] is False
    created = empty.json("db", "upgrade")
    assert created["before"] is None
    again = empty.json("db", "upgrade")
    assert again["before"] == again["after"] == created["after"]
    value = empty.json("db", "info")
    assert (value["exists"], value["runs"]) == (True, 0)


def test_a_pipe_gets_text_in_whole_lines_and_json_on_request_in_one(
    searched: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def piped(*words: str, **environment: str) -> str:
        process = subprocess.run(
            [sys.executable, "-m", "nashforge", *words],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "NASHFORGE_DATABASE": str(searched.database), **environment},
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        return process.stdout

    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("NASHFORGE_JSON", raising=False)
    text = piped("best")
    notes = [row["note"] for row in searched.json("best") if row["operator"] != "seed"]
    assert max(map(len, notes)) > 60
    assert all(note in text for note in notes)
    assert "\x1b" not in text
    assert "…" not in text
    for line in (piped("runs", "--json"), piped("runs", NASHFORGE_JSON="1")):
        assert len(line.splitlines()) == 1
        assert json.loads(line)[0]["run"] == "first-light"
    assert piped("runs", "--no-json", NASHFORGE_JSON="1").count("first-light") == 1
    assert piped("runs", NASHFORGE_JSON="0").startswith(piped("runs").splitlines()[0])


@pytest.mark.parametrize(
    "words",
    [
        "status", "runs", "best", "best --pareto", "lineage", "show cfr", "diff cfr dcfr", "costs",
        "calls list", "rules", "suites", "suites cfr-smoke", "games", "games kuhn_poker", "db info",
        "doctor", "risk --list", "solve kuhn_poker -n 3", "equilibrium SC4 --concept rqe",
        "equilibrium SC4 --concept nash", "equilibrium kuhn_poker --concept nash",
        "evaluate cfr --game kuhn_poker -n 3 --workers 1",
        "bench cfr --suite cfr-smoke --quick --workers 1",
    ],
)  # fmt: skip
def test_every_field_is_documented(searched: Any, words: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    known = set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"`[^`]+`", text))))
    value = searched.json(*words.split())
    rows = value if isinstance(value, list) else [value]
    inner = [item for row in rows for items in row.values() if isinstance(items, list) for item in items]
    fields = {name for row in [*rows, *inner] if isinstance(row, dict) for name in row}
    assert sorted(fields - known) == []


def test_equilibria_have_the_gaps_and_actions_that_are_documented(searched: Any) -> None:
    for game in ("SC4", "matrix_pd", "7 0 / 5 9 ; 4 11 / 6 2"):
        for concept in ("nash", "qre", "rqe"):
            told = searched.json("equilibrium", game, "--concept", concept)
            gaps = [player["gap"] for player in told["players"]]
            assert all(gap is not None and -1e-12 < gap < 1e-6 for gap in gaps)
            assert sum(gaps) == pytest.approx(told["gap"], abs=1e-12)
    security = searched.json("equilibrium", "SC4", "--concept", "security")
    extensive = searched.json("equilibrium", "kuhn_poker", "--concept", "nash")
    for told in (security, extensive):
        assert [player["gap"] for player in told["players"]] == [None, None]
        sets = [chosen for player in told["players"] for chosen in player["strategy"]]
        assert all(isinstance(action, str) for chosen in sets for action in chosen["actions"])
