"""Commands on games from files, and games written to files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

GAME = 'NFG 1 R "t" {{ "A" "B" }} {{ 2 2 }}\n{0}\n'
DILEMMA, SMALL = GAME.format("3 3 5 0 0 5 1 1"), GAME.format("6 6 10 0 0 10 2 2")


@pytest.mark.parametrize(
    ("game", "name", "value"),
    [("kuhn_poker", "kuhn.efg", -1 / 18), ("matrix_pd", "pd.nfg", 1.0), ("matrix_pd", "pd.efg", 1.0)],
)
def test_a_written_game_has_the_value_of_the_game(
    game: str, name: str, value: float, empty: Any, tmp_path: Path
) -> None:
    file = tmp_path / name
    written = empty.json("games", game, "-o", file)
    assert written["output"] == str(file)
    for spelled in (str(file), f"{file.suffix[1:]}_game(filename={file})"):
        assert empty.json("games", spelled)["histories"] == written["histories"]
        found = empty.json("solve", spelled, "-n", 300)
        assert found["values"][0] == pytest.approx(value, abs=2e-3)
        assert found["values"] == pytest.approx(empty.json("solve", game, "-n", 300)["values"], abs=2e-3)


def test_files_are_replaced_only_with_force(empty: Any, tmp_path: Path) -> None:
    file = tmp_path / "kuhn.efg"
    file.write_text("mine")
    refused = empty("games", "kuhn_poker", "-o", file)
    assert (refused.exit_code, file.read_text()) == (2, "mine")
    assert "--force" in refused.stderr
    assert empty("games", "kuhn_poker", "-o", file, "--force").exit_code == 0
    assert file.read_text().startswith("EFG 2 R")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["games", "kuhn_poker", "-o", "{}/kuhn.nfg"],
            "every player moves once; write it to a file that ends",
        ),
        (["games", "kuhn_poker", "-o", "{}/kuhn.txt"], "must end in .nfg or .efg"),
        (["games", "-o", "{}/kuhn.efg"], "name one, as in"),
        (["solve", "{}/none.efg"], "there is no file"),
        (["evaluate", "dcfr", "--game", "{}/none.nfg"], "there is no file"),
        (["solve", "{}/bad.nfg"], "bad.nfg, line 2: expected the payoff of player 2 in profile 4 of 4"),
        (["equilibrium", "{}/bad.nfg"], "bad.nfg, line 2: expected the payoff of player 2"),
        (["compare", "dcfr", "--game", "nfg_game(filename={}/bad.nfg)"], "bad.nfg, line 2: expected"),
        (["risk", "dcfr", "--game", "{}/bad.nfg"], "bad.nfg, line 2: expected"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(
    words: list[str], message: str, empty: Any, tmp_path: Path
) -> None:
    (tmp_path / "bad.nfg").write_text(GAME.format("3 3 5 0 0 5 1").strip())
    result = empty(*(word.format(tmp_path) for word in words))
    assert result.exit_code != 0
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert list(tmp_path.glob("*.writing")) == []
    assert not (tmp_path / "kuhn.nfg").exists()


@pytest.mark.parametrize("spelled", ["{}", "nfg_game(filename={})"])
def test_values_follow_the_file(spelled: str, empty: Any, tmp_path: Path) -> None:
    """Also those that are kept in the archive, and the reference's."""
    file = tmp_path / "my.nfg"
    game = spelled.format(file)
    seen = []
    for text in (DILEMMA, SMALL, DILEMMA):
        file.write_text(text)
        rows = empty.json("compare", "cfr", "dcfr", "--game", game, "-n", 7)
        seen.append([row["value"] for row in rows])
        [own] = empty.json("evaluate", "dcfr", "--game", game, "-n", 7)
        assert own["value"] == rows[1]["value"]
        references = empty.json("compare", *own["reference"].split(","), "--game", game, "-n", 7)
        assert own["reference_value"] == min(row["value"] for row in references)
    assert seen[0] == seen[2]
    assert seen[1] == pytest.approx([2 * value for value in seen[0]])
