"""Policies made of regrets: powers, softmax, mixtures."""

from __future__ import annotations

import ast

from nashforge.evolve.proposers.rewriting.grammars.cfr.mechanisms.parts import assign, named, scheduled
from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import find_policy, find_update
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, chance, pick, scale
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import clone, fill, literal, number


def raise_to_power(program: Program, rng: Generator) -> str:
    """Make the policy proportional to a power of the positive regrets."""
    pattern = find_policy(program)
    if pattern.exponent is not None and chance(rng, 0.3):
        pattern.exponent = None
        pattern.write()
        return "make the policy proportional to the positive regrets themselves"
    exponent, told = scheduled(program, rng, ("exponent", "policy_exponent"), 0.7, 3.0, constant=0.75)
    pattern.exponent = named(program, "policy", pattern, "exponent", exponent)
    pattern.write()
    return f"raise the positive regrets to a power: {told}"


def soften(program: Program, rng: Generator) -> str:
    """Use a softmax of the regrets, relative to their largest absolute value."""
    update, pattern = find_update(program), find_policy(program)
    sharp = scale(rng, 2.0, 60.0)
    sharpness = program.add_constant("sharpness", sharp)
    name = program.fresh(("score", "projected"), "policy")
    score = ast.Name(name, ast.Load())
    size = fill("self.infosets.spread(self.infosets.max(np.abs(x)) + 1e-9)", x=score)
    value = fill("np.exp(sharpness * np.clip(x / size, -1.0, 1.0))", sharpness=sharpness, x=score, size=size)
    pattern.before(assign(name, clone(pattern.base)))
    if update.clipped and chance(rng, 0.5):
        value = fill("x * weight", x=score, weight=value)
    pattern.base, pattern.exponent = value, None
    pattern.write()
    return f"make the policy a softmax of the regrets with sharpness {sharp:g}"


def mix_uniform(program: Program, rng: Generator) -> str:
    """Mix the uniform policy in, with a weight that vanishes."""
    pattern = find_policy(program)
    size = scale(rng, 0.001, 1.0)
    weight = program.add_constant("exploration", size)
    decay = pick(rng, ("weight / t", "weight / t**2", "weight * (1 - t / self.horizon)"))
    inner = clone(pattern.call)
    pattern.call.args = [
        fill("inner + share * self.infosets.uniform()", inner=inner, share=fill(decay, weight=weight))
    ]
    return (
        f"mix in the uniform policy with weight {decay.replace('weight', f'{size:g}').replace('self.', '')}"
    )


def mix_previous(program: Program, rng: Generator) -> str:
    """Move only part of the way from the last policy to the new one."""
    pattern = find_policy(program)
    if not isinstance(pattern.block[-1], ast.Return) or pattern.block[-1].value is not pattern.call:
        raise NotApplicable("policy() does not return the normalised regrets directly")
    share = between(rng, 0.05, 0.7)
    inertia = program.add_constant("inertia", share)
    played = program.add_state(("played", "current"), "self.infosets.uniform()")
    mixed = fill(
        "self.infosets.normalize(new + inertia * played)",
        new=clone(pattern.call),
        inertia=inertia,
        played=played,
    )
    pattern.block[-1:] = [assign(played, mixed), ast.Return(played)]
    return f"mix the last policy in with weight {share:g}"


def add_slack(program: Program, rng: Generator) -> str:
    """Add a small constant to the positive regrets, so that no action dies at once."""
    pattern = find_policy(program)
    size = scale(rng, 1e-6, 0.1)
    base = fill("np.maximum(x, 0.0) + slack", x=pattern.base, slack=program.add_constant("slack", size))
    if literal(number(size)) == 0:
        raise NotApplicable("no slack")
    pattern.base = base
    pattern.write()
    return f"add {size:g} to the positive regrets"
