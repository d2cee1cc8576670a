"""Known ideas of learning in games, as edits of learners: most change the gradient before it is used."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from nashforge.evolve.proposers.rewriting.grammar import Operator
from nashforge.evolve.proposers.rewriting.sampling import Generator, between
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import Program
from nashforge.evolve.proposers.rewriting.syntax.trees import fill

_PARAMETERS = ("clock", "strategy", "gradient")
"""Names of the parameters of ``update`` in templates."""

_Templates = tuple[tuple[str, str], ...]


_FAMILIES = {
    "speed_up": "steps",
    "fall_with_time": "steps",
    "change_adversary": "steps",
    "use_geometry": "geometry",
    "centre": "geometry",
    "clip": "preconditioning",
    "normalise": "preconditioning",
    "adapt": "preconditioning",
    "be_optimistic": "optimism",
    "smooth": "averaging",
    "draw_to_average": "damping",
    "mix_with_last": "damping",
    "step_in_logarithms": "geometry",
}
"""What each mechanism is counted among, as in ``prompts/rqe/families.toml``."""


@dataclass(frozen=True)
class Mechanism:
    """An edit of learners, as templates of the statements that it adds.

    Attributes
    ----------
    weight, name, told : float, str, str
        How often it is tried; its name; what it says it did, with drawn constants in braces.
    statements : tuple of (str, str)
        Targets and values of the assignments that go before everything else in ``update``.
    constants : dict
        Names in the templates: the name of a new constant and the bounds within which it is drawn.
    states : dict
        Names in the templates: names to try for new state, and the expression that it begins with.
    new_locals : tuple of str
        Names in the templates that stand for new local variables.
    result : str
        What is returned in place of the learner's own result, which is called ``found``; empty: that itself.
    parameters : tuple of str
        Names of the parameters of ``update`` in templates.
    family : str
        What it is counted among; empty: as a mechanism of its name is in the domain ``rqe``.
    """

    weight: float
    name: str
    told: str
    statements: _Templates = ()
    constants: Mapping[str, tuple[str, float, float]] = field(default_factory=dict)
    states: Mapping[str, tuple[tuple[str, str], str]] = field(default_factory=dict)
    new_locals: tuple[str, ...] = ()
    result: str = ""
    parameters: tuple[str, ...] = _PARAMETERS
    family: str = ""

    @property
    def operator(self) -> Operator:
        """The mechanism as an operator of a grammar."""
        return Operator(
            self.name, self.weight, self.apply, self._sentence, self.family or _FAMILIES[self.name]
        )

    @property
    def _sentence(self) -> str:
        """The edit in words, without the constants, which are drawn anew every time."""
        told = self.told.replace(" by {factor:.3g}", " by a factor")
        return f"{told[:1].upper()}{told[1:]}."

    def apply(self, program: Program, rng: Generator, strength: float) -> str:
        """Edit a learner; say what was done."""
        last = program.body("update")[-1]
        if self.result and not (isinstance(last, ast.Return) and last.value is not None):
            raise NotApplicable("update() does not end with a result")
        parts: dict[str, ast.expr | float | str] = {
            name: program.add_state(hints, initial) for name, (hints, initial) in self.states.items()
        }
        parts |= {name: program.fresh(name, "update") for name in self.new_locals}
        drawn = {}
        for name, (hint, low, high) in self.constants.items():
            drawn[name] = between(rng, low, high)
            parts[name] = program.add_constant(hint, drawn[name])
        parts |= {name: program.parameter("update", place) for place, name in enumerate(self.parameters)}
        if self.result and isinstance(last, ast.Return) and last.value is not None:
            last.value = fill(self.result, **parts, found=last.value)
        program.body("update")[:0] = [
            ast.Assign([fill(target, **parts)], fill(value, **parts)) for target, value in self.statements
        ]
        return self.told.format(**drawn)


MECHANISMS = (
    Mechanism(
        2.0,
        "speed_up",
        "multiply the step by {factor:.3g}",
        (("gradient", "factor * gradient"),),
        {"factor": ("factor", 1.3, 20.0)},
    ),
    Mechanism(
        1.5,
        "fall_with_time",
        "let the step fall with time",
        (("gradient", "factor * gradient / (1 + clock / time) ** power"),),
        {"factor": ("factor", 1.0, 20.0), "time": ("time", 10.0, 300.0), "power": ("power", 0.1, 0.9)},
    ),
    Mechanism(
        1.5,
        "change_adversary",
        "move adversaries at a speed of their own",
        (("gradient", "gradient * (1 + extra * self.adversary)"),),
        {"extra": ("adversary_speed", -0.9, 8.0)},
    ),
    # As natural gradients: blunt near the boundary.
    Mechanism(
        1.5,
        "use_geometry",
        "scale the gradient by a power of the strategy",
        (("gradient", "gradient * strategy ** power"),),
        {"power": ("curvature", 0.3, 2.0)},
    ),
    Mechanism(
        1.0,
        "centre",
        "centre the gradient at its mean under the strategy",
        (("gradient", "gradient - np.sum(strategy * gradient)"),),
    ),
    Mechanism(
        0.5,
        "clip",
        "clip the gradient",
        (("gradient", "np.clip(gradient, -bound, bound)"),),
        {"bound": ("bound", 0.5, 20.0)},
    ),
    Mechanism(
        1.0,
        "normalise",
        "divide large gradients by their size",
        (("gradient", "gradient / np.maximum(soft, np.max(np.abs(gradient)))"),),
        {"soft": ("softening", 0.1, 2.0)},
    ),
    # The moving average of squares of RMSProp and Adam.
    Mechanism(
        1.5,
        "adapt",
        "divide the gradient by its recent size in each action",
        (
            ("squares", "memory * squares + (1 - memory) * gradient ** 2"),
            ("gradient", "gradient / (soft + np.sqrt(squares))"),
        ),
        {"memory": ("memory", 0.5, 0.99), "soft": ("softening", 0.01, 0.5)},
        {"squares": (("squares", "scale"), "self.zeros()")},
    ),
    Mechanism(
        1.5,
        "be_optimistic",
        "count the change of the gradient once more",
        (("change", "gradient - last"), ("last", "gradient"), ("gradient", "gradient + optimism * change")),
        {"optimism": ("optimism", 0.2, 2.0)},
        {"last": (("last", "latest"), "self.zeros()")},
        new_locals=("change",),
    ),
    # A critic, or momentum.
    Mechanism(
        1.0,
        "smooth",
        "average gradients over time",
        (("average", "memory * average + (1 - memory) * gradient"), ("gradient", "average.copy()")),
        {"memory": ("memory", 0.1, 0.9)},
        {"average": (("momentum", "average"), "self.zeros()")},
    ),
    # As proximal methods do.
    Mechanism(
        1.0,
        "draw_to_average",
        "pull towards the average of past strategies",
        (
            ("anchor", "memory * anchor + (1 - memory) * strategy"),
            ("gradient", "gradient + pull * (anchor - strategy)"),
        ),
        {"pull": ("pull", 0.1, 5.0), "memory": ("memory", 0.8, 0.99)},
        {"anchor": (("anchor", "centre"), "self.uniform()")},
    ),
    # Damping against cycles.
    Mechanism(
        0.7,
        "mix_with_last",
        "move only part of the way",
        constants={"damping": ("damping", 0.05, 0.6)},
        result="damping * strategy + (1 - damping) * found",
    ),
    # Multiplicative weights instead of a projection.
    Mechanism(
        1.0,
        "step_in_logarithms",
        "step in the logarithms of the strategy",
        constants={"rate": ("rate", 0.01, 0.2)},
        result="self.softmax(np.log(strategy) + rate * gradient)",
    ),
)
