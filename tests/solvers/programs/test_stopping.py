"""Ending an engine before its last iteration."""

from __future__ import annotations

import pytest

from nashforge.solvers import solve
from nashforge.solvers.cfr.engine import run, session_arguments
from nashforge.solvers.programs.stopping import Stop
from nashforge.solvers.psro.solve import solve_psro


@pytest.mark.parametrize("solving", [solve, solve_psro])
def test_the_solution_is_that_of_so_many_iterations(solving):
    rule = {solve: "cfr_plus", solve_psro: "nash"}[solving]
    found = solving("leduc_poker", rule, 60, target=0.5)
    same = solving("leduc_poker", rule, found.iterations)
    assert found.stopped == "target"
    assert same.stopped is None
    assert found.iterations < 60
    assert found.exploitability == same.exploitability <= 0.5
    assert all((ours == theirs).all() for ours, theirs in zip(found.policy, same.policy, strict=True))
    # No more than one part in twenty too late.
    earlier = solving("leduc_poker", rule, max(1, int(found.iterations / 1.06)))
    assert earlier.iterations == found.iterations or earlier.exploitability > 0.5


def test_a_request_is_heeded_after_a_whole_iteration_that_is_measured():
    stop = Stop()
    seen = []

    def look(point):
        seen.append(point.iteration)
        if point.iteration == 5:
            stop.request()

    from nashforge import games
    from nashforge.solvers.cfr.rules import load_rule
    from nashforge.solvers.programs.session import inline_sessions

    form = games.compile("kuhn_poker")
    sessions = inline_sessions(lambda: load_rule("cfr")[1], session_arguments(form, 1000))
    found = run(form, sessions, 1000, on_checkpoint=look, stop=stop)
    assert seen == [1, 2, 5, 6]
    assert stop.reason == "interrupted"
    assert found.checkpoints[-1].exploitability == solve("kuhn_poker", "cfr", 6).exploitability


def test_a_run_that_has_no_time_makes_one_iteration():
    assert solve("kuhn_poker", "cfr", 10_000_000, seconds=1e-9).iterations <= 2


@pytest.mark.parametrize("limits", [{"target": -1.0}, {"target": float("nan")}, {"seconds": 0.0}])
def test_limits_are_checked(limits):
    with pytest.raises(ValueError, match="must be a number"):
        Stop(**limits)
