"""Mechanisms of averaging: what the weights of a child are, iteration by iteration."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.evolve.proposers.rewriting import NotApplicable
from nashforge.evolve.proposers.rewriting.grammars.cfr.exchangeable_parts import EXCHANGEABLE
from nashforge.evolve.proposers.rewriting.grammars.cfr.grammar import CFR
from nashforge.evolve.proposers.rewriting.grammars.cfr.mechanisms import averaging
from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import find_average
from nashforge.evolve.proposers.rewriting.mutation import Parent
from nashforge.evolve.proposers.rewriting.normal_form.cleanup import polish
from nashforge.evolve.proposers.rewriting.normal_form.normalise import read_canonical
from nashforge.evolve.proposers.rewriting.syntax.program import write_module
from nashforge.solvers.cfr.interface import Infosets, RegretMinimizer
from nashforge.solvers.cfr.rules import rule_source
from nashforge.solvers.programs.session import find_class, load_module

HORIZON = 64
SETS = Infosets(np.array([0, 2, 5, 6]))


def weights(source):
    """Return ``keep`` and ``add`` of a program in every iteration, shape (iterations, information sets)."""
    rule = find_class(load_module(source), RegretMinimizer)(SETS, HORIZON)
    rng = np.random.default_rng(0)
    found = []
    for t in range(1, HORIZON + 1):
        rule.observe(t, rng.standard_normal(SETS.sequences) * SETS.spread(np.array([0.1, 1.0, 10.0])))
        pair = rule.weights(t, SETS.uniform(), np.ones(SETS.sequences))
        found.append([np.broadcast_to(np.asarray(value, dtype=float), (SETS.count,)) for value in pair])
    keep, add = np.moveaxis(np.array(found), 1, 0)
    return keep, add


def child(rule, *mechanisms, seed=0):
    """Return a library rule after some mechanisms, and what was told of the last."""
    rng = np.random.default_rng(seed)
    module = read_canonical(rule_source(rule), CFR)
    told = ""
    for mechanism in mechanisms:
        told = mechanism(module.programs[0], rng)
    source = Parent(rule_source(rule), grammar=CFR).finish(module)
    assert source is not None
    return source, told


def draws(rule, *mechanisms):
    """Yield children that differ in what was drawn."""
    return [child(rule, *mechanisms, seed=seed) for seed in range(6)]


def test_averaging_starts_late():
    for source, told in draws("cfr_plus", averaging.warm_start):
        keep, add = weights(source)
        t = np.arange(1, HORIZON + 1)
        words = told.split()
        limit = float(words[-4]) * HORIZON if "of the horizon" in told else float(words[-2])
        assert (keep == 1).all()
        assert (add == np.where(t <= limit, 0, t)[:, None]).all()
        again, _ = child("cfr_plus", averaging.warm_start, averaging.warm_start)
        assert again.count("return") == 3, "an earlier start is replaced"


def test_averaging_begins_anew():
    seen = set()
    for source, told in draws("cfr_plus", averaging.average_window):
        keep, add = weights(source)
        t = np.arange(1, HORIZON + 1)
        if "power of two" in told:
            anew = (t & (t - 1)) == 0
        else:
            anew = t % max(1, round(float(told.split()[-4]) * HORIZON)) == 1
        seen.add("power of two" in told)
        assert (keep == np.where(anew, 0, 1)[:, None]).all()
        assert (add == t[:, None]).all()
        assert "begins anew" in source
    assert seen == {True, False}


def test_weights_grow_exponentially():
    for source, told in draws("cfr_plus", averaging.weigh_exponentially):
        keep, add = weights(source)
        rate = float(told.split("exp(")[1].split()[0])
        assert (keep == 1).all()
        assert np.log(add[1:] / add[:-1]) == pytest.approx(rate / HORIZON)


def test_weights_are_powers_of_time():
    for source, told in draws("vad_cfr", averaging.weigh_by_power):
        _, add = weights(source.replace("warm_up = 500", "warm_up = 0"))
        if "t^gamma" not in told:
            power = float(told.split("t^")[1])
            assert add[3] / add[1] == pytest.approx(2**power)


@pytest.mark.parametrize("mechanism", [averaging.damp_by_volatility, averaging.weigh_by_confidence])
def test_weights_differ_between_information_sets(mechanism):
    for source, _ in draws("cfr_plus", mechanism):
        keep, add = weights(source)
        assert (keep == 1).all()
        assert (add > 0).all()
        # Regrets are larger from one information set to the next: they count less.
        assert (np.diff(add.mean(axis=0)) < 0).all()


def test_the_average_forgets():
    for source, _ in draws("cfr_plus", averaging.forget_average):
        keep, add = weights(source)
        assert ((keep > 0) & (keep < 1)).all()
        assert (np.diff(keep, axis=0) > 0).all()
        assert (add == np.arange(1, HORIZON + 1)[:, None]).all()


@pytest.mark.parametrize(
    "other",
    [
        averaging.forget_average,
        averaging.weigh_by_power,
        averaging.weigh_exponentially,
        averaging.damp_by_volatility,
    ],
)
def test_what_begins_anew_still_does_after_other_mechanisms(other):
    for source, _ in draws("cfr_plus", averaging.average_window, other):
        keep, add = weights(source)
        assert (keep[add > 0] == 0).any()


def test_forgetting_goes_with_the_other_rule():
    receiver = read_canonical(rule_source("cfr_plus"), CFR)
    donor = read_canonical(child("dcfr", averaging.average_window, averaging.forget_average)[0], CFR)
    taken = find_average(donor.programs[0])
    assert taken.restarts
    assert taken.retention
    took = EXCHANGEABLE[6](receiver.programs[0], donor.programs[0])
    assert "forgetting of the average" in took
    polish(receiver)
    keep, add = weights(write_module(receiver))
    theirs, _ = weights(write_module(donor))
    assert (keep == theirs).all()
    assert (add == np.arange(1, HORIZON + 1)[:, None]).all()


def test_weights_that_are_returned_otherwise_are_left_alone():
    source = rule_source("cfr_plus").replace("return 1, t", "both = 1, t\n        return both")
    with pytest.raises(NotApplicable, match="does not end with a return of keep and add"):
        find_average(read_canonical(source, CFR).programs[0])


def test_children_whose_average_takes_nothing_in_are_unsound():
    assert CFR.sound(read_canonical(rule_source("cfr_plus"), CFR))
    nothing = rule_source("cfr_plus").replace("return 1, t", "return 1, 0")
    assert not CFR.sound(read_canonical(nothing, CFR))
    late = rule_source("vad_cfr")
    assert CFR.sound(read_canonical(late, CFR))
