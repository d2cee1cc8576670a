"""Tidying: nothing useless stays, nothing else changes."""

import ast
from functools import partial

import numpy as np
import pytest

from nashforge.evolve.proposers import rewriting as offline
from nashforge.evolve.proposers.rewriting import NotApplicable
from nashforge.evolve.proposers.rewriting.ablation import removals
from nashforge.evolve.proposers.rewriting.grammars.cfr.grammar import CFR
from nashforge.evolve.proposers.rewriting.grammars.cfr.registry import OPERATORS
from nashforge.evolve.proposers.rewriting.normal_form.normalise import read_canonical
from nashforge.evolve.proposers.rewriting.syntax.program import write_module
from nashforge.solvers.cfr.rules import rule_names, rule_source

tidy = partial(offline.tidy, grammar=CFR)

HEAD = """import math

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer


class Rule(RegretMinimizer):
"""
REST = """
    def weights(self, t, policy, reach):
        return 1, t

    def policy(self, t):
        return self.infosets.normalize(self.regret)
"""


def rule(observe, start="self.regret = self.infosets.zeros()", constants="", rest=REST):
    """Return the source of a rule with some parts."""
    pieces = [f"    {constants}\n\n" if constants else ""]
    pieces.append("    def start(self):\n" + "".join(f"        {line}\n" for line in start.split("\n")))
    pieces.append("\n    def observe(self, t, regret):\n")
    pieces.append("".join(f"        {line}\n" for line in observe.split("\n")))
    return HEAD + "".join(pieces) + rest


UPDATE = "self.regret = np.maximum(self.regret + regret, 0.0)"


@pytest.mark.parametrize("name", rule_names())
def test_library_rules_only_lose_blank_lines_and_declarations(name):
    """What a rule declares, an edit can make false."""

    def squeezed(text):
        lines = [line for line in text.splitlines() if line]
        return [line for line in lines if not line.startswith(("    scale_free = ", "    first_average = "))]

    found = [line for line in tidy(rule_source(name)).splitlines() if line]
    assert found == squeezed(rule_source(name))


def test_state_that_nothing_reads_goes():
    source = rule(
        f"{UPDATE}\nself.last = regret\nself.smoothed = 0.9 * self.smoothed + 0.1 * regret",
        "self.regret = self.infosets.zeros()\nself.last = self.infosets.zeros()\n"
        "self.smoothed = self.infosets.zeros()",
        "unused = 3.0",
    )
    tidied = tidy(source)
    for gone in ("last", "smoothed", "unused", "math"):
        assert gone not in tidied
    assert tidied == tidy(rule(UPDATE))


def test_state_in_a_ring_that_nothing_reads_goes():
    source = rule(
        f"{UPDATE}\nself.a = self.b + regret\nself.b = self.a",
        "self.regret = self.infosets.zeros()\nself.a = self.infosets.zeros()\nself.b = self.infosets.zeros()",
    )
    assert tidy(source) == tidy(rule(UPDATE))


def test_state_that_carries_nothing_becomes_a_local():
    source = rule(f"self.boosted = 1.1 * regret\n{UPDATE.replace('+ regret', '+ self.boosted')}")
    tidied = tidy(source)
    assert "self.boosted" not in tidied
    assert "boosted = 1.1 * regret" in tidied


def test_two_states_that_are_always_equal_become_one():
    start = "\n".join(f"self.{name} = self.infosets.zeros()" for name in ("regret", "first", "second"))
    rest = REST.replace("(self.regret)", "(self.regret + self.first + self.second)")
    tidied = tidy(rule(f"{UPDATE}\nself.first = regret\nself.second = regret", start, rest=rest))
    assert "self.second" not in tidied
    assert "self.regret + self.first + self.first" in tidied


def test_states_that_differ_in_between_stay_two():
    start = "\n".join(f"self.{name} = self.infosets.zeros()" for name in ("regret", "first", "second"))
    rest = REST.replace("(self.regret)", "(self.regret + self.first + self.second)")
    observe = f"self.first = regret\nregret = 2 * regret\nself.second = regret\n{UPDATE}"
    assert "self.second" in tidy(rule(observe, start, rest=rest))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1.0 * regret", "regret"),
        ("regret / 1", "regret"),
        ("regret + 0.0", "regret"),
        ("regret ** 1", "regret"),
        ("0.0 - regret", "-regret"),
        ("regret * (2.0 * 0.5)", "regret"),
        ("np.maximum(np.maximum(regret, 0.0), -1.0)", "np.maximum(regret, 0.0)"),
        ("np.where(regret > 0, regret, regret)", "regret"),
        ("np.abs(np.abs(regret))", "np.abs(regret)"),
        ("self.one * regret", "regret"),
        ("regret * 0.9", "regret * 0.9"),
        ("t / 3", "t / 3"),
    ],
)
def test_constants_fold(before, after):
    def tidied(x):
        return tidy(rule(f"self.regret = self.regret - 2 * ({x})", constants="one = 1.0"))

    assert tidied(before) == tidied(after)


def test_comments_above_and_beside_a_statement_stay_and_those_of_another_block_do_not_move():
    source = rule(
        "# update, é\n\n# of regrets\nself.regret = np.maximum(  # inside\n    self.regret + regret, 0.0\n"
        ")  # clipped\nif t > 9:\n    # small\n    self.regret = 0.5 * self.regret; pass  # halved\n"
        "    # the end of the block\nself.regret = self.regret + 1.0 # '#' \"#\""
    )
    assert tidy(source).split("def observe(self, t, regret):\n")[1].split("\n\n    def weights")[0] == (
        "        # update, é\n        # of regrets\n        # clipped\n"
        "        self.regret = np.maximum(self.regret + regret, 0.0)\n        if t > 9:\n"
        "            # small\n            # halved\n            self.regret = 0.5 * self.regret\n"
        "        # '#' \"#\"\n        self.regret = self.regret + 1.0"
    )


def test_comments_stay_with_their_statements():
    source = rule(f"# the larger part\n{UPDATE}\n# dead\nunused = 2 * regret")
    tidied = tidy(source)
    assert "        # the larger part\n        self.regret =" in tidied
    assert "dead" not in tidied


def test_branches_without_effect_go():
    tidied = tidy(rule(f"if t == 1:\n    unused = 1\nelse:\n    unused = 2\n{UPDATE}"))
    assert tidied == tidy(rule(UPDATE))
    turned = tidy(rule("if t <= 3:\n    pass\nelse:\n    self.regret = self.regret + regret"))
    assert "if t > 3:" in turned


def test_what_may_act_on_others_stays():
    start = "self.regret = self.infosets.zeros()\nself.held = self.infosets.zeros()"
    observe = f"alias = self.held\nalias[regret > 0] = 1.0\nself.count += 1\n{UPDATE}"
    rest = REST.replace("(self.regret)", "(self.regret + self.held)")
    tidied = tidy(rule(observe, start + "\nself.count = 0", rest=rest))
    assert "alias[regret > 0] = 1.0" in tidied
    helper = "\n    def note(self, regret):\n        self.held = self.held + regret\n"
    kept = tidy(rule(f"self.note(regret)\n{UPDATE}", start, rest=rest + helper))
    assert "self.note(regret)" in kept


def test_assignments_inside_expressions_are_refused():
    with pytest.raises(NotApplicable, match=":="):
        tidy(rule("self.regret = self.regret + (x := regret)"))


@pytest.mark.parametrize("name", rule_names())
def test_behaviour_is_preserved(name, runner):
    """Raw edits leave dead code and no-ops behind: tidying must not change a single digit."""
    rng = np.random.default_rng(9)
    compared = 0
    for _ in range(8):
        module = read_canonical(rule_source(name), CFR)
        for _ in range(3):
            operator = OPERATORS[rng.integers(len(OPERATORS))]
            try:
                operator.apply(module.programs[0], rng, 1.0)
            except NotApplicable:
                continue
        raw = write_module(module)
        if not runner.works(raw, 12):
            continue
        compared += 1
        for first, second in zip(runner.averages(raw, 12), runner.averages(tidy(raw), 12), strict=True):
            for one, other in zip(first, second, strict=True):
                np.testing.assert_array_equal(one, other)
    assert compared >= 3


STATEMENTS = {
    "for with else": "for i in range(2):\n    if i == t:\n        break\nelse:\n    self.regret += regret",
    "while with else": "i = 0\nwhile i < t:\n    i += 1\nelse:\n    self.regret += regret",
    "with": "with np.errstate(all='ignore'):\n    self.regret += regret",
    "two with": "with np.errstate(all='ignore') as a, np.errstate() as b:\n    self.regret += regret",
    "try": "try:\n    self.regret += regret\nexcept ValueError:\n    raise\nfinally:\n    self.n = t",
    "match": "match t:\n    case 1:\n        self.regret += regret\n    case _:\n        pass",
    "functions": "def add(a, /, b, *c, d=1, **e):\n    return a + b\nself.regret = add(self.regret, regret)",
    "lambda": "add = lambda a, *, b=1: a + b\nself.regret = add(self.regret, b=regret)",
    "a class": "class Step:\n    size = 2\nself.regret += regret * Step.size",
    "annotated": "step: float = 2.0\nself.regret += regret * step",
    "several targets": "(a, *b) = (regret, 1, 2)\nself.regret += a",
    "deleted": "a = [1]\ndel a[0]\nassert not a, 'gone'\nself.regret += regret",
    "comprehensions": "a = {k: [v for v in (k,) if v] for k in range(2)}\nself.regret += regret * len(a)",
    "strings": "a = f'{t!r:>{3}}'\nself.regret += regret * len(a)",
}


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_a_copy_of_any_statement_is_written_as_it_was(statement):
    """Copies of trees have no places in a source."""
    module = read_canonical(rule(statement), CFR)
    written = write_module(module)
    copied = write_module(module.copy())
    assert copied == written
    assert ast.dump(ast.parse(written)) == ast.dump(ast.parse(write_module(read_canonical(copied, CFR))))
    for removal in removals(rule(statement), CFR):
        ast.parse(removal.source)
