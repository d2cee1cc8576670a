"""Says truthfully what a rule does: its docstring and its class name, read off its parts."""

from __future__ import annotations

import ast
import textwrap

from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import (
    RegretUpdate,
    find_average,
    find_policy,
    find_update,
    starts_late,
)
from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Module, Program

Trait = tuple[object, str, str]
"""A mechanism that a rule may have: whether it has, a word for the class name, a phrase for the docstring."""


def describe(module: Module) -> None:
    """Set docstring and class name of a rule to what its parts show."""
    (program,) = module.programs
    traits: list[Trait] = []
    for reader in (_update_traits, _policy_traits, _average_traits):
        try:
            traits += [trait for trait in reader(program) if trait[0]]
        except NotApplicable:
            continue
    words = [word for _, word, _ in traits if word][:3]
    # Library rules have names of their own, such as CFR: a child must not take them.
    program.name = ("".join(words) or "Candidate") + "CFR"
    told = f"Mechanisms: {', '.join(phrase for _, _, phrase in traits)}."
    told = textwrap.fill(told, 105, break_long_words=False, break_on_hyphens=False)
    module.docstring = "A CFR rule found by program search." + (f"\n\n{told}" if traits else "")


class _Sources:
    """The variables behind the expressions of a method: what its locals come from."""

    def __init__(self, program: Program, method: str) -> None:
        self.sources: dict[str, set[str]] = {}
        self.program = program
        for name, value in trees.assignments(program.methods[method].body):
            if not name.startswith("self."):
                self.sources.setdefault(name, set()).update(self.of(value))

    def of(self, *nodes: ast.AST) -> set[str]:
        """Return the variables behind expressions, locals resolved and helper methods entered."""
        found: set[str] = set()
        for name in trees.reads(*nodes):
            found |= self.sources.get(name, set()) | {name}
            helper = self.program.methods.get(name[5:]) if name.startswith("self.") else None
            if helper is not None:
                found |= trees.reads(helper)
        return found


def _update_traits(program: Program) -> list[Trait]:
    update = find_update(program)
    behind = _Sources(program, "observe")
    t, cumulative = program.parameter("observe", 0), f"self.{update.state}"
    by_infoset, body = _state(program, "np.zeros("), program.body("observe")
    kept = behind.of(*(part for _, part in update.retention))
    grown = behind.of(update.increment)
    discounted = t in kept and _divides(program, update)
    adaptive, weighed = kept & by_infoset, grown & by_infoset
    read = trees.reads(update.increment)
    near = [update.increment, *(value for name, value in trees.assignments(body) if name in read)]
    chosen = any(trees.called(node) == "np.where" for part in near for node in trees.walk(part))
    restarts = any(
        isinstance(statement, ast.If)
        and any(name == cumulative for name, _ in trees.assignments(statement.body))
        for _, _, statement in trees.walk_statements(body)
    )
    verb = "discounted" if discounted else "scaled"
    return [
        (adaptive, "Adaptive", f"old regrets {verb} by factors that adapt to each information set"),
        (discounted and not adaptive, "Discounted", "old regrets discounted"),
        (
            update.retention and not discounted and not adaptive,
            "Scaled",
            "old regrets scaled in every iteration",
        ),
        (
            cumulative in grown,
            "Asymmetric",
            "instantaneous regrets scaled by their agreement with the cumulative ones",
        ),
        (chosen and cumulative not in grown, "Asymmetric", "instantaneous regrets scaled by their sign"),
        (weighed, "Normalized", "instantaneous regrets scaled by their recent size"),
        (t in grown and not weighed, "Weighted", "instantaneous regrets weighed by time"),
        (
            trees.attributes(grown) & _state(program, "self.infosets.") - {cumulative},
            "Momentum",
            "instantaneous regrets combined with remembered ones",
        ),
        (update.clipped, "Clipped", "cumulative regrets clipped at zero"),
        (
            update.floor is not None and not update.clipped,
            "Bounded",
            "cumulative regrets bounded from below",
        ),
        (restarts, "Restarting", "cumulative regrets shrunk at some iterations"),
    ]


def _policy_traits(program: Program) -> list[Trait]:
    pattern = find_policy(program)
    try:
        cumulative = f"self.{find_update(program).state}"
    except NotApplicable:
        cumulative = "self.regret"
    sources = _Sources(program, "policy").of(pattern.base)
    names = {trees.called(node) for node in trees.walk(program.methods["policy"])}
    others = (sources & _state(program, "self.infosets.")) - {cumulative}
    predicts = others and (cumulative in sources or len(trees.terms(pattern.base)) > 1)
    return [
        ("np.exp" in names, "Softmax", "a softmax policy"),
        (predicts, "Predictive", "a policy from cumulative regrets and a prediction"),
        (others and not predicts, "Projected", "a policy from projected regrets"),
        (pattern.exponent is not None, "", "a power of the positive regrets"),
        ("self.infosets.uniform" in names, "", "some uniform exploration"),
    ]


def _average_traits(program: Program) -> list[Trait]:
    pattern = find_average(program)
    sources = _Sources(program, "weights").of(*(part for _, part in pattern.weight))
    late = any(starts_late(statement) for statement in pattern.block)
    return [
        (program.parameter("weights", 0) in sources, "", "averaging weights that depend on time"),
        (sources & _state(program, "np.zeros("), "", "averaging weights that depend on recent regrets"),
        (pattern.retention, "", "an average that forgets"),
        (pattern.restarts, "", "averaging that begins anew at some iterations"),
        (late, "", "averaging that starts late"),
    ]


def _divides(program: Program, update: RegretUpdate) -> bool:
    """Whether the factors of old regrets are quotients, such as t / (t + 1)."""
    if any(divides for divides, _ in update.retention):
        return True
    pending: list[ast.AST] = [part for _, part in update.retention]
    seen: set[str] = set()
    while pending:
        part = pending.pop()
        if any(isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) for node in trees.walk(part)):
            return True
        new = trees.reads(part) - seen
        seen |= new
        pending += [function for name, function in program.methods.items() if f"self.{name}" in new]
        held = trees.assignments(program.body("observe"))
        pending += [value for name, value in held if name in new and not name.startswith("self.")]
    return False


def _state(program: Program, made: str) -> set[str]:
    """Return the state that begins with a call whose text begins so: of a function or any helper."""
    return {
        f"self.{name}"
        for name, value in program.state().items()
        if f"{trees.called(value)}(".startswith(made)
    }
