"""Mechanisms that mind no scale of payoffs, or no horizon."""

import ast

import numpy as np
import pytest

from nashforge import games
from nashforge.evolve.proposers.rewriting import NotApplicable
from nashforge.evolve.proposers.rewriting.grammars.cfr.grammar import CFR
from nashforge.evolve.proposers.rewriting.grammars.cfr.mechanisms import anytime, projection, scaling
from nashforge.evolve.proposers.rewriting.mutation import Parent
from nashforge.evolve.proposers.rewriting.normal_form.normalise import read_canonical
from nashforge.evolve.proposers.rewriting.operators.terms import insert_factor
from nashforge.evolve.proposers.rewriting.syntax.program import read_module
from nashforge.solvers.cfr.engine import CFR as ENGINE
from nashforge.solvers.cfr.rules import rule_source
from nashforge.solvers.programs.session import inline_sessions, load_module
from nashforge.solvers.programs.trajectory import run

MECHANISMS = (
    anytime.forget_by_share,
    anytime.restart_growing,
    anytime.weigh_by_reach,
    projection.keep_above_floor,
    projection.project_policy,
    scaling.compress_relative,
    scaling.scale_by_running_size,
    scaling.weigh_by_calm,
)


def gap(source, form, iterations):
    sessions = inline_sessions(lambda: load_module(source), ENGINE.arguments(form, iterations))
    return run(ENGINE.engine(form, sessions, iterations), iterations, ()).gap


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda mechanism: mechanism.__name__)
def test_children_of_scale_free_rules_mind_no_scale_and_have_an_average_early(mechanism):
    form, made = games.compile("kuhn_poker"), 0
    for seed, rule in enumerate(("cfr_plus", "pcfr_plus", "dcfr", "cfr_plus", "pdcfr_plus", "cfr_plus")):
        source = rule_source(rule)
        module = read_canonical(source, CFR)
        try:
            mechanism(module.programs[0], np.random.default_rng(seed))
        except NotApplicable:
            continue
        child = Parent(source, grammar=CFR).finish(module)
        assert child is not None
        made += 1
        plain = gap(child, form, 20)
        for factor in (2.0**-20, 2.0**20):
            assert gap(child, form.scaled(factor), 20) / factor == pytest.approx(plain, rel=1e-9)
        assert plain < 0.9 * 11 / 12  # what uniform play has; an average of nothing is uniform, too
    assert made >= 4


def test_a_size_is_not_multiplied_by_itself():
    """It begins at next to nothing, and would stay there: what is divided by it would have no bounds."""
    rule = rule_source("cfr_plus").replace(
        "        self.regret = np.maximum(self.regret + regret, 0.0)",
        "        self.size = np.maximum(self.size, self.infosets.max(np.abs(regret)))\n"
        "        self.regret = np.maximum(self.regret + regret / self.infosets.spread(self.size), 0.0)",
    )
    rule = rule.replace(
        "        self.regret = self.infosets.zeros()",
        "        self.regret = self.infosets.zeros()\n"
        "        self.size = np.zeros(self.infosets.count) + 1e-300",
    )
    multiplied = 0
    for seed in range(300):
        program = read_module(rule, CFR).programs[0]
        try:
            insert_factor(program, np.random.default_rng(seed), 1.0)
        except NotApplicable:
            continue
        [update] = [
            statement
            for statement in program.body("observe")
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "self.size"
        ]
        text = ast.unparse(update.value)
        assert text.count("self.size") == 1, text
        multiplied += "self.infosets.max(np.abs(regret))" not in text
    assert multiplied > 10, "the test needs factors in that statement"
