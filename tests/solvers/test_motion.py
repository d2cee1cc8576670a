"""Motion of CFR rules: signs of successive regrets and steps of policies, against what they are by hand."""

from __future__ import annotations

import numpy as np

from nashforge import games
from nashforge.solvers.cfr.engine import CFR, Engine
from nashforge.solvers.cfr.motion import Motion, MotionMeter
from nashforge.solvers.cfr.rules import LIBRARY
from nashforge.solvers.programs.session import inline_sessions, load_module

FORM = games.compile("kuhn_poker")


def test_signs_and_steps_of_two_information_sets() -> None:
    treeplex = FORM.treeplexes[0]
    count = treeplex.sequences
    before, regret = np.zeros(count), np.zeros(count)
    old = np.full(count, 0.5)
    policy = old.copy()
    first, second, third = (slice(*treeplex.start[k : k + 2]) for k in range(3))
    before[first], regret[first] = [1, -1], [-1, 1]
    before[second], regret[second] = [1, -1], [2, -1]
    before[third], regret[third] = [1, 1], [3, 1]
    policy[first] = [0.8, 0.2]
    meter = MotionMeter()
    meter.add(treeplex, before, regret, old, policy)
    found = meter.motion()
    assert (found.alternating, found.persisting) == (1 / 3, 2 / 3)
    assert np.isclose(found.step, 0.3 / treeplex.infosets)


def test_only_watched_iterations_have_a_motion() -> None:
    sessions = inline_sessions(lambda: load_module(LIBRARY.source("cfr")), CFR.arguments(FORM, 10))
    engine = Engine(FORM, sessions, watched=[3])
    found = []
    for _ in range(4):
        engine.step()
        found.append(engine.checkpoint(0.0).motion)
    assert [type(each) for each in found] == [type(None), type(None), Motion, type(None)]
    assert 0 < found[2].alternating + found[2].persisting <= 1
    assert found[2].step > 0
