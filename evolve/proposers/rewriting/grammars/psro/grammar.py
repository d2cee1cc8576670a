"""Meta-solvers of PSRO, see `MetaSolver`: what they are given and must keep."""

from __future__ import annotations

from nashforge.evolve.proposers.rewriting.analysis.values import ANY, INF, SCALAR, TOP, Value
from nashforge.evolve.proposers.rewriting.grammar import (
    Grammar,
    Kind,
    Method,
    Operator,
    Terms,
    generic,
    mechanism,
)
from nashforge.evolve.proposers.rewriting.grammars.psro.describe import describe
from nashforge.evolve.proposers.rewriting.grammars.psro.mechanisms import gains, mixtures, rounds
from nashforge.evolve.proposers.rewriting.grammars.psro.round_pattern import HELPERS
from nashforge.evolve.proposers.rewriting.operators import constants, statements, terms
from nashforge.evolve.proposers.rewriting.syntax.program import Module
from nashforge.evolve.proposers.rewriting.syntax.trees import called, walk

HORIZON = 10_000.0
_T = Value(SCALAR, 1, HORIZON)
_PAYOFFS = ("game.payoffs", "game.all_payoffs", "game.tensor")


def sound(module: Module) -> bool:
    """Whether a program still looks at payoffs, in training and in evaluating."""
    (program,) = module.programs
    return any(called(node) in _PAYOFFS for function in program.methods.values() for node in walk(function))


SOLVER = Kind(
    base="MetaSolver",
    methods=(Method("train", {"t": _T, "game": TOP}), Method("evaluate", {"t": _T, "game": TOP})),
    attributes={"horizon": Value(SCALAR, HORIZON, HORIZON), "players": Value(SCALAR, 2, INF)},
    functions=dict.fromkeys(HELPERS, TOP),
    declarations=frozenset({"scale_free"}),
    made=ANY,
    permissive=True,
    terms=Terms(
        shapes=(ANY,),
        schedules=("size",),
        factors={ANY: (ANY, "x")},
        wrappers={ANY: ("np.maximum(x, 0.0)", "np.tanh(x)", "np.sign(x) * np.sqrt(np.abs(x))")},
        whole=frozenset({"normalize", "softmax", "project"}),
    ),
)

OPERATORS: tuple[Operator, ...] = (
    generic(6.0, constants.perturb_constant),
    generic(3.0, constants.perturb_several),
    generic(0.3, terms.replace_term),
    generic(0.3, terms.insert_term),
    generic(0.3, terms.wrap_term),
    generic(1.0, statements.remove_part),
    generic(0.3, statements.reorder_statements),
    mechanism(4.0, rounds.install_rounds),
    mechanism(0.7, rounds.share_method),
    mechanism(0.7, rounds.grow_rounds),
    mechanism(1.0, gains.rescale_gains),
    mechanism(1.5, gains.add_momentum),
    mechanism(1.5, gains.add_bonus),
    mechanism(1.0, gains.discount),
    mechanism(1.2, gains.predict),
    mechanism(0.5, gains.clip_regrets),
    mechanism(1.5, mixtures.blend_softmax),
    mechanism(1.0, mixtures.blend_uniform),
    mechanism(0.7, mixtures.sharpen),
    mechanism(0.7, mixtures.change_projection),
    mechanism(0.6, mixtures.return_last),
    mechanism(0.6, mixtures.return_average),
    mechanism(1.5, mixtures.weigh_average),
    mechanism(2.0, mixtures.anneal),
)

PSRO = Grammar("psro", "PSRO meta-solver", (SOLVER,), OPERATORS, sound, describe)
