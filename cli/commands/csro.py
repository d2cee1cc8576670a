"""``nashforge csro``: a population of programs, each a best response, found by a search, to those before."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.declared import argument, option
from nashforge.cli.options.models import (
    AgentFallback,
    AgentLease,
    AgentSeconds,
    Budget,
    Effort,
    Feedback,
    MaxOutputTokens,
    MaxTokens,
    Prices,
    PriceUnknown,
    Prompts,
    Proposers,
    Thinking,
)
from nashforge.cli.options.settings import settings_of
from nashforge.cli.options.shared import Broker, Database, Executor, Json, Tier, Workers, horizon_option
from nashforge.cli.rendering import output


def csro(
    context: typer.Context,
    domain: Annotated[str, argument("DOMAIN", "Whose programs play each other: rrps.")] = "rrps",
    start: Annotated[
        list[str] | None,
        option(
            "PROGRAM",
            "Begin with a program of the library, a file, or a run's best; repeat it for several. "
            "[default: the domain's own]",
            "--from",
        ),
    ] = None,
    iterations: Annotated[int, option("N", "Best responses to search for.", min=1, show_default=True)] = 8,
    meta_solver: Annotated[
        str, option("NAME", "Meta-solver of the library that mixes the population.", show_default=True)
    ] = "nash",
    oracle: Annotated[
        str,
        option(
            "NAME",
            "How a best response is searched for: evolution, or refinement of one program.",
            show_default=True,
        ),
    ] = "evolution",
    evaluations: Annotated[
        int,
        option("N", "Programs that each search evaluates.", "--max-evaluations", min=2, show_default=True),
    ] = 30,
    matches: Annotated[
        int,
        option(
            "N", "Matches of each pair, in the restricted game and with outsiders.", min=2, show_default=True
        ),
    ] = 4,
    proposer: Proposers = None,
    budget_usd: Budget = None,
    max_tokens: MaxTokens = None,
    executor: Executor = None,
    workers: Workers = None,
    broker: Broker = None,
    seed: Annotated[int | None, option("N", "Seed of every random draw. [default: 0]", min=0)] = None,
    horizon: Annotated[int | None, horizon_option("the domain's")] = None,
    max_output_tokens: MaxOutputTokens = None,
    effort: Effort = None,
    thinking: Thinking = None,
    prices: Prices = None,
    price_unknown: PriceUnknown = None,
    feedback: Feedback = None,
    prompts: Prompts = None,
    agent_seconds: AgentSeconds = None,
    agent_lease: AgentLease = None,
    agent_fallback: AgentFallback = None,
    name: Annotated[str | None, option("NAME", "Name of the run. [default: two words]")] = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Grow a population of programs by best responses, each found by a search (PSRO in code space).

    In every iteration a meta-solver mixes the population, a search looks for the program that wins most from
    the mixture, and what it found joins. Searches are runs of their own, called after this one; limits on
    tokens and dollars are those of each. Ctrl-C stops cleanly; continue with resume.
    """
    from nashforge.archive import Archive
    from nashforge.archive.nicknames import check_nickname
    from nashforge.cli.options.replaying import recorded_run
    from nashforge.cli.rendering.runs.csro import work_on_csro
    from nashforge.evolve.config.consent import said_now
    from nashforge.evolve.config.run import load_config
    from nashforge.evolve.runs.csro.options import csro_options, repetition_of, start_csro

    given: dict[str, Any] = settings_of(context)
    if name is not None:
        check_nickname(name)
    reference = recorded_run(given, {})
    if reference is not None and given.keys() - {"domain", "tier", "workers", "executor"}:
        raise UsageProblem(f"replay:{reference} repeats a run as it was; leave its other options out")
    options = csro_options(
        iterations=iterations,
        meta_solver=meta_solver,
        oracle=oracle,
        evaluations=evaluations,
        matches=matches,
    )
    config = load_config(given)
    with Archive.open(database) as archive:
        if reference is not None:
            config, options = repetition_of(archive, reference)
        run = start_csro(archive, config, options, name=name)
        # The population has the programs themselves by now, which are not looked for again.
        again = {name: value for name, value in said_now(config.items()).items() if name != "start"}
        work_on_csro(archive, run, again, broker=broker, database=database, as_json=output.wants_json(json))
