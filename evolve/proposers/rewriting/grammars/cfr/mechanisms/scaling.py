"""Sizes that make rules mind no scale of payoffs: regrets and weights against the largest that were seen."""

from __future__ import annotations

from nashforge.evolve.proposers.rewriting.grammars.cfr.mechanisms.parts import (
    assign,
    moving_average,
    running_size,
    spread,
)
from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import find_average, find_update
from nashforge.evolve.proposers.rewriting.sampling import Generator, between, pick
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import assignment, fill


def scale_by_running_size(program: Program, rng: Generator) -> str:
    """Divide what is observed by a size that never falls: a maximum, or the root of summed squares.

    Predictions and all that remembers regrets are then in the same unit as the increments.
    """
    size, told = running_size(program, rng)
    update = find_update(program)
    regret, body = update.instantaneous, program.body("observe")
    place = next(k for k, part in enumerate(body) if (assignment(part) or ("",))[0] == f"self.{size.attr}")
    body.insert(place + 1, assign(update.regret, fill("r / x", r=regret, x=spread(size))))
    return f"divide the instantaneous regrets by {told}"


def compress_relative(program: Program, rng: Generator) -> str:
    """Damp instantaneous regrets that are large beside the largest that were seen."""
    share = between(rng, 0.1, 2.0)
    size, told = running_size(program, rng)
    update = find_update(program)
    limit = fill("share * x", share=program.add_constant("limit", share), x=spread(size))
    update.increment = fill("r / (1 + np.abs(r) / limit)", r=update.instantaneous, limit=limit)
    update.write()
    return f"damp instantaneous regrets larger than {share:g} times {told}"


def weigh_by_calm(program: Program, rng: Generator) -> str:
    """Weigh policies in the average by how small recent regrets are beside the largest that were seen."""
    pattern, update = find_average(program), find_update(program)
    power = between(rng, 0.5, 3.0)
    largest = fill("self.infosets.max(np.abs(r))", r=update.instantaneous)
    recent, statement = moving_average(program, rng, "recent", largest, "np.zeros(self.infosets.count)")
    peak = program.add_state(("peak", "largest"), "np.zeros(self.infosets.count)")
    program.body("observe").extend(
        [statement, assign(peak, fill("np.maximum(peak, recent)", peak=peak, recent=recent))]
    )
    # Between one and two, so that no policy is left out.
    calm = fill("2 - recent / np.maximum(peak, 1e-300)", recent=recent, peak=peak)
    exponent = program.add_constant("calm_power", power)
    form = pick(
        rng, ("np.maximum(calm, 1.0) ** power", "np.maximum(calm, 1.0) ** (power * t / self.horizon)")
    )
    pattern.weight = [*pattern.weight, (False, fill(form, calm=calm, power=exponent))]
    pattern.write()
    return f"weigh policies in the average by (2 - recent regrets / largest)^{power:g}"
