"""Simulated restricted games: mixtures by any meta-solver, and what others win from them, with intervals."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.solvers.programs.library import NotInLibraryError
from nashforge.solvers.psro.meta_solvers import LIBRARY
from nashforge.solvers.psro.simulated import Estimate, exploitability, mean_payoff, mixture

# Of rock, paper and scissors, with stakes: paper against rock counts 2. The equilibrium is (1, 1, 2) / 4.
STAKES = np.array([[0.0, -2.0, 1.0], [2.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])


def test_the_equilibrium_of_a_population() -> None:
    assert mixture("nash", STAKES, [3]) == pytest.approx([0.25, 0.25, 0.5])
    assert mixture("uniform", STAKES, [3]) == pytest.approx([1 / 3] * 3)
    # Only the policies of the last iteration are mixed; paper beats rock.
    assert mixture("nash", STAKES, [1, 2]) == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize("solver", [name for name in LIBRARY.names() if name != "prd"])
def test_every_meta_solver_mixes_and_does_not_mind_who_plays_first(solver: str) -> None:
    found = mixture(solver, STAKES, [1, 2, 3])
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    order = [2, 0, 1]
    again = mixture(solver, STAKES[np.ix_(order, order)], [3, 3, 3])
    assert mixture(solver, STAKES, [3, 3, 3])[order] == pytest.approx(again, abs=0.02)


def test_an_unknown_meta_solver_is_told() -> None:
    with pytest.raises(NotInLibraryError, match=r"no .* 'nahs' in the library; did you mean nash"):
        mixture("nahs", STAKES, [3])


def test_the_most_that_somebody_wins() -> None:
    payoffs = np.array([[3.0, -5.0, 0.0], [1.0, -1.0, -4.0]])
    errors = np.array([[1.0, 2.0, 0.0], [1.0, 4.0, 3.0]])
    found, who = exploitability(np.array([0.5, 0.5]), payoffs, errors)
    assert who == 1
    assert found.value == 3.0
    # The standard error of half of either: sqrt(1 + 4).
    assert (found.low, found.high) == pytest.approx((3 - 1.96 * np.sqrt(5), 3 + 1.96 * np.sqrt(5)))
    mean = mean_payoff(np.array([0.5, 0.5]), payoffs, errors)
    assert mean.value == pytest.approx(-1.0)
    spread = np.sqrt((errors**2).sum()) / 6
    assert mean.high - mean.value == pytest.approx(1.96 * spread)


def test_nobody_wins_from_an_equilibrium() -> None:
    weights = mixture("nash", STAKES, [3])
    found, _ = exploitability(weights, STAKES, np.zeros((3, 3)))
    assert found == Estimate(pytest.approx(0.0, abs=1e-9), *[pytest.approx(0.0, abs=1e-9)] * 2)
    uniform, who = exploitability(np.full(3, 1 / 3), STAKES, np.zeros((3, 3)))
    assert (uniform.value, who) == (pytest.approx(1 / 3), 1)


def test_an_interval_is_of_1_96_standard_errors() -> None:
    assert Estimate.of(1.0, 0.5) == Estimate(1.0, 1.0 - 0.98, 1.0 + 0.98)


def test_a_file_is_no_solver_and_is_not_executed(tmp_path):
    file, mark = tmp_path / "solver.py", tmp_path / "executed"
    file.write_text(f"open({str(mark)!r}, 'w').close()\n")
    with pytest.raises(NotInLibraryError, match=r"no meta-solver .*solver\.py' in the library"):
        mixture(str(file), np.zeros((1, 1)), [1])
    assert not mark.exists()
