"""Estimate of the costs of a run, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nashforge.evolve.config.model_names import CLI, parse_model
from nashforge.evolve.config.run import RunConfig
from nashforge.evolve.proposers.llm.prices import NO_PRICE, Price, Usage, most_tokens, usual_tokens

USUAL_USER_TOKENS = 4000
USUAL_OUTPUT_TOKENS = 1500
CALLS_PER_EVALUATION = 1.3
"""Repairs, and answers that come to nothing."""


def estimate_costs(
    prices: Mapping[str, Price], system: str, config: RunConfig, evaluations: int, spent: float
) -> str:
    """Return a sentence on what is to be expected, and the most that can be spent.

    Parameters
    ----------
    prices
        By label of the model.
    system
        The system prompt, which is read from the cache after the first call.
    evaluations
        How many programs are still wanted.
    spent
        US dollars so far.
    """
    usage = Usage(
        input=USUAL_USER_TOKENS,
        cached=usual_tokens(system),
        output=min(USUAL_OUTPUT_TOKENS, config.models.max_output_tokens),
    )
    each = {label: price.cost(usage) for label, price in prices.items()}
    calls = CALLS_PER_EVALUATION * evaluations
    low, high = min(each.values()) * calls, max(each.values()) * calls
    about = f"${low:.2f}" if high - low < 0.005 else f"${low:.2f} to ${high:.2f}"
    most = max(
        price.most(most_tokens(system) + 3 * USUAL_USER_TOKENS, config.models.max_output_tokens)
        for price in prices.values()
    )
    cap = (
        f"at most ${config.budget.usd:.2f} are spent"
        if config.budget.usd
        else "there is no limit on spending"
    )
    ways = _ways(config)
    already = f", ${spent:.2f} of them already" if spent and config.budget.usd else ""
    unknown = [label for label, price in prices.items() if price is NO_PRICE]
    if len(unknown) == len(prices):
        return (
            f"{', '.join(prices)}{ways}: about {round(calls)} calls for {evaluations} evaluations, of about "
            f"{usage.total:,} tokens each; the price is not known, so calls and tokens are booked, and "
            "dollars only where they are reported: a budget of dollars holds for these"
        )
    if unknown:
        about += f", and {', '.join(unknown)} whose price is not known"
    return (
        f"{', '.join(prices)}{ways}: about {about} for {evaluations} evaluations (a call costs about "
        f"${min(each.values()):.3f}, at worst ${most:.2f}); {cap}{already}"
    )


def _ways(config: RunConfig) -> str:
    """Return effort and thinking of the models, in brackets; empty where they are the providers' own."""
    said = []
    for model in map(parse_model, config.models.proposers):
        if model.provider != CLI:
            model = replace(
                model,
                effort=model.effort or config.models.effort,
                thinking=model.thinking or config.models.thinking,
            )
        said.append(model.way)
    ways = list(dict.fromkeys(filter(None, said)))
    return f" ({'; '.join(ways)}, booked as output)" if ways else ""
