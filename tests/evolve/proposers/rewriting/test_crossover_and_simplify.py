"""Recombination of two rules, and making rules smaller."""

from functools import cache, partial

import numpy as np
import pytest

from nashforge.evolve.proposers import rewriting as offline
from nashforge.evolve.proposers.rewriting import NotApplicable
from nashforge.evolve.proposers.rewriting.analysis.inference import issues
from nashforge.evolve.proposers.rewriting.grammars.cfr.exchangeable_parts import EXCHANGEABLE
from nashforge.evolve.proposers.rewriting.grammars.cfr.grammar import CFR
from nashforge.evolve.proposers.rewriting.mutation import Parent
from nashforge.evolve.proposers.rewriting.normal_form.normalise import read_canonical
from nashforge.evolve.proposers.rewriting.recombination import take_method
from nashforge.evolve.proposers.rewriting.simplification import module_size
from nashforge.evolve.proposers.rewriting.syntax.program import read_module, write_module
from nashforge.solvers.cfr.interface import RegretMinimizer
from nashforge.solvers.cfr.rules import rule_source
from nashforge.solvers.programs.session import find_class, load_module
from tests.evolve.proposers.rewriting.conftest import REWRITABLE

ast_fingerprint = cache(partial(offline.ast_fingerprint, grammar=CFR))
crossover = partial(offline.crossover, grammar=CFR)
mutate = partial(offline.mutate, grammar=CFR)
simplify = partial(offline.simplify, grammar=CFR)
tidy = partial(offline.tidy, grammar=CFR)


@pytest.mark.slow
@pytest.mark.parametrize("first", REWRITABLE)
def test_every_pair_of_rules_recombines(first, runner):
    rng = np.random.default_rng(8)
    for second in REWRITABLE:
        if first == second:
            continue
        parents = [rule_source(first), rule_source(second)]
        edit = crossover(*parents, rng)
        find_class(load_module(edit.source), RegretMinimizer)
        assert tidy(edit.source) == edit.source
        assert edit.operator == "crossover"
        assert ast_fingerprint(edit.source) not in {ast_fingerprint(parent) for parent in parents}
        assert runner.works(edit.source, 5)


def test_a_method_comes_with_its_state_and_constants():
    receiver, donor = (read_module(rule_source(name), CFR) for name in ("cfr_plus", "vad_cfr"))
    take_average = EXCHANGEABLE[0]
    take_average(receiver.programs[0], donor.programs[0])
    child = Parent(rule_source("cfr_plus"), grammar=CFR).finish(receiver)
    assert child is not None
    assert "self.magnitude = self.infosets.max(np.abs(regret))" in child
    assert "warm_up = 500" in child
    assert "self.regret = np.maximum(self.regret + regret, 0.0)" in child
    assert "boost" not in child


@pytest.mark.parametrize("donor", ["vad_cfr", "aod_cfr", "pdcfr_plus"])
def test_the_donors_update_of_the_main_state_stays_behind(donor):
    """A policy reads the cumulative regrets, which are shared: the receiver goes on updating them its way."""
    first, second = rule_source("cfr_plus"), rule_source(donor)
    receiver, giver = read_module(first, CFR), read_module(second, CFR)
    take_method("policy")(receiver.programs[0], giver.programs[0])
    child = Parent(first, second, grammar=CFR).finish(receiver)
    assert child is not None
    updates = [line.strip() for line in child.splitlines() if line.strip().startswith("self.regret = ")]
    assert updates == [
        "self.regret = self.infosets.zeros()",
        "self.regret = np.maximum(self.regret + regret, 0.0)",
    ]


def test_names_are_reconciled():
    """Both parents have a gamma and a prediction of their own."""
    first = rule_source("pdcfr_plus")
    second = rule_source("sapcfr_plus")
    receiver, donor = read_module(first, CFR), read_module(second, CFR)
    EXCHANGEABLE[2](receiver.programs[0], donor.programs[0])
    child = Parent(first, second, grammar=CFR).finish(receiver)
    assert child is not None
    assert "gamma = 5.0" in child
    assert "regret / (1 + self.alpha" in child
    assert "alpha = 2.3" in child


LOCALS = '''"""A prediction by two locals."""

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class Predicting(RegretMinimizer):
    def start(self):
        self.regret = self.ahead = self.infosets.zeros()

    def observe(self, t, regret):
        size = np.abs(regret)
        scale = size + 1.0
        self.ahead = regret / scale
        self.regret = self.regret + regret

    def weights(self, t, policy, reach):
        return 1, t

    def policy(self, t):
        return self.infosets.normalize(self.regret + self.ahead)
'''


def test_locals_of_several_donated_statements_keep_one_name_each(runner):
    """The receiver has locals of these names."""
    first = LOCALS.replace("size", "scale_of").replace("regret / scale", "regret * scale")
    first = first.replace("self.regret + regret", "0.9 * self.regret + regret")
    receiver, donor = read_module(first, CFR), read_module(LOCALS, CFR)
    take_method("policy")(receiver.programs[0], donor.programs[0])
    child = Parent(first, LOCALS, grammar=CFR).finish(receiver)
    assert child is not None
    assert runner.works(child, 10)
    computed = read_module(child, CFR).programs[0]
    assert not set(issues(computed.module)) - {"division by zero"}


def test_state_that_starts_as_a_copy_of_other_state_comes_with_it(runner):
    first, second = rule_source("cfr_plus"), rule_source("domd")
    receiver, donor = read_module(first, CFR), read_module(second, CFR)
    take_method("policy")(receiver.programs[0], donor.programs[0])
    child = Parent(first, second, grammar=CFR).finish(receiver)
    assert child is not None
    assert "self.kept = " in child
    assert runner.works(child, 10)


def test_equal_parents_do_not_recombine():
    with pytest.raises(NotApplicable, match="no part"):
        crossover(rule_source("cfr"), rule_source("cfr"), np.random.default_rng(0))


def test_equal_generators_give_equal_crossovers():
    parents = rule_source("vad_cfr"), rule_source("aod_cfr")
    first, second = (crossover(*parents, np.random.default_rng(1)) for _ in range(2))
    assert first == second


@pytest.mark.slow
@pytest.mark.parametrize("rule", REWRITABLE)
def test_simplifying_ends_in_something_small_that_runs(rule, runner):
    rng = np.random.default_rng(2)
    source, steps = rule_source(rule), 0
    while True:
        try:
            edit = simplify(source, rng)
        except NotApplicable:
            break
        assert module_size(read_module(edit.source, CFR)) < module_size(read_module(source, CFR))
        assert tidy(edit.source) == edit.source
        source, steps = edit.source, steps + 1
        if steps % 3 == 0:
            assert runner.works(source, 10)
    # CFR is the sum of its regrets, policies of equal weight, and nothing else.
    assert steps >= (1 if rule == "cfr" else 2)
    assert runner.works(source, 10)


@pytest.mark.slow
def test_evolved_rules_recombine_and_shrink(runner):
    rng = np.random.default_rng(12)
    evolved = []
    for rule in ("cfr_plus", "dcfr", "vad_cfr"):
        source = rule_source(rule)
        for _ in range(8):
            source = mutate(source, rng).source
        evolved.append(source)
    ran = []
    for first in evolved:
        for second in evolved:
            if first != second:
                ran.append(runner.works(crossover(first, second, rng).source, 20))
        ran.append(runner.works(simplify(first, rng).source, 20))
    assert np.mean(ran) >= 0.8


def test_what_is_drawn_from_parents_leaves_them_as_they_were():
    """They are read once and kept, and every child is made from a copy."""
    sources = [rule_source(name) for name in ("dcfr", "vad_cfr")]
    for seed in range(8):
        rng = np.random.default_rng(seed)
        mutate(sources[0], rng, strength=3.0)
        simplify(sources[1], rng)
        crossover(*sources, rng)
    kept, again = (Parent(*sources, grammar=CFR).modules for _ in range(2))
    for source, module, same in zip(sources, kept, again, strict=True):
        assert module is same, "it is read once"
        assert write_module(module) == write_module(read_canonical(source, CFR))
