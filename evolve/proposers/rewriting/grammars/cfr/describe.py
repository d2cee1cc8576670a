"""Says truthfully what a rule does: its docstring and its class name, read off its parts."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import (
    Update,
    find_average,
    find_policy,
    find_update,
    starts_late,
)
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Module, Program
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    assignment,
    called,
    reads,
    terms,
    walk,
    walk_statements,
)


@dataclass(frozen=True)
class Trait:
    """A mechanism of a rule: a word for the class name and a phrase for the docstring."""

    word: str
    phrase: str


def describe(module: Module) -> None:
    """Set docstring and class name of a rule to what its parts show."""
    (program,) = module.programs
    traits = _traits(program)
    words = [trait.word for trait in traits if trait.word][:3]
    # Library rules have names of their own, such as CFR: a child must not take them.
    program.name = ("".join(words) or "Candidate") + "CFR"
    phrases = [trait.phrase for trait in traits]
    told = "\n\n" + _sentence("Mechanisms: " + ", ".join(phrases) + ".") if phrases else ""
    module.docstring = f"A CFR rule found by program search.{told}"


def _sentence(text: str, width: int = 105) -> str:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


def _traits(program: Program) -> list[Trait]:
    found: list[Trait] = []
    for reader in (_update_traits, _policy_traits, _average_traits):
        try:
            found += reader(program)
        except NotApplicable:
            continue
    return found


class _Reach:
    """What the locals of a method come from: the variables behind an expression."""

    def __init__(self, program: Program, method: str) -> None:
        self.sources: dict[str, set[str]] = {}
        self.program = program
        for _, _, statement in walk_statements(program.methods[method].body):
            pair = assignment(statement)
            if pair is not None and not pair[0].startswith("self."):
                self.sources.setdefault(pair[0], set()).update(self.of(pair[1]))

    def of(self, node: ast.AST) -> set[str]:
        """Return the variables behind an expression, locals resolved and helper methods entered."""
        found: set[str] = set()
        for name in reads(node):
            found |= self.sources.get(name, {name})
            found.add(name)
            helper = self.program.methods.get(name[5:]) if name.startswith("self.") else None
            if helper is not None:
                found |= reads(helper)
        return found


def _update_traits(program: Program) -> list[Trait]:
    update = find_update(program)
    behind = _Reach(program, "observe")
    t = program.parameter("observe", 0)
    infoset_state = _infoset_state(program)
    found = []
    kept = set().union(set(), *(behind.of(part) for _, part in update.retention))
    if update.retention:
        verb = "discounted" if t in kept and _divides(program, update) else "scaled"
        if kept & infoset_state:
            found.append(
                Trait("Adaptive", f"old regrets {verb} by factors that adapt to each information set")
            )
        elif verb == "discounted":
            found.append(Trait("Discounted", "old regrets discounted"))
        else:
            found.append(Trait("Scaled", "old regrets scaled in every iteration"))
    grown = behind.of(update.increment)
    names = {called(node) for node in walk(update.increment)}
    if f"self.{update.state}" in grown:
        found.append(
            Trait("Asymmetric", "instantaneous regrets scaled by their agreement with the cumulative ones")
        )
    elif "np.where" in names or _uses_where(program, update.increment):
        found.append(Trait("Asymmetric", "instantaneous regrets scaled by their sign"))
    if grown & infoset_state:
        found.append(Trait("Normalized", "instantaneous regrets scaled by their recent size"))
    elif t in grown:
        found.append(Trait("Weighted", "instantaneous regrets weighed by time"))
    memories = {name for name in grown if name.startswith("self.")} & _sequence_state(program) - {
        f"self.{update.state}"
    }
    if memories:
        found.append(Trait("Momentum", "instantaneous regrets combined with remembered ones"))
    if update.clipped:
        found.append(Trait("Clipped", "cumulative regrets clipped at zero"))
    elif update.floor is not None:
        found.append(Trait("Bounded", "cumulative regrets bounded from below"))
    for _, _, statement in walk_statements(program.body("observe")):
        if isinstance(statement, ast.If) and any(
            (pair := assignment(inner)) is not None and pair[0] == f"self.{update.state}"
            for inner in statement.body
        ):
            found.append(Trait("Restarting", "cumulative regrets shrunk at some iterations"))
            break
    return found


def _policy_traits(program: Program) -> list[Trait]:
    anchor = find_policy(program)
    try:
        state = find_update(program).state
    except NotApplicable:
        state = "regret"
    behind = _Reach(program, "policy")
    found = []
    sources = behind.of(anchor.base)
    if "np.exp" in {called(node) for statement in program.body("policy") for node in walk(statement)}:
        found.append(Trait("Softmax", "a softmax policy"))
    others = (sources & _sequence_state(program)) - {f"self.{state}"}
    if others and (f"self.{state}" in sources or len(terms(anchor.base)) > 1):
        found.append(Trait("Predictive", "a policy from cumulative regrets and a prediction"))
    elif others:
        found.append(Trait("Projected", "a policy from projected regrets"))
    if anchor.exponent is not None:
        found.append(Trait("", "a power of the positive regrets"))
    if any(called(node) == "self.infosets.uniform" for node in walk(program.methods["policy"])):
        found.append(Trait("", "some uniform exploration"))
    return found


def _average_traits(program: Program) -> list[Trait]:
    anchor = find_average(program)
    behind = _Reach(program, "weights")
    t = program.parameter("weights", 0)
    found = []
    sources = set().union(set(), *(behind.of(part) for _, part in anchor.weight))
    if t in sources:
        found.append(Trait("", "averaging weights that depend on time"))
    if sources & _infoset_state(program):
        found.append(Trait("", "averaging weights that depend on recent regrets"))
    if anchor.retention:
        found.append(Trait("", "an average that forgets"))
    if anchor.restarts:
        found.append(Trait("", "averaging that begins anew at some iterations"))
    if any(starts_late(statement) for statement in anchor.block):
        found.append(Trait("", "averaging that starts late"))
    return found


def _divides(program: Program, update: Update) -> bool:
    """Whether the factors of old regrets are quotients, such as t / (t + 1)."""
    if any(divides for divides, _ in update.retention):
        return True
    pending: list[ast.AST] = [part for _, part in update.retention]
    seen: set[str] = set()
    while pending:
        part = pending.pop()
        if any(isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) for node in walk(part)):
            return True
        for name in reads(part) - seen:
            seen.add(name)
            helper = program.methods.get(name[5:]) if name.startswith("self.") else None
            if helper is not None:
                pending.append(helper)
            pending += [
                pair[1]
                for _, _, statement in walk_statements(program.body("observe"))
                if (pair := assignment(statement)) is not None and pair[0] == name and name[:5] != "self."
            ]
    return False


def _uses_where(program: Program, node: ast.expr) -> bool:
    """Whether a local of ``observe`` that the expression reads is computed by ``np.where``."""
    names = reads(node)
    for _, _, statement in walk_statements(program.body("observe")):
        pair = assignment(statement)
        if (
            pair is not None
            and pair[0] in names
            and any(called(part) == "np.where" for part in walk(pair[1]))
        ):
            return True
    return False


def _infoset_state(program: Program) -> set[str]:
    return {f"self.{name}" for name, value in program.state().items() if called(value) == "np.zeros"}


def _sequence_state(program: Program) -> set[str]:
    return {
        f"self.{name}"
        for name, value in program.state().items()
        if called(value).startswith("self.infosets.")
    }
