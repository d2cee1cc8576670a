"""The commands equilibrium, humans and risk: what they print for programs, and how they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nashforge.cli.main import app
from nashforge.games import compile as compile_game
from nashforge.solvers.equilibria.correlated.device import correlation_device
from nashforge.solvers.equilibria.correlated.distances import correlated_gains
from nashforge.solvers.stepping import CFR


def run(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Carry out a command; return exit code, output and errors."""
    with pytest.raises(SystemExit) as ended:
        app(words, prog_name="nashforge")
    shown = capsys.readouterr()
    return int(ended.value.code or 0), shown.out, shown.err


def test_equilibria_of_games_of_people_have_fitted_parameters(capsys, tmp_path: Path) -> None:
    picture = tmp_path / "sc4.png"
    code, out, _ = run(["equilibrium", "SC4", "--json", "--plot", str(picture)], capsys)
    found = json.loads(out)
    assert code == 0
    assert found["parameters"]["tau"] == [0.1, 30.0]
    assert found["players"][0]["strategy"][0]["probabilities"][0] == pytest.approx(0.2881, abs=1e-4)
    assert found["converged"]
    assert found["unique"] is True
    assert picture.stat().st_size > 1000


CONCEPTS = {
    "nash": "Nash equilibrium",
    "qre": "logit QRE",
    "rqe": "risk-averse quantal response equilibrium; --concept nash gives Nash equilibria",
    "security": "security strategies",
}


@pytest.mark.parametrize("concept", CONCEPTS)
def test_every_concept_answers_for_a_matrix_and_is_named_first(
    concept: str, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    code, out, _ = run(["equilibrium", "7 0 / 5 9 ; 4 11 / 6 2", "--concept", concept, "--json"], capsys)
    found = json.loads(out)
    assert code == 0
    for player in found["players"]:
        assert sum(player["strategy"][0]["probabilities"]) == pytest.approx(1)
    code, text, _ = run(["equilibrium", "SC4", "--concept", concept, "--no-json"], capsys)
    assert code == 0
    assert CONCEPTS[concept] in text.splitlines()[0]
    assert "player 0" in text
    assert "player 2" not in text


def test_payoffs_that_begin_with_a_minus_are_no_option(capsys) -> None:
    words = ["equilibrium", "-3 3 / -3 5 ; 2 7 / 4 2", "--concept", "nash"]
    code, out, _ = run([*words, "--json"], capsys)
    found = json.loads(out)
    assert code == 0
    assert found["complete"] is True
    assert found["degenerate"] is True
    assert found["exact"] == [[["0", "1"], ["1", "0"]], [["2/7", "5/7"], ["1", "0"]]]
    assert found["gap"] == 0
    assert found["other_gaps"] == [pytest.approx(0, abs=1e-12)]
    _, text, _ = run([*words, "--no-json"], capsys)
    assert "also (0.2857, 0.7143) and (1.0000, 0.0000), gap 0: exactly (2/7, 5/7) and (1, 0)" in text


def test_gaps_stand_beside_every_profile_and_the_branch_is_told(capsys) -> None:
    words = ["equilibrium", "4 1 / 3 3 ; 4 3 / 1 3", "--concept", "qre", "--rationality", "10"]
    _, out, _ = run([*words, "--json"], capsys)
    found = json.loads(out)
    assert found["principal"] is True
    assert found["players"][0]["strategy"][0]["probabilities"] == pytest.approx([0, 1], abs=1e-6)
    assert len(found["others"]) == len(found["other_gaps"]) == 2
    _, text, _ = run([*words, "--no-json"], capsys)
    assert "lies on the principal branch" in text
    assert text.count(", gap ") == 2


def test_actions_of_one_shot_games_have_numbers_and_names(capsys) -> None:
    _, out, _ = run(["equilibrium", "matrix_pd", "--concept", "nash", "--json"], capsys)
    (strategy,) = json.loads(out)["players"][0]["strategy"]
    assert strategy["actions"] == ["0", "1"]
    assert strategy["names"] == ["Cooperate", "Defect"]
    _, text, _ = run(["equilibrium", "matrix_pd", "--concept", "nash", "--no-json"], capsys)
    assert "1 Defect" in text


def test_a_commitment_is_told_with_its_bound(capsys) -> None:
    words = ["equilibrium", "1 0 / 0 1 ; 2 1 / 4 3", "--concept", "stackelberg", "--leader", "1"]
    _, out, _ = run([*words, "--json"], capsys)
    found = json.loads(out)
    assert found["exact"] == [[["0", "1"], ["1/2", "1/2"]]]
    assert (found["bound"], found["gap"], found["ties"]) == (3.5, 0, 1)
    assert [player["value"] for player in found["players"]] == [0.5, 3.5]
    assert [player["gap"] for player in found["players"]] == [0, None]
    _, text, _ = run([*words, "--no-json"], capsys)
    assert "player 1 commits" in text
    assert "no commitment is worth more than 3.5" in " ".join(text.split())
    assert "another best response" in text
    code, _, err = run(["equilibrium", "SC4", "--leader", "1"], capsys)
    assert code == 2
    assert "--leader is a parameter of --concept stackelberg" in " ".join(err.split())


def test_slashes_and_semicolons_of_game_strings_are_no_payoffs(capsys, tmp_path: Path) -> None:
    file = tmp_path / "pd.efg"
    file.write_text(
        'EFG 2 R "one" { "A" "B" }\n""\np "" 1 1 "i" { "l" "r" } 0\nt "" 1 "x" { 1 2 }\nt "" 2 "y" { 3 0 }\n'
    )
    code, out, err = run(
        ["equilibrium", f"efg_game(filename={file})", "--concept", "security", "--json"], capsys
    )
    assert code == 0, err
    assert json.loads(out)["players"][0]["value"] == 3
    ships = "battleship(board_height=1,board_width=2,num_shots=1,ship_sizes=[1;1],ship_values=[1;1])"
    code, _, err = run(["equilibrium", ships], capsys)
    assert code == 2
    assert "concept nash or security" in err


def test_risk_for_each_action(capsys) -> None:
    code, out, _ = run(["equilibrium", "SC4", "--risk", "per_action", "--json"], capsys)
    found = json.loads(out)
    assert code == 0
    assert found["parameters"]["risk"] == "per_action"
    assert found["gap"] < 1e-10
    assert all(sum(player["feared"]) == pytest.approx(1) for player in found["players"])
    assert found["players"][0]["strategy"][0]["probabilities"][0] == pytest.approx(0.1283, abs=1e-4)


def test_extensive_games_by_linear_programs(capsys) -> None:
    _, out, _ = run(["equilibrium", "kuhn_poker", "--concept", "nash", "--json"], capsys)
    found = json.loads(out)
    assert found["players"][0]["value"] == pytest.approx(-1 / 18)
    assert found["exploitability"] < 1e-9


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["SC4", "--concept", "maximin"], "no concept 'maximin'"),
        (["SC4", "--tau", "x"], "--tau x must be a number"),
        (["SC4", "--concept", "nash", "--tau", "1"], "--tau is a parameter of --concept rqe"),
        (["SC4", "--concept", "security", "--risk", "aggregate"], "--risk is a parameter of --concept rqe"),
        (["SC4", "--rationality", "2"], "--rationality is a parameter of --concept qre"),
        (["1/3 1/2 / 1/4 1/5 ; 1 2 / 3 4"], "a slash separates rows"),
        (["SC4", "--tau", "-1"], "tau must be finite and at least 0"),
        (["SC4", "--divergence", "tv"], "no divergence 'tv'"),
        (["SC4", "--risk", "both"], "risk must be 'aggregate' or 'per_action'"),
        (["kuhn_poker"], "concept nash or security"),
        (["SC40"], "SC1 to SC12"),
        (["SC4", "--plot", "x.txt"], "must end in .csv, .json, .png"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(words: list[str], message: str, capsys) -> None:
    code, _, err = run(["equilibrium", *words], capsys)
    assert code == 2
    assert message in " ".join(err.split())


def test_humans_prints_the_published_distances(capsys) -> None:
    _, out, _ = run(["humans", "--json"], capsys)
    found = json.loads(out)["means"]
    for concept, value in found["published"].items():
        assert found["squared_distance"][concept] == pytest.approx(value, rel=0.1)
    _, text, _ = run(["humans", "--no-json"], capsys)
    assert "SC12" in text


def test_risk_of_a_rule(capsys) -> None:
    words = ["risk", "dcfr", "--game", "kuhn_poker", "-n", "20"]
    code, out, _ = run([*words, "--json"], capsys)
    found = json.loads(out)
    assert code == 0
    for player in found["players"]:
        curve = [point["value"] for point in player["robustness"]]
        assert curve == sorted(curve, reverse=True)
        assert player["security_value"] <= curve[-1] + 1e-9
        assert player["risk_adjusted_value"] <= player["value"]
    assert found["price_of_anarchy"] is None
    _, text, _ = run([*words, "--no-json"], capsys)
    assert "RQE gap" in text


def test_actions_of_extensive_games_have_their_names_beside_their_numbers(capsys, tmp_path):
    path = tmp_path / "nash.csv"
    code, text, _ = run(["equilibrium", "kuhn_poker", "--concept", "nash", "-o", str(path)], capsys)
    assert code == 0
    assert "0 Pass" in text
    assert "1 Bet" in text
    assert "player 0" in text
    header, first, *_ = path.read_text().splitlines()
    assert header == "player,information_set,action,name,probability,feared"
    assert first.startswith("0,0,0,Pass,")
    _, out, _ = run(["equilibrium", "kuhn_poker", "--concept", "nash", "--json"], capsys)
    strategy = json.loads(out)["players"][1]["strategy"][0]
    assert (strategy["actions"], strategy["names"]) == (["0", "1"], ["Pass", "Bet"])


def test_players_are_numbered_alike_everywhere(capsys, tmp_path):
    path = tmp_path / "policy.csv"
    _, solved, _ = run(["solve", "kuhn_poker", "-n", "5", "--policy", str(path)], capsys)
    assert "player 0" in solved
    assert {line.split(",")[0] for line in path.read_text().splitlines()[1:]} == {"0", "1"}
    assert path.read_text().splitlines()[1].split(",")[2:4] == ["0", "Pass"]
    _, sizes, _ = run(["games", "kuhn_poker"], capsys)
    assert "player 0" in sizes
    for words in (["equilibrium", "SC4"], ["risk", "cfr", "--game", "kuhn_poker", "-n", "3"]):
        _, out, _ = run([*words, "--json"], capsys)
        assert [player["player"] for player in json.loads(out)["players"]] == [0, 1]


def test_correlated_equilibria_are_told_with_what_is_played_together(capsys, tmp_path: Path) -> None:
    chicken, table = "6 2 / 7 0 ; 6 7 / 2 0", tmp_path / "joint.csv"
    code, out, _ = run(["equilibrium", chicken, "--concept", "ce", "--json", "-o", str(table)], capsys)
    found = json.loads(out)
    assert code == 0
    assert sum(player["value"] for player in found["players"]) == pytest.approx(10.5)
    assert found["joint"][0]["actions"] == ["0", "0"]
    assert found["players"][0]["strategy"][0]["probabilities"] == pytest.approx([0.75, 0.25])
    assert table.read_text().splitlines()[0] == "player_0,player_1,probability"
    code, text, _ = run(["equilibrium", chicken, "--concept", "cce", "--no-json"], capsys)
    assert "coarse correlated equilibrium of most welfare" in text


def test_the_joint_average_is_measured_where_asked(capsys) -> None:
    game = "kuhn_poker(players=3)"
    code, out, _ = run(["solve", game, "--rule", "cfr", "-n", "20", "--joint", "--json"], capsys)
    joint = json.loads(out)["joint"]
    assert code == 0
    assert all(a <= b <= c for a, b, c in zip(joint["cce"], joint["efcce"], joint["efce"], strict=True))
    code, text, _ = run(["solve", game, "--rule", "cfr", "-n", "3", "--no-json"], capsys)
    assert "--joint measures it" in text
    code, text, _ = run(["solve", "kuhn_poker", "--rule", "cfr", "-n", "3", "--no-json"], capsys)
    assert "--joint" not in text
    code, _, err = run(["solve", game, "--psro", "uniform", "--joint"], capsys)
    assert code == 2
    assert "CFR rules of the library" in err
    code, out, err = run(["solve", game, "--rule", "cfr", "-n", "100000000", "--joint"], capsys)
    assert (code, out) == (2, ""), "before anything is solved"
    assert "give at most" in err


def test_the_joint_average_is_of_what_was_played_where_a_target_ends_it(capsys) -> None:
    words = ["solve", "kuhn_poker", "--rule", "hs_dcfr", "--joint", "--json"]
    code, out, _ = run([*words, "-n", "400", "--target", "0.01"], capsys)
    found = json.loads(out)
    assert code == 0
    assert found["iterations"] < 400
    form = compile_game("kuhn_poker")
    horizons = [400, found["iterations"]]  # by which the rule times its discounts
    told, fewer = (
        correlated_gains(
            correlation_device(form, list(CFR(form, "hs_dcfr", horizon=n).iterates(horizons[1])))
        )
        for n in horizons
    )
    assert found["joint"]["cce"] == pytest.approx(told.cce.tolist(), abs=1e-12)
    assert found["joint"]["cce"] != pytest.approx(fewer.cce.tolist(), abs=1e-6)
