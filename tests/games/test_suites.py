"""Suites: those of the package, and the errors of a user's own."""

from __future__ import annotations

import pytest

from nashforge import games

# Too large to compile in a quick test; test_compiler compiles the first on its own.
LARGE = {
    "leduc_poker(players=3)",
    "goofspiel(num_cards=6,imp_info=True,points_order=descending)",
    "liars_dice(dice_sides=6)",
}

GENERAL_SUM = {"auctions", "bargaining", "sheriff"}
"""Families in which what one wins is not lost by the others."""
PAPER_TRAIN = (
    "kuhn_poker(players=3)",
    "leduc_poker",
    "goofspiel(num_cards=4,imp_info=True,points_order=descending)",
    "liars_dice(dice_sides=5)",
)
PAPER_TEST = (
    "kuhn_poker(players=4)",
    "leduc_poker(players=3)",
    "goofspiel(num_cards=5,imp_info=True,points_order=descending)",
    "liars_dice(dice_sides=6)",
)


def test_the_suites_of_the_package():
    assert set(games.suite_names()) >= {"cfr-train", "cfr-test", "cfr-smoke", "cfr-11", "cfr-18"}
    assert games.load_suite("papers-train").games == PAPER_TRAIN
    assert games.load_suite("papers-test").games == PAPER_TEST
    assert games.load_suite("cfr-smoke").games == ("kuhn_poker",)
    eleven, eighteen = games.load_suite("cfr-11").games, games.load_suite("cfr-18").games
    assert (len(eleven), len(eighteen)) == (11, 18)
    assert set(PAPER_TRAIN + PAPER_TEST) < set(eleven) < set(eighteen)
    for family in ("blotto", "battleship"):
        assert any(game.startswith(family) for game in eleven)


@pytest.mark.parametrize("name", games.suite_names())
def test_suites_are_named_like_their_files_and_hold_distinct_games(name):
    suite = games.load_suite(name)
    assert suite.name == name
    assert len(suite.purpose.split()) > 3
    assert len({games.identity(game) for game in suite.games}) == len(suite.games)


@pytest.mark.parametrize(
    "game",
    sorted(
        {
            game
            for name in games.suite_names()
            if not name.startswith(("bench", "psro-bench"))  # whose games are played by benchmarks.families
            for game in games.load_suite(name).games
        }
        - LARGE
    ),
)
def test_games_of_suites_compile(game):
    form = games.compile(game)
    assert form.zero_sum or games.family(game) in GENERAL_SUM
    assert form.leaf_chance.sum() > 0
    assert all(treeplex.infosets > 0 for treeplex in form.treeplexes)


def test_a_suite_may_have_its_games_by_family(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'name = "mine"\npurpose = "Small."\n[families]\npoker = ["kuhn_poker", "leduc_poker"]\n'
        'dice = ["liars_dice(dice_sides=3)"]\n'
    )
    suite = games.load_suite(file)
    assert suite.games == ("kuhn_poker", "leduc_poker", "liars_dice(dice_sides=3)")
    assert dict(suite.families) == {"poker": suite.games[:2], "dice": suite.games[2:]}
    with pytest.raises(TypeError):
        suite.families["poker"] = ()


@pytest.mark.parametrize("name", games.suite_names())
def test_families_hold_the_games_of_a_suite(name):
    suite = games.load_suite(name)
    assert sorted(game for members in suite.families.values() for game in members) == sorted(suite.games)
    for family, members in suite.families.items():
        assert {games.family(game) for game in members} == {family}


def test_no_family_of_the_benchmark_is_in_two_of_its_suites():
    splits = [games.load_suite(f"bench-{split}") for split in ("train", "validation", "test")]
    families = [family for suite in splits for family in suite.families]
    assert len(set(families)) == len(families) >= 14
    assert [len(suite.families) >= least for suite, least in zip(splits, (4, 4, 5), strict=True)] == [
        True
    ] * 3
    # By name, too: whoever asks for the family of a relative is never sent to another split.
    names = [{game.partition("(")[0] for game in suite.games} for suite in splits]
    assert not names[2] & (names[0] | names[1])
    assert not names[0] & names[1]


def test_families_of_the_test_suite_are_in_no_other_suite_that_a_search_uses():
    test = games.load_suite("bench-test")
    names = {game.partition("(")[0] for game in test.games}
    for suite in games.suite_names():
        # What is played once, at the end of a run, may be of them; what decides in a run may not.
        if not suite.endswith("-test"):
            assert not names & {game.partition("(")[0] for game in games.load_suite(suite).games}, suite


def test_a_game_that_is_in_no_table_is_of_the_family_of_its_name():
    assert games.family("matrix_pd") == "matrix_pd"
    assert games.family(" matrix_pd ( ) ") == "matrix_pd"
    assert games.family("turn_based_simultaneous_game(game=matrix_pd(a=1))") == "matrix_pd"
    assert games.family("some/where/entry.efg") == "entry"


def test_a_suite_of_ones_own(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\npurpose = "Small."\ngames = ["kuhn_poker", " leduc_poker"]\n')
    expected = games.Suite(name="mine", purpose="Small.", games=("kuhn_poker", "leduc_poker"))
    assert games.load_suite(file) == games.load_suite(str(file)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "not TOML"),
        ('name = "x"\ngames = ["kuhn_poker"]', "purpose is missing"),
        ('name = "x"\npurpose = "y"\ngames = []', "games: .*at least 1"),
        ('name = "x"\npurpose = "y"\ngames = "kuhn_poker"', "games: input should be a valid tuple"),
        ('name = "x"\npurpose = "y"\ngames = ["kuhn_poker", 3]', r"games\.1: input should be a valid string"),
        ('name = " "\npurpose = "y"\ngames = ["kuhn_poker"]', "name: .*at least 1 character"),
        ('name = "x"\npurpose = "y"\ngames = ["kuhn_poker"]\ngame = 1', "game is not a field of a suite"),
        ('name = "x"\npurpose = "y"', "games is missing"),
        ('name = "x"\npurpose = "y"\nfamilies = ["kuhn_poker"]\ngames = ["kuhn_poker"]', "families: .*valid"),
        (
            'name = "x"\npurpose = "y"\ngames = ["leduc_poker"]\n[families]\npoker = ["kuhn_poker"]',
            "either in games or in the table families; keep one",
        ),
        ('name = "x"\npurpose = "y"\n[families]\npoker = []', r"families\.poker: .*at least 1"),
        ('name = "x"\npurpose = "y"\n[families]\n', "games: .*at least 1"),
        ('name = "x"\npurpose = "y"\n[families]\na = ["kuhn_poker"]\nb = ["kuhn_poker"]', "twice"),
        ('name = "x"\npurpose = "y"\ngames = ["kuhn_pocker"]', "cannot be loaded: .*did you mean kuhn_poker"),
        ('name = "x"\npurpose = "y"\ngames = ["kuhn_poker", "kuhn_poker"]', "'kuhn_poker' twice"),
        (
            'name = "x"\npurpose = "y"\ngames = ["nim(pile_sizes=1;2,is_misere=True)", '
            '"nim(is_misere=True,pile_sizes=1;2)"]',
            r"as 'nim\(pile_sizes=1;2,is_misere=True\)'; list every game once",
        ),
    ],
)
def test_ill_formed_files_are_explained(text, message, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(games.SuiteError, match=message) as caught:
        games.load_suite(file)
    assert str(file) in str(caught.value)


def test_missing_and_unreadable_files_are_explained(tmp_path):
    with pytest.raises(games.SuiteError, match="does not exist"):
        games.load_suite(tmp_path / "none.toml")
    with pytest.raises(games.SuiteError, match="cannot be read"):
        games.load_suite(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(games.SuiteError, match="UTF-8"):
        games.load_suite(str(tmp_path / "latin.toml"))


def test_unknown_names_get_suggestions():
    with pytest.raises(games.SuiteError, match="'cfr-trian'; did you mean cfr-train"):
        games.load_suite("cfr-trian")
    with pytest.raises(games.SuiteError, match=r"choose one of bench-test, .*, cfr-11, cfr-18"):
        games.load_suite("zzz")


def test_suites_are_immutable():
    suite = games.load_suite("cfr-smoke")
    with pytest.raises(ValueError, match="frozen"):
        suite.name = "other"
