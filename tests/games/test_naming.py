"""What people are told about names that are not known."""

from __future__ import annotations

from nashforge.games.naming import choice, nearest


def test_the_likeliest_names_are_proposed() -> None:
    assert choice("vad_crf", ["cfr", "vad_cfr", "dcfr", "hs_pcfr_plus_30"]).startswith("did you mean vad_cfr")
    assert nearest("leduc", ["leduc", "kuhn_poker"]) == ["leduc"]


def test_capitals_and_hyphens_do_not_matter() -> None:
    assert nearest("MAX-Evaluation", ["max_evaluations", "seed"]) == ["max_evaluations"]
    assert nearest("rps", ["RPS", "SC4"]) == ["RPS"]


def test_what_is_like_nothing_gets_the_choice_or_a_remedy() -> None:
    assert choice("zzz", ["nash", "qre"]) == "choose one of nash, qre"
    assert choice("zzz", ["nash", "qre"], "see the list") == "see the list"
