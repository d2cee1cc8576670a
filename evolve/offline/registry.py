"""All operators of `mutate`, with their weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evolve.offline.draws import Generator
from evolve.offline.mechanisms import (
    averaging,
    clipping,
    discounting,
    increments,
    optimism,
    policies,
    restarts,
)
from evolve.offline.operators import constants, statements, terms
from evolve.offline.program import Program


@dataclass(frozen=True)
class Operator:
    """A kind of edit.

    Attributes
    ----------
    name : str
        Name, as recorded with every child.
    weight : float
        How often it is tried, against the others.
    apply : callable
        ``apply(program, rng, strength)`` changes the program in place and says what changed; it raises
        NotApplicable where it finds nothing to act on.
    """

    name: str
    weight: float
    apply: Callable[[Program, Generator, float], str]


def _mechanism(weight: float, function: Callable[[Program, Generator], str]) -> Operator:
    def apply(program: Program, rng: Generator, strength: float) -> str:
        return function(program, rng)

    return Operator(function.__name__, weight, apply)


def _generic(weight: float, function: Callable[[Program, Generator, float], str]) -> Operator:
    return Operator(function.__name__, weight, function)


# Weights: from three searches of 250 evaluations each from CFR+ (3-player Kuhn, Leduc, 4-card Goofspiel), by
# how often a child beat its parent and by how much. What never helped there keeps a little for other games.
OPERATORS: tuple[Operator, ...] = (
    _generic(7.0, constants.perturb_constant),
    _generic(4.0, constants.perturb_several),
    _generic(0.6, terms.replace_term),
    _generic(0.6, terms.insert_factor),
    _generic(0.7, terms.insert_term),
    _generic(0.6, terms.wrap_term),
    _generic(0.4, terms.change_comparison),
    _generic(0.2, terms.swap_branches),
    _generic(0.5, terms.copy_expression),
    _generic(1.3, statements.remove_part),
    _generic(0.6, statements.reorder_statements),
    _mechanism(2.0, discounting.discount_regrets),
    _mechanism(0.3, discounting.discount_by_ratio),
    _mechanism(0.7, discounting.discount_by_volatility),
    _mechanism(0.6, discounting.discount_negative),
    _mechanism(0.8, discounting.discount_projection),
    _mechanism(1.0, clipping.clip_regrets),
    _mechanism(1.5, optimism.predict_last),
    _mechanism(1.4, optimism.predict_average),
    _mechanism(0.6, optimism.predict_extrapolation),
    _mechanism(2.2, optimism.predict_trend),
    _mechanism(0.7, optimism.predict_two_speeds),
    _mechanism(0.9, optimism.predict_consistent),
    _mechanism(1.4, optimism.rescale_prediction),
    _mechanism(0.7, optimism.rescale_by_volatility),
    _mechanism(0.15, optimism.drop_prediction),
    _mechanism(0.9, increments.scale_by_sign),
    _mechanism(0.7, increments.scale_by_agreement),
    _mechanism(0.8, increments.normalise_increment),
    _mechanism(0.6, increments.compress_increment),
    _mechanism(0.25, increments.weigh_by_time),
    _mechanism(0.6, increments.add_momentum),
    _mechanism(0.2, increments.pull_to_reference),
    _mechanism(2.4, averaging.weigh_by_power),
    _mechanism(0.6, averaging.weigh_exponentially),
    _mechanism(0.8, averaging.damp_by_volatility),
    _mechanism(0.7, averaging.forget_average),
    _mechanism(1.4, averaging.warm_start),
    _mechanism(0.15, averaging.drop_warm_start),
    _mechanism(0.2, averaging.average_window),
    _mechanism(0.4, averaging.weigh_by_confidence),
    _mechanism(1.4, policies.raise_to_power),
    _mechanism(0.25, policies.soften),
    _mechanism(0.15, policies.mix_uniform),
    _mechanism(0.25, policies.mix_previous),
    _mechanism(0.15, policies.add_slack),
    _mechanism(0.2, restarts.restart_regrets),
)
