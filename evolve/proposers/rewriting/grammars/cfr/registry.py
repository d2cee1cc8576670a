"""All operators on CFR rules, with their weights."""

from __future__ import annotations

from nashforge.evolve.proposers.rewriting.grammar import Operator, generic, mechanism
from nashforge.evolve.proposers.rewriting.grammars.cfr.mechanisms import (
    averaging,
    discounting,
    increments,
    optimism,
    policies,
)
from nashforge.evolve.proposers.rewriting.operators import constants, statements, terms

# Weights: from three searches of 250 evaluations each from CFR+ (3-player Kuhn, Leduc, 4-card Goofspiel), by
# how often a child beat its parent and by how much. What never helped there keeps a little for other games.
OPERATORS: tuple[Operator, ...] = (
    generic(7.0, constants.perturb_constant),
    generic(4.0, constants.perturb_several),
    generic(0.6, terms.replace_term),
    generic(0.6, terms.insert_factor),
    generic(0.7, terms.insert_term),
    generic(0.6, terms.wrap_term),
    generic(0.4, terms.change_comparison),
    generic(0.2, terms.swap_branches),
    generic(0.5, terms.copy_expression),
    generic(1.3, statements.remove_part),
    generic(0.6, statements.reorder_statements),
    mechanism(2.0, discounting.discount_regrets),
    mechanism(0.3, discounting.discount_by_ratio),
    mechanism(0.7, discounting.discount_by_volatility),
    mechanism(0.6, discounting.discount_negative),
    mechanism(0.8, discounting.discount_projection),
    mechanism(1.0, increments.clip_regrets),
    mechanism(1.5, optimism.predict_last),
    mechanism(1.4, optimism.predict_average),
    mechanism(0.6, optimism.predict_extrapolation),
    mechanism(2.2, optimism.predict_trend),
    mechanism(0.7, optimism.predict_two_speeds),
    mechanism(0.9, optimism.predict_consistent),
    mechanism(1.4, optimism.rescale_prediction),
    mechanism(0.7, optimism.rescale_by_volatility),
    mechanism(0.15, optimism.drop_prediction),
    mechanism(0.9, increments.scale_by_sign),
    mechanism(0.7, increments.scale_by_agreement),
    mechanism(0.8, increments.normalise_increment),
    mechanism(0.6, increments.compress_increment),
    mechanism(0.25, increments.weigh_by_time),
    mechanism(0.6, increments.add_momentum),
    mechanism(0.2, increments.pull_to_reference),
    mechanism(2.4, averaging.weigh_by_power),
    mechanism(0.6, averaging.weigh_exponentially),
    mechanism(0.8, averaging.damp_by_volatility),
    mechanism(0.7, averaging.forget_average),
    mechanism(1.4, averaging.warm_start),
    mechanism(0.15, averaging.drop_warm_start),
    mechanism(0.2, averaging.average_window),
    mechanism(0.4, averaging.weigh_by_confidence),
    mechanism(1.4, policies.raise_to_power),
    mechanism(0.25, policies.soften),
    mechanism(0.15, policies.mix_uniform),
    mechanism(0.25, policies.mix_previous),
    mechanism(0.15, policies.add_slack),
    mechanism(0.2, discounting.restart_regrets),
)
