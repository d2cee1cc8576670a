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
USUAL_FINDINGS_TOKENS = 800
"""Of the values that a model is told after a measurement."""


def estimate_costs(
    prices: Mapping[str, Price],
    system: str,
    config: RunConfig,
    evaluations: int,
    spent: float,
    experiments: int = 0,
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
    experiments
        How often a model may have variants measured before it answers: each time is another call, which is
        sent all that came before.
    """
    usages = _usages(system, config.models.max_output_tokens, experiments)
    each = {label: price.cost(usages[0]) for label, price in prices.items()}
    whole = {label: sum(map(price.cost, usages)) for label, price in prices.items()}
    wanted = CALLS_PER_EVALUATION * evaluations
    low = min(each.values()) * wanted
    high = max(each[label] * wanted + (whole[label] - each[label]) * evaluations for label in prices)
    about = f"${low:.2f}" if high - low < 0.005 else f"${low:.2f} to ${high:.2f}"
    calls = str(round(wanted))
    measured = ""
    if experiments:
        calls += f" to {round(wanted + experiments * evaluations)}"
        measured = f", from no measurement of variants before an answer to {experiments} before each"
    grown = experiments * (config.models.max_output_tokens + 3 * USUAL_FINDINGS_TOKENS)
    most = max(
        price.most(most_tokens(system) + 3 * USUAL_USER_TOKENS + grown, config.models.max_output_tokens)
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
    more = f" to {usages[-1].total:,}" if experiments else ""
    if len(unknown) == len(prices):
        return (
            f"{', '.join(prices)}{ways}: about {calls} calls for {evaluations} evaluations{measured}, "
            f"of about {usages[0].total:,}{more} tokens each; the price is not known, so calls and tokens "
            "are booked, and dollars only where they are reported: a budget of dollars holds for these"
        )
    if unknown:
        about += f", and {', '.join(unknown)} whose price is not known"
    return (
        f"{', '.join(prices)}{ways}: about {about} for {evaluations} evaluations{measured} (a call costs "
        f"about ${min(each.values()):.3f}, at worst ${most:.2f}); {cap}{already}"
    )


def _usages(system: str, max_output: int, experiments: int) -> list[Usage]:
    """Return what the calls for a program usually take, where so many measurements come before it.

    A conversation is written to the cache where that has a price of its own. That it is read from there is
    not counted on: it would make the later calls cheaper.
    """
    output = min(USUAL_OUTPUT_TOKENS, max_output)
    cached = usual_tokens(system)
    if not experiments:
        return [Usage(input=USUAL_USER_TOKENS, cached=cached, output=output)]
    grown = output + USUAL_FINDINGS_TOKENS
    return [
        Usage(cache_write=USUAL_USER_TOKENS + turn * grown, cached=cached, output=output)
        for turn in range(experiments + 1)
    ]


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
