"""The challenger finds games that break a rule, and its critic throws out those that say nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from nashforge import games
from nashforge.evolve.challenge.families import FAMILIES
from nashforge.evolve.challenge.judge import (
    ALIKE,
    LEAST,
    NOISE,
    Judge,
    behind,
    confined,
    games_of,
    trusted,
)
from nashforge.evolve.challenge.search import Challenger, Size
from nashforge.evolve.challenge.suites import suite_text
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.capabilities import NotOfferedError
from nashforge.evolve.executors.dispatcher import Dispatcher
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.solvers import solve

DICE = "liars_dice(dice_sides=2,numdice=1,bidding_rule=reset-quantity)"
FAMILY = {family.name: family for family in FAMILIES}


def judge(program="cfr_plus", iterations=100, rivals=("dcfr", "hs_pcfr_plus"), play=None):
    work = domain("cfr")
    return Judge(work, play or trusted(work, program), iterations, program=program, rivals=rivals)


def challenger(names=("liars_dice", "goofspiel"), seed=0, limit=600, **options):
    return Challenger([FAMILY[name] for name in names], judge(**options), [seed], most_histories=limit)


def test_the_score_is_in_orders_of_magnitude_above_the_floor():
    assert behind(1e-2, 1e-4, 1e-9) == pytest.approx(2)
    assert behind(1e-2, 0.0, 1e-5) == pytest.approx(3)
    assert behind(0.0, 0.0, 1e-5) == 0


def test_a_verdict_agrees_with_solving_the_game():
    found = judge().verdict(DICE, [1, 2])
    gaps = {rule: solve(DICE, rule, 100).exploitability for rule in ("cfr_plus", "dcfr", "hs_pcfr_plus")}
    assert found.value == gaps["cfr_plus"]
    assert found.rival == min(("dcfr", "hs_pcfr_plus"), key=gaps.get)
    assert found.rival_value == gaps[found.rival]
    floor = 1e-7 * games.compile(DICE).payoff_range
    score = math.log10(gaps["cfr_plus"] / max(gaps[found.rival], floor))
    assert found.score == pytest.approx(score, abs=0.05)
    assert found.objection is None
    assert len(found.copies) == 2


def test_a_game_that_the_program_solves_is_none():
    assert judge("hs_pcfr_plus", 1000, rivals=("dcfr",)).verdict(DICE, []).objection == "solved"


@pytest.mark.parametrize(("factor", "objection"), [(0.9, "trivial"), (1.1, "not behind")])
def test_a_game_in_which_all_are_alike_is_trivial(factor, objection):
    value = factor * ALIKE * solve(DICE, "dcfr", 100).exploitability
    assert judge(rivals=("dcfr",), play=lambda trial: value).verdict(DICE, []).objection == objection


def test_a_score_that_permutations_change_is_unstable():
    values = iter([1e-1, 1e-1, 1e-1 * 10 ** -(NOISE + 0.5)])
    found = judge(rivals=("dcfr",), play=lambda trial: next(values)).verdict(DICE, [1, 2])
    assert found.objection == "unstable"


def test_a_copy_is_the_same_game_in_another_order():
    seen = []

    def play(trial):
        seen.append(trial)
        return 1e-1

    judge(rivals=("dcfr",), play=play).verdict(DICE, [5, 6])
    assert [None if trial.disguise is None else trial.disguise.seed for trial in seen] == [None, 5, 6]
    assert all(trial.disguise is None or trial.disguise.perturbation == 0 for trial in seen)


def test_the_program_may_fail():
    assert judge(play=lambda trial: None).verdict(DICE, []) is None


def test_from_cfr_plus_there_are_games_where_dcfr_is_an_order_better():
    found = challenger(rivals=("dcfr",), iterations=300).search(6).found
    assert found
    assert found[0].verdict.score >= 1
    best = found[0].game
    ours, theirs = (solve(best, rule, 300).exploitability for rule in ("cfr_plus", "dcfr"))
    assert ours >= 10 * theirs


@pytest.fixture(scope="module")
def outcome():
    return challenger(seed=2, iterations=60).search(5)


def test_what_is_found_is_of_different_kinds_and_within_limits(outcome):
    assert outcome.tried == 5
    assert outcome.found
    kinds = [one.size.kind for one in outcome.found]
    assert len(set(kinds)) == len(kinds)
    for one in outcome.found:
        assert one.size.histories <= 600
        assert one.verdict.score >= LEAST
        assert one.size == Size.of(games.compile(one.game))


def test_the_same_seed_finds_the_same_games(outcome):
    assert challenger(seed=2, iterations=60).search(5).found == outcome.found
    other = challenger(seed=3, iterations=60).search(3)
    assert [one.game for one in other.found] != [one.game for one in outcome.found]


def test_known_games_and_equal_games_are_left_out(outcome):
    one = min(outcome.found, key=lambda one: one.tried)
    without = challenger(seed=2, iterations=60)
    without.known = {games.identity(one.game).digest}
    assert one.game not in [other.game for other in without.search(one.tried).found]
    twice = challenger()
    size, values = one.size, one.verdict.game_value
    assert not twice._repeats(size, values, 2.0)
    assert twice._repeats(size, values, 2.0)


def test_a_search_ends_where_a_small_family_is_exhausted():
    tiny = replace(FAMILY["liars_dice"], parameters={"dice_sides": (2,), "numdice": (1,)})
    found = Challenger([tiny], judge(), [0]).search(50)
    assert found.tried == 1


def test_other_domains_have_no_challenger():
    with pytest.raises(NotOfferedError, match="cfr and psro"):
        games_of(domain("gathering"))
    with pytest.raises(NotOfferedError, match="cfr and psro"):
        games_of(domain("rqe"))
    assert games_of(domain("psro")).name == "psro"


def test_a_suite_of_found_games_is_read_again(tmp_path, outcome):
    found = outcome.found
    path = tmp_path / "made.toml"
    path.write_text(suite_text("made", 'Games that break "it".', found))
    suite = games.load_suite(path)
    assert sorted(suite.games) == sorted(one.game for one in found)
    assert suite.purpose == 'Games that break "it".'


@pytest.mark.slow
def test_a_confined_program_is_measured_as_a_trusted_one():
    work = domain("cfr")
    executor = LocalExecutor(1)
    try:
        dispatcher = Dispatcher(executor, "cfr", "none", tick=lambda: None, note=lambda text: None)
        play = confined(work, work.source("cfr_plus"), dispatcher)
        trial = judge().trial(DICE, 3)
        assert play(trial) == trusted(work, "cfr_plus")(trial)
        broken = work.source("cfr_plus") + "\n    def policy(self, t):\n        raise ValueError\n"
        assert confined(work, broken, dispatcher)(trial) is None
    finally:
        executor.close()
