"""Fingerprints: blind to names and layout, not to meaning."""

from functools import partial

import pytest

from nashforge.evolve.proposers import rewriting as offline
from nashforge.evolve.proposers.rewriting import NotApplicable
from nashforge.evolve.proposers.rewriting.grammars.cfr.grammar import CFR
from nashforge.solvers.cfr.rules import rule_names, rule_source

ast_fingerprint = partial(offline.ast_fingerprint, grammar=CFR)
tidy = partial(offline.tidy, grammar=CFR)


def test_library_rules_differ():
    assert len({ast_fingerprint(rule_source(name)) for name in rule_names()}) == len(rule_names())


@pytest.mark.parametrize("name", rule_names())
def test_tidying_keeps_it(name):
    assert ast_fingerprint(tidy(rule_source(name))) == ast_fingerprint(rule_source(name))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.regret", "self.total"),
        ("prediction", "guess"),
        ("gamma = 5.0", "gamma = 5.001"),
        ("gamma = 5.0", "gamma = 5"),
        ("alpha = 2.3\n    gamma = 5.0", "gamma = 5.0\n    alpha = 2.3"),
        ("self.gamma", "5.0"),
        ("PDCFRPlus(", "Other("),
        ("def discount(self, s):", "def forget(self, age):"),
        ("        self.prediction = regret", "\n        # remember\n        self.prediction = regret"),
    ],
)
def test_names_layout_and_digits_do_not_matter(old, new):
    source = rule_source("pdcfr_plus")
    assert old in source
    changed = source.replace(old, new)
    if "forget" in new:
        changed = changed.replace("self.discount(", "self.forget(").replace("return s**", "return age**")
        changed = changed.replace("/ (s**", "/ (age**")
    assert ast_fingerprint(changed) == ast_fingerprint(source)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("gamma = 5.0", "gamma = 5.1"),
        ("self.discount(t) +", "self.discount(t - 1) +"),
        ("self.prediction = regret", "self.prediction = -regret"),
        ("self.prediction = self.infosets.zeros()", "self.prediction = self.infosets.uniform()"),
    ],
)
def test_meaning_matters(old, new):
    source = rule_source("pdcfr_plus")
    assert old in source
    assert ast_fingerprint(source.replace(old, new)) != ast_fingerprint(source)


def test_no_rule_has_no_fingerprint():
    with pytest.raises(NotApplicable, match="exactly one subclass"):
        ast_fingerprint("x = 1")


def test_it_matters_which_branch_a_statement_is_in():
    body = "        if t > 3:\n            self.prediction = regret\n{}            self.regret = -regret\n"
    both, either = (
        rule_source("pdcfr_plus").replace("        self.prediction = regret\n", body.format(middle))
        for middle in ("", "        else:\n")
    )
    assert ast_fingerprint(both) != ast_fingerprint(either)
