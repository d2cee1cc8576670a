"""Abstract interpretation, formatting: what the checks of children stand on."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge.evolve.proposers.rewriting.analysis import inference
from nashforge.evolve.proposers.rewriting.grammars.cfr.grammar import CFR
from nashforge.evolve.proposers.rewriting.syntax.formatting import WIDTH, format_block, format_expression
from nashforge.evolve.proposers.rewriting.syntax.program import read_module
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    factors,
    key,
    parse_expression,
    product,
    terms,
    total,
)
from nashforge.solvers.cfr.rules import rule_names, rule_source


def issues(old, new, rule="dcfr"):
    """Return the issues of a library rule after a replacement in its source."""
    source = rule_source(rule)
    assert old in source
    return set(inference.issues(read_module(source.replace(old, new), CFR)))


@pytest.mark.parametrize(
    ("old", "new", "issue"),
    [
        ("beta = 0.0", "beta = -0.5", "division by zero"),
        ("self.regret * discount", "self.regret / regret", "division by zero"),
        ("self.regret * discount", "self.regret**1.5", "fractional power of a negative number"),
        ("self.regret * discount", "np.sqrt(regret)", "root of a negative number"),
        (
            "self.regret * discount",
            "np.log(np.abs(regret))",
            "logarithm of a number that need not be positive",
        ),
        ("self.regret * discount", "np.exp(t) * regret", "overflow"),
        ("gamma = 2.0", "gamma = 90.0", "overflow"),
        ("self.regret * discount", "self.infosets.max(self.regret)", "shapes do not fit"),
        ("self.regret * discount", "self.infosets.spread(regret)", "shapes do not fit"),
        ("self.regret * discount", "self.momentum", "undefined attribute momentum"),
        ("self.regret * discount", "momentum", "undefined name momentum"),
        ("normalize(self.regret)", "max(self.regret)", "policy() returns no array over sequences"),
        ("self.infosets.normalize(self.regret)", "np.abs(self.regret)", "policy() returns something"),
        ("return 1, t", "return 1, -t", "weights may become negative"),
        ("return 1, t", "return t - 5, t", "weights may become negative"),
        ("return 1, t", "return self.regret, t", "weights() returns no weight an information set"),
        ("return 1, t**self.gamma", "return t**self.gamma", "weights() does not return keep and add"),
        ("return 1, t", "return 1, reach, t", "weights() does not return keep and add"),
        ("self.regret = self.infosets.zeros()", "self.regret = np.zeros(self.infosets.count)", "shape"),
    ],
)
def test_mistakes_are_found(old, new, issue):
    assert any(issue in found for found in issues(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.regret * discount", "self.regret / (1 + np.abs(regret))"),
        ("self.regret * discount", "np.maximum(self.regret, 0.0) ** 1.5"),
        ("self.regret * discount", "self.regret**2"),
        ("self.regret * discount", "self.regret * np.sqrt(1 - t / self.horizon)"),
        ("self.regret * discount", "self.infosets.spread(self.infosets.max(self.regret))"),
        ("gamma = 2.0", "gamma = 40.0"),
        ("self.regret * discount", "np.exp(5 * t / self.horizon) * regret"),
    ],
)
def test_sound_changes_have_no_issues(old, new):
    assert not issues(old, new)


atoms = st.sampled_from(["x", "y", "self.regret", "0", "1", "2", "0.5", "1e-9", "self.infosets.count"])


def deeper(inner):
    operators = st.sampled_from(["+", "-", "*", "/", "**", "%", "&", ">", "<=", "and", "or"])
    return st.one_of(
        st.builds("({}) {} ({})".format, inner, operators, inner),
        st.builds("{}({})".format, st.sampled_from(["-", "not "]), inner),
        st.builds("({}) if ({}) else ({})".format, inner, inner, inner),
        st.builds("f({}, {})".format, inner, inner),
        st.builds("g({}, where={})".format, inner, inner),
    )


expressions = st.recursive(atoms, deeper, max_leaves=20)
names = st.sampled_from(["x", "y", "self.regret"]).map(parse_expression)


@given(expressions)
@settings(max_examples=3 * settings.default.max_examples // 2)
def test_printing_keeps_the_meaning(text):
    tree = parse_expression(text)
    assert key(parse_expression(format_expression(tree))) == key(tree)
    lines = format_block(ast.parse(f"value = {text}").body, 8)
    block = ast.parse("if 1:\n" + "\n".join(lines)).body[0]
    assert key(block.body[0].value) == key(tree)


@pytest.mark.parametrize("rule", rule_names())
def test_printing_agrees_with_the_formatter_of_the_repository(rule):
    tree = ast.parse(rule_source(rule)).body[-1]
    lines = set(rule_source(rule).splitlines())
    for method in tree.body:
        if isinstance(method, ast.FunctionDef):
            assert set(format_block([method], 4)) <= lines


def test_long_expressions_break_into_lines():
    text = " + ".join(f"np.maximum(self.quantity_{n} * self.factor_{n}, 0.0)" for n in range(8))
    for value in (text, f"f({text})", f"({text}) ** self.exponent", f"x ** ({text})", f"f(x, {text}, y)"):
        lines = format_block(ast.parse(f"self.value = {value}").body, 8)
        assert len(lines) > 4
        assert max(len(line) for line in lines) <= WIDTH


@given(st.lists(st.tuples(st.booleans(), names), min_size=1, max_size=5))
def test_sums_and_products_flatten_and_rebuild(parts):
    variables = {"x": 3.0, "y": 5.0, "self": type("S", (), {"regret": 7.0})}

    def value(tree):
        return eval(format_expression(tree), {}, variables)

    added = sum(-value(node) if negative else value(node) for negative, node in parts)
    assert value(total(parts)) == added
    assert value(total(terms(total(parts)))) == added
    multiplied = 1.0
    for divides, node in parts:
        multiplied = multiplied / value(node) if divides else multiplied * value(node)
    assert value(product(parts)) == pytest.approx(multiplied)
    assert value(product(factors(product(parts)))) == pytest.approx(multiplied)
