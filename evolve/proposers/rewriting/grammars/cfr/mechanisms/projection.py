"""Projections: regrets kept above a floor that grows with their size, policies nearest to scaled regrets."""

from __future__ import annotations

from nashforge.evolve.proposers.rewriting.grammars.cfr.mechanisms.parts import (
    assign,
    local,
    running_size,
    spread,
)
from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import find_policy, find_update
from nashforge.evolve.proposers.rewriting.sampling import Generator, chance, pick, scale
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import attribute, clone, fill


def keep_above_floor(program: Program, rng: Generator) -> str:
    """Keep the sum of the positive regrets above a share of the largest regret that was seen.

    As smooth regret matching does (arXiv 2311.00676), with a floor that minds no scale.
    """
    share = scale(rng, 0.003, 1.0)
    size, told = running_size(program, rng)
    update = find_update(program)
    state = attribute(update.state)
    first, floor = local(
        program,
        "observe",
        "floor",
        fill("share * x", share=program.add_constant("smoothness", share), x=size),
    )
    second, positive = local(program, "observe", "positive", fill("np.maximum(r, 0.0)", r=state))
    third, short = local(
        program, "observe", "short", fill("self.infosets.sum(p) < floor", p=positive, floor=floor)
    )
    fourth, each = local(program, "observe", "each", spread(floor))
    if chance(rng, 0.6):
        # Zero only where all regrets have been: then what is projected is zero, too.
        raised = fill("each * self.infosets.project(r / np.maximum(each, 1e-300))", each=each, r=state)
        said = "project the regrets"
    else:
        raised = fill("p + each * self.infosets.uniform()", p=positive, each=each)
        said = "raise all regrets alike"
    value = fill("np.where(short, raised, p)", short=spread(short), raised=raised, p=positive)
    update.after(first, second, third, fourth, assign(state, value))
    return f"{said} where the positive ones sum to less than {share:g} times {told}"


def project_policy(program: Program, rng: Generator) -> str:
    """Play the policy that is nearest to scaled regrets, instead of one in proportion to them."""
    size, told = running_size(program, rng)
    pattern = find_policy(program)
    sharpness = scale(rng, 0.05, 2.0)
    step = program.add_constant("step", sharpness)
    form = pick(rng, ("np.maximum(step * np.sqrt(t) * x, 1e-300)", "np.maximum(step * x, 1e-300)"))
    divisor = spread(fill(form, step=step, x=size))
    pattern.base = fill("self.infosets.project(base / size)", base=clone(pattern.base), size=divisor)
    pattern.exponent = None
    pattern.write()
    return f"project the regrets divided by {sharpness:g} times {told} on policies"
