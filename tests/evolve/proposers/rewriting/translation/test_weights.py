"""Rules with accumulate(), translated: the same averages and text around them, or a reason why not."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge.evolve.domains.translation import TranslationError
from nashforge.evolve.measurement.programs import without_header
from nashforge.evolve.proposers.rewriting.translation.weights import to_weights
from nashforge.solvers.cfr.rules import rule_names, rule_source
from tests.evolve.proposers.rewriting.translation.playing import averages

BEFORE = {path.stem: path for path in sorted((Path(__file__).parent / "before").glob("*.py"))}
"""Rules of the library and of docs/discovered, as they were before the interface changed."""

RULE = '''"""A rule of the interface with accumulate."""

import math

import numpy as np

from nashforge.solvers.cfr.interface import RegretMinimizer

POWER = 1.5


def ratio(s, a):
    return s**a / (s**a + 1)


class Mine(RegretMinimizer):
    gamma = 2.0
    warm_up = 5

    def start(self):
        self.regret = self.infosets.zeros()
        self.size = np.zeros(self.infosets.count)
        self.seen = self.infosets.zeros()

    def observe(self, t, regret):
        # the largest regret of an information set
        self.size = 0.5 * self.size + self.infosets.max(np.abs(regret))
        self.regret = np.maximum(self.regret + regret, 0.0)

    def accumulate(self, t, policy, reach, average):
        {body}

    def policy(self, t):
        return self.infosets.normalize(self.regret)  # positive parts
'''


def rule(body: str) -> str:
    """Return a rule whose accumulate() has a body."""
    return RULE.replace("{body}", body.replace("\n", "\n        "))


def source_of(name: str) -> str:
    """Return a rule of that time, without the header of an export."""
    return without_header(BEFORE[name].read_text(encoding="utf-8"), "cfr")


def check(source: str) -> str:
    """Translate a rule and compare all averages on the way; return the translation."""
    translated = to_weights(source)
    assert translated is not None
    assert "accumulate(" not in translated.partition('"""')[2].partition('"""')[2]
    np.testing.assert_allclose(averages(translated), averages(source), rtol=1e-11, atol=0)
    assert to_weights(translated) is None, "a translation needs none"
    return translated


@pytest.mark.parametrize("name", BEFORE)
def test_rules_of_that_time_average_alike(name: str) -> None:
    check(source_of(name))


@pytest.mark.parametrize("name", sorted({*rule_names()} & {*BEFORE}))
def test_translated_library_rules_average_as_those_of_today(name: str) -> None:
    translated = to_weights(source_of(name))
    assert translated is not None
    np.testing.assert_allclose(averages(translated), averages(rule_source(name)), rtol=1e-12, atol=0)
    assert to_weights(rule_source(name)) is None


def test_only_the_method_changes() -> None:
    old = rule("return average + t**self.gamma * reach * policy")
    new = check(old)
    before = old.split("    def accumulate")[0]
    assert new.startswith(before)
    assert new[len(before) :] == (
        "    def weights(self, t, policy, reach):\n"
        "        return 1, t**self.gamma\n"
        "\n"
        "    def policy(self, t):\n"
        "        return self.infosets.normalize(self.regret)  # positive parts\n"
    )


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ("return average + reach * policy", "return 1, 1"),
        ("return average", "return 1, 0"),
        ("return t * reach * policy", "return 0, t"),
        ("return policy * reach * t + average", "return 1, t"),
        ("return average * 0.5 + reach * policy * t", "return 0.5, t"),
        ("return average * t / (t + 1) + t * reach * policy", "return t / (t + 1), t"),
        ("average += t * reach * policy\nreturn average", "return 1, t"),
        ("average *= 0.5\naverage += reach * policy\nreturn average", "return 0.5, 1"),
        ("new = average + t * reach * policy\nreturn new", "return 1, t"),
        ("return average.copy() + np.multiply(reach, policy)", "return 1, 1"),
        ("return np.add(average, t * (reach * policy))", "return 1, t"),
        ("return average + self.infosets.spread(self.size) * reach * policy", "return 1, self.size"),
        (
            "return average + t / (1 + self.infosets.spread(self.size) ** 2) * reach * policy",
            "return 1, t / (1 + self.size**2)",
        ),
        (
            "weight = self.infosets.spread(1 / (1 + self.size))\nreturn average + weight * reach * policy",
            "return 1, 1 / (1 + self.size)",
        ),
        (
            "return average + np.where(self.infosets.spread(self.size) > 1, t, 1) * reach * policy",
            "return 1, np.where(self.size > 1, t, 1)",
        ),
        ("return average + reach * reach * policy", "return 1, self.infosets.max(reach)"),
        (
            "return average * self.infosets.spread(1 / (1 + self.size)) + reach * policy",
            "return 1 / (1 + self.size), 1",
        ),
        (
            "return average if t <= self.warm_up else average + t * reach * policy",
            "return 1 if t <= self.warm_up else 1, 0 if t <= self.warm_up else t",
        ),
        ("return average + ratio(t, POWER) * reach * policy", "return 1, ratio(t, POWER)"),
        ("return average + math.sqrt(t) * reach * policy", "return 1, math.sqrt(t)"),
        ("sets = self.infosets\nreturn sets.zeros() + reach * policy", "return 0, 1"),
    ],
)
def test_what_is_written(body: str, written: str) -> None:
    assert check(rule(body)).split("reach):\n        ")[1].split("\n\n")[0] == written


@pytest.mark.parametrize(
    "body",
    [
        # Late starts and restarts, in the styles that people and models write.
        "if t <= self.warm_up:\n    return average\nreturn average + reach * policy",
        "if t > self.warm_up:\n    average = average + t * reach * policy\nreturn average",
        "if t & (t - 1) == 0:\n    average = self.infosets.zeros()\nreturn average + t * reach * policy",
        "if t % 7 == 0:\n    average = np.zeros_like(average)\naverage += t * reach * policy\nreturn average",
        "if t % 7 == 0:\n    return self.infosets.zeros()\nelse:\n    return average + reach * policy",
        "if t % 3 == 0:\n    w = t\nelif t % 3 == 1:\n    w = 2.0\nelse:\n    w = 0.5\n"
        "return average + w * reach * policy",
        "if t % 3 == 0:\n    new = 0.5 * average\nelse:\n    new = average + t * reach * policy\nreturn new",
        "if t < 9:\n    average = average * 0.9\n    if t < 4:\n        average = average * 0.5\n"
        "average = average + reach * policy\nreturn average",
        "if t == 4:\n    pass\nelse:\n    average = average + reach * policy\nreturn average",
        # What else the method does stays.
        "self.seen = self.seen + policy\nreturn average + reach * policy",
        "self.seen = policy\nself.size = self.size * 0.5\n"
        "return average + self.infosets.spread(self.size) * reach * policy",
        # Coefficients that are made of what changes later.
        "average = average * self.gamma\nself.gamma = 1 / t\nreturn average + self.gamma * reach * policy",
        "w = 1.0\naverage = average + w * reach * policy\nw = 7.0\nreturn average * (w / 8)",
        "weight = self.infosets.spread(self.size)\nself.size = self.size + 1\n"
        "return average + weight * reach * policy",
        "w = t\nw *= 2\nw += 1\nreturn average + w * reach * policy",
        "total = 0.0\nfor k in range(3):\n    total = total + k\nself.seen = self.seen + total\n"
        "return average + t * reach * policy",
    ],
)
def test_ways_to_write_it(body: str) -> None:
    check(rule(body))


weights_ = st.sampled_from(
    [
        "t", "t**2", "t**self.gamma", "np.exp(t / self.horizon)", "0.5", "math.log1p(t)", "ratio(t, 2.0)",
        "self.infosets.spread(self.size)", "(1 + self.infosets.spread(self.size))", "np.sqrt(reach)",
        "1 / (1 + self.infosets.spread(self.size))", "self.infosets.spread(np.minimum(1.0, self.size))",
        "np.where(self.infosets.spread(self.size) > 20, 2.0, t)", "(2.0 if t > 9 else 1.0)",
        "self.infosets.uniform()",
    ]
)  # fmt: skip
products = st.lists(weights_, min_size=0, max_size=2)


@st.composite
def bodies(draw: st.DrawFn) -> str:
    """Return a body of accumulate() whose average is of the form that the engine keeps."""
    added = draw(st.permutations([*draw(products), "reach", "policy"]))
    kept = [draw(st.sampled_from(["0.01", "1.0"])), *draw(st.permutations([*draw(products), "average"]))]
    lines = []
    for test in draw(
        st.lists(st.sampled_from(["t % 5 == 0", "t <= self.warm_up", "t & (t - 1) == 0"]), max_size=2)
    ):
        then = draw(
            st.sampled_from(
                [
                    "average = self.infosets.zeros()", "return average", "average = average * 0.5",
                    "average = average + t * reach * policy", "average *= 0.25",
                    "self.size = self.size * 0.9", "return 0.5 * (reach * policy)",
                ]
            )
        )  # fmt: skip
        lines.append(f"if {test}:\n    {then}")
        if draw(st.booleans()) and "return" not in then:
            lines.append("else:\n    average = 0.75 * average")
    new, old = " * ".join(added), " * ".join(kept)
    style = draw(st.sampled_from(["one", "steps", "locals", "divided", "last"]))
    if style == "one":
        lines.append(f"return {old} + {new}")
    elif style == "steps":
        lines.append(f"average = {old}\naverage += {new}\nreturn average")
    elif style == "locals":
        lines.append(f"played = {new}\nkept = {old}\nself.size = self.size + 0.1\nreturn kept + played")
    elif style == "divided":
        lines.append(f"return ({old} + {new}) / (1 + self.infosets.spread(self.size))")
    else:
        lines.append(f"new = {new}\nreturn new + np.where(t > 7, {old}, average)")
    return "\n".join(lines)


@settings(max_examples=3 * settings.default.max_examples // 2, deadline=None)
@given(bodies())
def test_random_averages_of_that_form_are_translated(body: str) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        check(rule(body))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return average + t * policy", "adds something else than the policy weighted by reach"),
        ("return average + t * reach", "adds something else than the policy weighted by reach"),
        ("return average + self.regret", "is not of the form keep"),
        ("return average + self.regret * reach * policy", "has the weight self.regret, which may"),
        ("return average + reach * policy**2", "has the weight policy..2, which may differ"),
        ("return average + reach * policy * policy", "may differ between the actions|is not of the form"),
        ("return np.maximum(average + reach * policy, 0.0)", "is not of the form"),
        ("return average + average.sum() * reach * policy", "is not of the form"),
        ("return average / average.sum() + reach * policy", "is not of the form"),
        ("if average.sum() > 1:\n    return average\nreturn reach * policy", "tests the average"),
        ("self.seen = average\nreturn average + reach * policy", "uses the average in the statement"),
        ("average[0] = 0.0\nreturn average + reach * policy", "uses the average in the statement"),
        ("for _ in range(2):\n    average = average * 0.5\nreturn average", "uses the average"),
        ("with np.errstate():\n    return average", "has a statement of the kind With"),
        ("if t > 3:\n    return average", "need not return anything"),
        ("if (w := t) > 3:\n    return average\nreturn average", "assigns inside expressions"),
        ("old = policy\npolicy *= 2\nreturn average + reach * old", "changes arrays in place"),
        ("policy *= 2\nreturn average + reach * policy", "is not of the form|may differ"),
        ("return average + self.bump() * reach * policy", "calls self.bump|may differ"),
    ],
)  # fmt: skip
def test_what_would_have_to_be_guessed_is_refused(body: str, reason: str) -> None:
    source = (
        rule(body) + "\n    def bump(self):\n        self.gamma = self.gamma + 1\n        return self.gamma\n"
    )
    with pytest.raises(TranslationError, match=reason):
        to_weights(source)


def test_refusals_are_sentences_of_one_line() -> None:
    long = " + ".join(["t * policy"] * 40)
    with pytest.raises(TranslationError) as refused:
        to_weights(rule(f"return average + {long}"))
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(
    "source",
    [
        "",
        "x = (",
        "x = 1\n",
        rule_source("dcfr"),
        "class A:\n    def accumulate(self, x):\n        return x\n",
        # A helper of that name in a rule of today.
        rule_source("dcfr") + "\n    def accumulate(self, a, b, c, d):\n        return a\n",
    ],
)
def test_other_programs_are_left_alone(source: str) -> None:
    assert to_weights(source) is None


def test_what_is_no_rule_is_refused_with_a_reason() -> None:
    source = rule("return average").replace("def observe", "def see")
    with pytest.raises(TranslationError, match="does not define observe"):
        to_weights(source)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.size = np.zeros(self.infosets.count)", "self.weights = np.zeros(self.infosets.count)"),
        ("t**self.gamma", "t**self.weights"),
    ],
)
def test_attributes_that_would_hide_the_new_method_get_another_name(old: str, new: str) -> None:
    body = "return average + self.infosets.spread(self.size) * t**self.gamma * reach * policy"
    source = rule(body).replace(old, new)
    if "count" in new:
        source = source.replace("self.size", "self.weights")
    else:
        source = source.replace("gamma = 2.0", "weights = 2.0")
    source = source.replace("# the largest", "# é: the largest")  # places are counted in bytes
    translated = check(source)
    names = {node.attr for node in ast.walk(ast.parse(translated)) if isinstance(node, ast.Attribute)}
    assert "weights" not in names


def test_a_helper_that_is_called_weights_gets_another_name() -> None:
    source = rule("return average + self.weights(t) * reach * policy")
    source += "\n    def weights(self, s):\n        return s**2.0\n"
    assert "return 1, self.own_weights(t)" in check(source)
    assert "def own_weights(self, s):" in check(source)
