"""Averages that need no horizon: begun anew at growing points, late without a date, weighed by reach."""

from __future__ import annotations

from nashforge.evolve.proposers.rewriting.grammars.cfr.mechanisms.parts import local
from nashforge.evolve.proposers.rewriting.grammars.cfr.update_pattern import find_average
from nashforge.evolve.proposers.rewriting.sampling import Generator, between
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import fill


def restart_growing(program: Program, rng: Generator) -> str:
    """Begin the average anew each time that the iterations have grown by a factor."""
    pattern = find_average(program)
    rate = between(rng, 0.25, 1.8)
    value = fill(
        "0 if np.log(t) // rate > np.log(max(t - 1, 1)) // rate else 1",
        rate=program.add_constant("log_growth", rate),
    )
    statement, keep = local(program, "weights", "keep", value)
    pattern.before(statement)
    pattern.restarts = [(False, keep)]
    pattern.write()
    return f"begin the average anew whenever the iterations have grown by the factor exp({rate:g})"


def forget_by_share(program: Program, rng: Generator) -> str:
    """Let the average remember about the last share of the iterations, at any time."""
    pattern = find_average(program)
    share = between(rng, 0.05, 0.7)
    constant = program.add_constant("remembered", share)
    pattern.retention = [(False, fill("1 - 1 / (1 + share * t)", share=constant))]
    pattern.weight = []
    pattern.write()
    return f"average about the last {share:g} of the iterations, at any time"


def weigh_by_reach(program: Program, rng: Generator) -> str:
    """Weigh policies in the average by a power of the probability to get there, once more."""
    pattern = find_average(program)
    power = between(rng, 0.1, 1.5)
    exponent = program.add_constant("reach_power", power)
    reach = program.parameter("weights", 2)
    factor = fill("self.infosets.max(np.maximum(reach, 0.0)) ** power", reach=reach, power=exponent)
    pattern.weight = [*pattern.weight, (False, factor)]
    pattern.write()
    return f"weigh policies in the average by their reach to the power {power:g}, once more"
