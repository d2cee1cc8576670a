"""Known ideas of learning in mean-field games, as edits of learners: most change what actions are worth."""

from __future__ import annotations

from functools import partial

from nashforge.evolve.proposers.rewriting.grammars.rqe.mechanisms import Mechanism as AnyMechanism

Mechanism = partial(AnyMechanism, parameters=("clock", "policy", "values", "best", "mass", "best_mass"))
"""A mechanism whose templates name the parameters of ``MeanFieldLearner.update`` so."""

MECHANISMS = (
    Mechanism(
        2.0,
        "speed_up",
        "multiply values by {factor:.3g}",
        (("values", "factor * values"),),
        {"factor": ("factor", 1.3, 5.0)},
        family="steps",
    ),
    Mechanism(
        1.5,
        "change_with_time",
        "let the step change with time",
        (("values", "factor * values * (1 + clock / time) ** power"),),
        {"factor": ("factor", 0.3, 3.0), "time": ("time", 3.0, 100.0), "power": ("power", -0.9, 0.9)},
        family="steps",
    ),
    Mechanism(
        1.5,
        "centre",
        "centre values at their mean under the policy",
        (("values", "values - self.mean(values, policy)"),),
        family="scaling",
    ),
    Mechanism(
        1.5,
        "respond",
        "count what best responses are worth, too",
        (("values", "values + share * (best - values)"),),
        {"share": ("share", 0.1, 1.0)},
        family="responses",
    ),
    Mechanism(
        1.5,
        "normalise",
        "divide values by the size of advantages",
        (
            ("advantage", "values - self.mean(values, policy)"),
            ("values", "factor * advantage / (soft + np.mean(mass * self.mean(np.abs(advantage), policy)))"),
        ),
        {"factor": ("factor", 0.1, 1.0), "soft": ("softening", 0.01, 1.0)},
        new_locals=("advantage",),
        family="scaling",
    ),
    Mechanism(
        1.5,
        "be_optimistic",
        "count the change of values once more",
        (("change", "values - last"), ("last", "values"), ("values", "values + optimism * change")),
        {"optimism": ("optimism", 0.2, 1.5)},
        {"last": (("last", "latest"), "self.zeros()")},
        new_locals=("change",),
        family="optimism",
    ),
    Mechanism(
        1.0,
        "smooth",
        "average values over time",
        (("average", "memory * average + (1 - memory) * values"), ("values", "average.copy()")),
        {"memory": ("memory", 0.1, 0.9)},
        {"average": (("momentum", "average"), "self.zeros()")},
        family="memory",
    ),
    # Where few pass through, little is known of how crowded it would be.
    Mechanism(
        1.0,
        "weigh_by_mass",
        "step less where few agents are",
        (("values", "values * (mass / (mass + soft)) ** power"),),
        {"soft": ("softening", 0.001, 0.1), "power": ("power", 0.2, 1.0)},
        family="masses",
    ),
    Mechanism(
        1.0,
        "mix_with_last",
        "move only part of the way",
        constants={"damping": ("damping", 0.05, 0.6)},
        result="damping * policy + (1 - damping) * found",
        family="damping",
    ),
    # The step of fictitious play, towards what was found in the place of a best response.
    Mechanism(
        1.0,
        "average_by_mass",
        "average with the policy before, by how many pass through a state",
        constants={"delay": ("delay", 0.5, 5.0)},
        result="(clock * mass * policy + delay * (best_mass + 1e-9) * found) "
        "/ (clock * mass + delay * (best_mass + 1e-9))",
        family="averaging",
    ),
)
"""The ideas; see `nashforge.evolve.proposers.rewriting.grammars.rqe.mechanisms.Mechanism`."""
