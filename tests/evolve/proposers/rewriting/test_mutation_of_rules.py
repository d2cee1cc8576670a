"""Children of mutation: sound, readable, new, and repeatable."""

import ast
from collections import Counter
from functools import cache, partial

import numpy as np
import pytest

from nashforge.evolve.proposers import rewriting as offline
from nashforge.evolve.proposers.rewriting import NotApplicable
from nashforge.evolve.proposers.rewriting.analysis.inference import issues
from nashforge.evolve.proposers.rewriting.grammars.cfr.grammar import CFR
from nashforge.evolve.proposers.rewriting.grammars.cfr.registry import OPERATORS
from nashforge.evolve.proposers.rewriting.mutation import Parent
from nashforge.evolve.proposers.rewriting.normal_form.fingerprint import fingerprint
from nashforge.evolve.proposers.rewriting.syntax.edit import Edit
from nashforge.evolve.proposers.rewriting.syntax.formatting import WIDTH
from nashforge.evolve.proposers.rewriting.syntax.program import read_module
from nashforge.evolve.proposers.rewriting.syntax.trees import literal
from nashforge.solvers.cfr.interface import RegretMinimizer
from nashforge.solvers.cfr.rules import rule_names, rule_source
from nashforge.solvers.programs.session import find_class, load_module
from tests.evolve.proposers.rewriting.conftest import REWRITABLE

ast_fingerprint = cache(partial(offline.ast_fingerprint, grammar=CFR))
mutate = partial(offline.mutate, grammar=CFR)
tidy = partial(offline.tidy, grammar=CFR)

CHAIN = 12


@cache
def library_classes():
    """Return the names of the classes of the library."""
    return {read_module(rule_source(rule), CFR).programs[0].name for rule in rule_names()}


def check(edit, parent):
    """Check what every child must satisfy, without playing."""
    child = edit.source
    find_class(load_module(child), RegretMinimizer)
    assert max(len(line) for line in child.splitlines()) <= WIDTH
    assert tidy(child) == child
    module = read_module(child, CFR)
    assert fingerprint(module) != ast_fingerprint(parent)
    assert set(edit.operator.split("+")) <= {operator.name for operator in OPERATORS}
    assert edit.description
    assert "\n" not in edit.description
    assert "found by program search" in module.docstring
    assert module.programs[0].name not in library_classes()
    for node in ast.walk(ast.parse(child)):
        value = literal(node)
        # The parent's own literals stay as they were written.
        if isinstance(value, float) and repr(value) not in parent:
            assert float(f"{value:.3g}") == value


@pytest.mark.parametrize("rule", REWRITABLE)
def test_chains_of_children_are_sound(rule, runner):
    rng = np.random.default_rng(7)
    source = rule_source(rule)
    ran = []
    for step in range(CHAIN):
        edit = mutate(source, rng, strength=1.0 if step % 3 else 2.0)
        check(edit, source)
        if step % 4 == 3:
            ran.append(runner.works(edit.source))
        source = edit.source
    assert sum(ran) >= 0.8 * len(ran)


def test_most_single_mutations_run(runner):
    rng = np.random.default_rng(11)
    ran = [runner.works(mutate(rule_source(rule), rng).source) for rule in REWRITABLE for _ in range(3)]
    assert np.mean(ran) >= 0.95


def test_children_differ_in_code_and_in_behaviour(runner):
    rng = np.random.default_rng(3)
    source = rule_source("pdcfr_plus")
    children = [mutate(source, rng).source for _ in range(30)]
    assert len({ast_fingerprint(child) for child in children}) >= 27
    behaviours = {
        tuple(np.round(np.concatenate([p for profile in runner.averages(child) for p in profile]), 9))
        for child in children
        if runner.works(child)
    }
    assert len(behaviours) >= 24


@pytest.mark.parametrize("rule", ["cfr", "vad_cfr"])
def test_equal_generators_give_equal_children(rule):
    first, second = (mutate(rule_source(rule), np.random.default_rng(5)) for _ in range(2))
    assert first == second
    other = mutate(rule_source(rule), np.random.default_rng(6))
    assert isinstance(other, Edit)
    assert other.source != first.source


def test_strength_scales_the_number_of_edits():
    def edits(strength):
        rng = np.random.default_rng(0)
        return sum(
            len(mutate(rule_source("cfr"), rng, strength=strength).operator.split("+")) for _ in range(40)
        )

    assert edits(0.2) < edits(1.0) < edits(3.0)


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_every_operator_makes_running_children(operator, runner):
    made, worked = 0, 0
    rng = np.random.default_rng(1)
    for rule in ("cfr_plus", "dcfr", "pdcfr_plus", "apcfr_plus", "aod_cfr", "vad_cfr"):
        for _ in range(2):
            parent = Parent(rule_source(rule), grammar=CFR)
            module = parent.modules[0].copy()
            try:
                description = operator.apply(module.programs[0], rng, 1.0)
            except NotApplicable:
                continue
            child = parent.finish(module)
            if child is not None:
                made += 1
                worked += runner.works(child, 10)
                assert description[0].islower() or description[0].isalpha()
    assert made >= 1
    assert worked >= 0.8 * made


def test_all_mechanisms_are_reached():
    rng = np.random.default_rng(2)
    seen = Counter()
    for _ in range(120):
        seen.update(mutate(rule_source("cfr_plus"), rng, strength=2.0).operator.split("+"))
    # Some need something to act on that CFR+ lacks.
    assert len(seen) >= 0.7 * len(OPERATORS)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = (", "does not parse"),
        ("x = 1\n", "exactly one subclass"),
        ("class A(RegretMinimizer):\n    pass\n", "does not define"),
    ],
)
def test_sources_that_are_no_rules_are_refused(source, message):
    with pytest.raises(NotApplicable, match=message):
        mutate(source, np.random.default_rng(0))


def test_strength_must_be_positive():
    with pytest.raises(ValueError, match="strength must be positive; got 0"):
        mutate(rule_source("cfr"), np.random.default_rng(0), strength=0)


STRANGER = '''"""A rule that its author calls CFR+."""

import numpy as np

from nashforge.solvers.cfr.interface import Array, RegretMinimizer

EXPONENT = 1.5


def ratio(s: float, a: float) -> float:
    """Return a discount."""
    return s**a / (s**a + 1)


class Mine(RegretMinimizer):
    """It is CFR+."""

    gamma: float = 2.0

    def start(self) -> None:
        sets = self.infosets
        self.total: Array = sets.zeros()
        self.size = np.zeros(sets.count)

    def observe(self, iteration: int, r: Array) -> None:
        sets = self.infosets
        # the largest regret, smoothed
        self.size = 0.9 * self.size + 0.1 * sets.max(np.abs(r))
        r[np.abs(r) < 1e-15] = 0.0
        self.total *= ratio(iteration, EXPONENT)
        self.total += r / (1 + sets.spread(self.size))
        self.total = np.maximum(self.total, 0.0)

    def weights(self, t: int, sigma: Array, own: Array) -> tuple[float, float]:
        keep = 1.0
        weight = t**self.gamma if t > 10 else 0.0
        return keep, weight

    def policy(self, t: int) -> Array:
        sets = self.infosets
        return sets.normalize(self.total)
'''


def test_rules_in_another_style_evolve_too(runner):
    rng = np.random.default_rng(4)
    seen = Counter()
    for _ in range(15):
        edit = mutate(STRANGER, rng)
        check(edit, STRANGER)
        assert runner.works(edit.source, 20)
        seen.update(edit.operator.split("+"))
    assert {"discount_regrets", "predict_last", "weigh_by_power", "raise_to_power", "clip_regrets"} & set(
        seen
    )


@pytest.mark.parametrize("rule", REWRITABLE)
def test_library_rules_have_no_issues(rule):
    assert not issues(read_module(rule_source(rule), CFR))
