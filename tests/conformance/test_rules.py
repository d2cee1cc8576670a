"""What every rule of the library must satisfy."""

import numpy as np
import pytest

from nashforge import games
from nashforge.evolve.sandbox import Sandbox
from nashforge.solvers import exploitability, rule_names, rule_source, solve
from nashforge.solvers.cfr.engine import CFR, Engine
from nashforge.solvers.cfr.interface import Infosets
from nashforge.solvers.cfr.properties import check_declared, properties
from nashforge.solvers.cfr.rules import LIBRARY
from nashforge.solvers.programs.session import inline_sessions

REGULARISED = ("mmd", "annealed_mmd")
"""Solve another game, where a choice is worth something even if it changes no payoff, as dummies do not."""

pytestmark = pytest.mark.parametrize("rule", rule_names())


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(hosts=["nashforge.solvers.cfr.host"]) as shared:
        yield shared


def inline(rule, form, horizon):
    return inline_sessions(lambda: LIBRARY.load(rule)[1], CFR.arguments(form, horizon))


def test_documentation_states_formula_and_source(rule):
    source = rule_source(rule)
    assert LIBRARY.title(rule).endswith(".")
    assert "Source: " in source
    assert "C <- " in source


@pytest.mark.parametrize("name", ["kuhn_poker(players=3)", "leduc_poker"])
def test_every_policy_on_the_way_is_a_distribution(rule, name):
    form = games.compile(name)
    engine = Engine(form, inline(rule, form, 30))
    for _ in range(30):
        engine.step()  # raises where a policy is none
        for policy in engine.policy():
            assert (policy >= 0).all()
            assert (policy <= 1).all()
    assert 0 <= exploitability(form, engine.policy()) < 5


def test_exploitability_falls(rule):
    curve = solve("leduc_poker", rule=rule, iterations=1000, checkpoints=[10, 1000]).curve
    assert curve[-1].gap < 0.1 * curve[0].gap


@pytest.mark.parametrize("horizon", [60, 1000])
def test_what_is_declared_is_so(rule, horizon):
    """By playing: at payoffs times 0.01 and 100, and until there is an average."""
    assert properties(rule_source(rule)).declared == ("scale_free", "first_average")
    check_declared(rule_source(rule), horizon)


def test_players_do_not_share_state(rule):
    """Two instances fed in turn do what each does alone."""
    namespace = LIBRARY.load(rule)[1]
    rule_class = next(
        v for v in namespace.values() if isinstance(v, type) and v.__module__ == namespace["__name__"]
    )
    infosets = Infosets([0, 2, 5])
    rng = np.random.default_rng(3)
    regrets = rng.normal(size=(2, 40, 5))

    def play(which):
        rules = {k: rule_class(infosets, 40) for k in which}
        policies = {k: [] for k in which}
        for t in range(1, 41):
            for k in which:
                rules[k].observe(t, regrets[k, t - 1].copy())
                rules[k].weights(t, infosets.uniform(), np.ones(5))
                policies[k].append(rules[k].policy(t).copy())
        return policies

    together, first, second = play([0, 1]), play([0]), play([1])
    assert np.array_equal(together[0], first[0])
    assert np.array_equal(together[1], second[1])


@pytest.mark.parametrize("name", ["kuhn_poker(players=3)", "leduc_poker"])
def test_permuting_information_sets_and_actions_changes_nothing(rule, name):
    """Up to rounding, which early iterations do not yet amplify.

    Payoffs are perturbed first: Leduc is full of exact ties, and a rule that switches on the sign of a regret
    (AOD-CFR) takes another branch there for every other order of summation.
    """
    form = games.disguise(games.compile(name), 5, permute=False, dummies=0.0, perturbation=0.3).form
    dummies = 0.0 if rule in REGULARISED else 0.3
    disguise = games.disguise(form, 11, permute=True, dummies=dummies, perturbation=0.0)
    plain = CFR.run(form, inline(rule, form, 30), 30, [])
    hidden = CFR.run(disguise.form, inline(rule, disguise.form, 30), 30, [])
    assert hidden.gap == pytest.approx(plain.gap, rel=1e-6)
    back = [policy[to] for policy, to in zip(hidden.policy, disguise.sequences, strict=True)]
    for mine, theirs in zip(plain.policy, back, strict=True):
        assert np.abs(mine - theirs).max() < 1e-6


def test_same_result_sandboxed(rule, sandbox):
    form = games.compile("leduc_poker")
    plain = CFR.run(form, inline(rule, form, 60), 60)
    with sandbox.sessions(rule_source(rule), CFR.arguments(form, 60)) as sessions:
        confined = CFR.run(form, sessions, 60)
    assert [p.gap for p in plain.curve] == [p.gap for p in confined.curve]
    for mine, theirs in zip(plain.policy, confined.policy, strict=True):
        assert np.array_equal(mine, theirs)


def test_arrays_that_a_rule_is_given_are_its_own(rule):
    """Changing what was handed over must not reach the engine."""
    form = games.compile("kuhn_poker")
    namespace = LIBRARY.load(rule)[1]
    rule_class = next(
        v for v in namespace.values() if isinstance(v, type) and v.__module__ == namespace["__name__"]
    )

    class Careless(rule_class):
        def observe(self, t, regret):
            super().observe(t, regret.copy())
            regret[:] = np.nan

        def weights(self, t, policy, reach):
            result = super().weights(t, policy.copy(), reach.copy())
            policy[:] = np.nan
            reach[:] = np.nan
            return result

    careless = CFR.run(form, inline(Careless, form, 50), 50)
    assert careless.gap == CFR.run(form, inline(rule, form, 50), 50).gap
