"""Known ideas of playing rock, paper, scissors, as edits of players."""

from __future__ import annotations

import ast
from collections.abc import Callable

from nashforge.evolve.proposers.rewriting.grammar import Operator
from nashforge.evolve.proposers.rewriting.operators.sites import Site, sites
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, chance, pick, scale
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    as_expression,
    attribute,
    called,
    clone,
    fill,
    reads,
    replace_variables,
)

CHOICES = ("self.lead", "self.hedge")
_STRATEGIES = (*CHOICES, "self.reply", "self.beat", "self.cede", "self.outguess")
_SIDES = ("self.them", "self.me")
_VIEWS = ("both", "self", "other")
_FIRST_OPTION = {"self.lead": 1, "self.hedge": 2}
"""Place of the first option among the arguments of a choice."""


def _memory(rng: Generator) -> float:
    """Draw what is left of older counts or gains with each throw: 1, or up to half a thousandth less."""
    return 1.0 if chance(rng, 0.15) else float(f"{1 - scale(rng, 0.005, 0.5):.3g}")


def _prediction(program: Program, rng: Generator, side: str) -> tuple[ast.expr, str]:
    """Return a new prediction of a side's next throw, and what it is in words."""
    kind = pick(rng, ("frequency", "steps", "markov", "markov", "match", "match"))
    view = pick(rng, _VIEWS)
    if kind == "match":
        longest = program.add_constant("longest", round(scale(rng, 3, 40)))
        return fill(f"{side}.match(longest, {view!r})", longest=longest), f"matches, view {view}"
    memory = program.add_constant("memory", _memory(rng))
    if kind == "markov":
        order = program.add_constant("order", int(rng.integers(1, 4)))
        call = fill(f"{side}.markov(order, memory, {view!r})", order=order, memory=memory)
        return call, f"Markov contexts, view {view}"
    return fill(f"{side}.{kind}(memory)", memory=memory), kind


def _strategy(program: Program, rng: Generator) -> tuple[ast.expr, str]:
    """Return a strategy from a new prediction, and what it is in words."""
    if chance(rng, 0.7):
        found, told = _prediction(program, rng, "self.them")
        return fill("self.reply(x)", x=found), f"a reply to their next throw by {told}"
    found, told = _prediction(program, rng, "self.me")
    return fill("self.beat(self.reply(x))", x=found), f"a reply to who foresees the own throw by {told}"


def _result(program: Program) -> ast.Return:
    last = program.body("act")[-1]
    if not (isinstance(last, ast.Return) and last.value is not None):
        raise NotApplicable("act() does not end with a result")
    return last


def _calls(program: Program, names: tuple[str, ...]) -> list[Site]:
    return [site for site in sites(program) if site.method == "act" and called(site.node) in names]


def add_predictor(program: Program, rng: Generator) -> str:
    """Let a new predictor compete with the strategy, or with those that compete already."""
    result = _result(program)
    choices = [site.node for site in _calls(program, CHOICES)]
    strategy, told = _strategy(program, rng)
    if choices and chance(rng, 0.8):
        choice = pick(rng, choices)
        assert isinstance(choice, ast.Call)
        if any(isinstance(argument, ast.Starred) for argument in choice.args):
            raise NotApplicable("the options are a list")
        choice.args.append(strategy)
    else:
        memory = program.add_constant("patience", _memory(rng))
        assert result.value is not None
        result.value = fill("self.lead(memory, x, new)", memory=memory, x=result.value, new=strategy)
    return f"add {told}"


def second_guess(program: Program, rng: Generator) -> str:
    """Choose among the three levels of reasoning about a strategy by what they would have gained."""
    guessed = {
        id(argument) for site in _calls(program, ("self.outguess",)) for argument in _arguments(site.node)
    }
    found = [
        site
        for site in _calls(program, _STRATEGIES)
        if id(site.node) not in guessed and called(site.node) != "self.outguess"
    ]
    site = pick(rng, found, "no strategy that is not second-guessed already")
    memory = program.add_constant("patience", _memory(rng))
    site.slot.write(fill("self.outguess(memory, x)", memory=memory, x=site.node))
    return "choose among three levels of reasoning"


def exchange_predictor(program: Program, rng: Generator) -> str:
    """Predict by other means."""
    found = [site for site in sites(program) if called(site.node).startswith(("self.them.", "self.me."))]
    site = pick(rng, found, "no predictor")
    side = called(site.node).rpartition(".")[0]
    prediction, told = _prediction(program, rng, side)
    site.slot.write(prediction)
    return f"predict by {told}"


def exchange_sides(program: Program, rng: Generator) -> str:
    """Look at the other side: predict the own throw as the opponent may, or theirs."""
    found = [site for site in sites(program) if called(site.node).startswith(("self.them.", "self.me."))]
    site = pick(rng, found, "no predictor")
    assert isinstance(site.node, ast.Call)
    side, _, predictor = called(site.node).rpartition(".")
    other = _SIDES[side == _SIDES[0]]
    call = ast.Call(as_expression(f"{other}.{predictor}"), site.node.args, site.node.keywords)
    site.slot.write(fill("self.beat(x)", x=call))
    return "predict the other side"


def add_horizon(program: Program, rng: Generator) -> str:
    """Let two horizons compete: one choice with a long memory, and one with a short."""
    site = pick(rng, _calls(program, ("self.lead",)), "no choice among strategies")
    assert isinstance(site.node, ast.Call)
    other = clone(site.node)
    other.args[0] = program.add_constant("horizon", _memory(rng))
    patience = program.add_constant("patience", _memory(rng))
    site.slot.write(fill("self.lead(patience, x, other)", patience=patience, x=site.node, other=other))
    return "let another horizon compete"


def mix_options(program: Program, rng: Generator) -> str:
    """Mix what competes by exponential weights, in place of following the leader."""
    site = pick(rng, _calls(program, ("self.lead",)), "no choice among strategies")
    assert isinstance(site.node, ast.Call)
    rate = scale(rng, 0.05, 2.0)
    args = [program.add_constant("rate", rate), *site.node.args]
    site.slot.write(ast.Call(as_expression("self.hedge"), args, []))
    return f"mix by exponential weights with the rate {rate:g}"


def stop_losses(program: Program, rng: Generator) -> str:
    """Play the equilibrium once the match is lost by a bound."""
    body = program.body("act")
    if any("self.score" in reads(statement) for statement in body):
        raise NotApplicable("the player looks at its score already")
    bound = between(rng, 5.0, 80.0)
    test = fill("self.score < -bound", bound=program.add_constant("bound", bound))
    body.insert(0, ast.If(test, [ast.Return(fill("self.uniform()"))], []))
    return f"play the equilibrium when {bound:g} behind"


def hide(program: Program, rng: Generator) -> str:
    """Mix with the equilibrium, so that others see less of a pattern."""
    result = _result(program)
    assert result.value is not None
    share = between(rng, 0.02, 0.4)
    result.value = fill(
        "(1 - share) * x + share * self.uniform()",
        share=program.add_constant("share", share),
        x=result.value,
    )
    return f"mix in {share:g} of the equilibrium"


def take_strategy(receiver: Program, donor: Program) -> str:
    """Let the strategies of two programs compete, as a recombination."""
    result, other = _result(receiver), _result(donor)
    if len(donor.body("act")) > 1:
        raise NotApplicable("the strategy of the second needs more than its result")
    assert result.value is not None
    assert other.value is not None
    strategy = clone(other.value)
    known = {"self", "np", *(f"self.{name}" for name in donor.kind.reserved)}
    names: dict[str, ast.expr] = {}
    for name in sorted(reads(strategy) - known):
        constant = donor.constants.get(name.removeprefix("self."))
        if not name.startswith("self.") or constant is None:
            raise NotApplicable(f"the strategy of the second needs {name}")
        own = receiver.fresh(name.removeprefix("self."))
        receiver.constants[own] = clone(constant)
        names[name] = attribute(own)
    strategy = replace_variables(strategy, names)
    if called(result.value) == "self.lead" and isinstance(result.value, ast.Call):
        result.value.args.append(strategy)
    else:
        memory = receiver.add_constant("patience", 0.9)
        result.value = fill("self.lead(memory, x, new)", memory=memory, x=result.value, new=strategy)
    return "let the strategies of both compete"


def _arguments(node: ast.expr) -> list[ast.expr]:
    return node.args if isinstance(node, ast.Call) else []


def _operator(family: str, weight: float, function: Callable[[Program, Generator], str]) -> Operator:
    def apply(program: Program, rng: Generator, strength: float) -> str:
        return function(program, rng)

    name = function.__name__
    return Operator(name, weight, apply, " ".join((function.__doc__ or "").split()), family)


MECHANISMS = (
    _operator("prediction", 4.0, add_predictor),
    _operator("prediction", 1.5, exchange_predictor),
    _operator("second_guessing", 3.0, second_guess),
    _operator("second_guessing", 0.7, exchange_sides),
    _operator("choice", 1.0, add_horizon),
    _operator("choice", 0.7, mix_options),
    _operator("safety", 1.0, stop_losses),
    _operator("safety", 0.5, hide),
)
