"""What the benchmark plays, and who may play which families."""

from __future__ import annotations

from pathlib import Path

import pytest

from nashforge import games
from nashforge.archive import Archive
from nashforge.evolve.benchmarking.plan import OWN, BenchmarkError, cases
from nashforge.evolve.benchmarking.request import BenchRequest, plan_bench
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.benchmark import Condition

SUITE = """name = "own"
purpose = "Tests."
[families]
poker = ["kuhn_poker(players=3)", "kuhn_poker"]
dice = ["liars_dice(dice_sides=3)"]
"""


@pytest.fixture
def suite(tmp_path: Path) -> str:
    path = tmp_path / "own.toml"
    path.write_text(SUITE)
    return str(path)


def test_conditions_come_in_order_and_small_games_first(suite: str) -> None:
    conditions = (Condition(100), Condition(50, scale=100.0), Condition(1_000, small=True))
    found = cases(domain("cfr"), [(OWN, suite)], conditions)
    sizes = {name: games.compile(name).leaves for name in games.load_suite(Path(suite)).games}
    order = sorted(sizes, key=lambda name: sizes[name])
    assert [(case.game, case.iterations) for case in found] == [
        *((game, 100) for game in order),
        *((game, 50) for game in order),
        *((game, 1_000) for game in order[:2]),  # the smaller half of three
    ]
    assert [case.scale for case in found] == [1.0] * 3 + [100.0] * 3 + [1.0] * 2
    assert {case.family for case in found if case.game.startswith("kuhn")} == {"poker"}
    kuhn = next(case for case in found if case.game == "kuhn_poker")
    assert kuhn.floor == pytest.approx(1e-7 * 4)  # one wins or loses two at most
    # As `evaluate` calls it, so that both find each other's measurements.
    assert kuhn.trial == domain("cfr").trial("kuhn_poker", 100)


def test_a_look_plays_the_smallest_game_of_every_family(suite: str) -> None:
    found = cases(domain("cfr"), [(OWN, suite)], (Condition(10),), smallest=True)
    assert sorted(case.game for case in found) == ["kuhn_poker", "liars_dice(dice_sides=3)"]


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (BenchRequest(domain="gathering"), "has no benchmark; those of cfr and psro have one"),
        (BenchRequest(splits=["tset"]), "there is no split 'tset'; did you mean test"),
        (BenchRequest(reference="dcrf"), "'dcrf' is no program of the library; did you mean dcfr"),
    ],
)
def test_what_does_not_exist_is_told(request_: BenchRequest, problem: str, tmp_path: Path) -> None:
    with Archive.open(str(tmp_path / "a.db")) as archive, pytest.raises(BenchmarkError, match=problem):
        plan_bench(request_, archive)


def test_the_reference_is_measured_and_the_rest_of_the_library_compared(suite: str, tmp_path: Path) -> None:
    with Archive.open(str(tmp_path / "a.db")) as archive:
        asked = BenchRequest(programs=["cfr_plus"], suite=suite, quick=True)
        planned = plan_bench(asked, archive)
        assert [named.label for named in planned.programs] == ["cfr_plus", "dcfr"]
        assert planned.focus == ("cfr_plus",)
        assert {named.label for named in planned.others} == set(domain("cfr").baselines()) - {
            "cfr_plus",
            "dcfr",
        }
        whole = plan_bench(BenchRequest(suite=suite, quick=True), archive)
        assert {named.label for named in whole.programs} == set(domain("cfr").baselines())
        assert (whole.focus, whole.others) == ((), [])
