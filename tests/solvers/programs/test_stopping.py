"""Ending an engine before its last iteration."""

from __future__ import annotations

import pytest

from nashforge.solvers import solve
from nashforge.solvers.cfr.engine import CFR
from nashforge.solvers.programs.stopping import Stop


@pytest.mark.parametrize("rule", ["cfr_plus", "nash"])
def test_the_solution_is_that_of_so_many_iterations(rule):
    found = solve("leduc_poker", rule, 60, target=0.5)
    same = solve("leduc_poker", rule, found.iterations)
    assert found.stopped == "target"
    assert same.stopped is None
    assert found.iterations < 60
    assert found.exploitability == same.exploitability <= 0.5
    assert all((ours == theirs).all() for ours, theirs in zip(found.policy, same.policy, strict=True))
    # No more than one part in twenty too late.
    earlier = solve("leduc_poker", rule, max(1, int(found.iterations / 1.06)))
    assert earlier.iterations == found.iterations or earlier.exploitability > 0.5


def test_a_request_is_heeded_after_a_whole_iteration_that_is_measured():
    stop = Stop()
    seen = []

    def look(point):
        seen.append(point.iteration)
        if point.iteration == 5:
            stop.request()

    from nashforge import games
    from nashforge.solvers.cfr.rules import LIBRARY
    from nashforge.solvers.programs.session import inline_sessions

    form = games.compile("kuhn_poker")
    sessions = inline_sessions(lambda: LIBRARY.load("cfr")[1], CFR.arguments(form, 1000))
    found = CFR.run(form, sessions, 1000, on_checkpoint=look, stop=stop)
    assert seen == [1, 2, 5, 6]
    assert found.stopped == stop.reason == "interrupted"
    assert found.gap == solve("kuhn_poker", "cfr", 6).exploitability


def test_a_run_that_has_no_time_makes_one_iteration():
    assert solve("kuhn_poker", "cfr", 10_000_000, seconds=1e-9).iterations <= 2


@pytest.mark.parametrize("limits", [{"target": -1.0}, {"target": float("nan")}, {"seconds": 0.0}])
def test_limits_are_checked(limits):
    with pytest.raises(ValueError, match="must be a number"):
        Stop(**limits)
