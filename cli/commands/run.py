"""``nashforge run``: search for better programs."""

from __future__ import annotations

from typing import Annotated

import typer

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.declared import argument, flag, option
from nashforge.cli.options.dilemmas import Agents, Map
from nashforge.cli.options.models import (
    AgentFallback,
    AgentLease,
    AgentSeconds,
    Budget,
    Effort,
    Feedback,
    Lookahead,
    MaxOutputTokens,
    MaxTokens,
    MaxUseless,
    ModelIslands,
    Prices,
    PriceUnknown,
    Prompts,
    Proposers,
    Thinking,
)
from nashforge.cli.options.settings import settings_of
from nashforge.cli.options.shared import (
    Broker,
    Config,
    Database,
    Executor,
    Json,
    Objective,
    ProposeOn,
    StrategicRisk,
    Tier,
    Weight,
    Workers,
    horizon_option,
    suite_option,
)
from nashforge.cli.rendering import output


def run(
    context: typer.Context,
    domain: Annotated[
        str | None,
        argument(
            "DOMAIN",
            "What to search: cfr, psro, rqe, rrps, gathering, cleanup or an installed domain. [default: cfr]",
        ),
    ] = None,
    start: Annotated[
        list[str] | None,
        option(
            "PROGRAM",
            "Start from a rule, a file, a run's best, or `strongest`; repeat it for several.",
            "--from",
        ),
    ] = None,
    strategy: Annotated[
        str | None,
        option("NAME", "How parents are chosen: evolution, best_of_n or sequential. [default: evolution]"),
    ] = None,
    proposer: Proposers = None,
    budget_usd: Budget = None,
    max_tokens: MaxTokens = None,
    max_useless: MaxUseless = None,
    max_evaluations: Annotated[
        int | None, option("N", "Stop after so many programs. [default: 80]", min=1)
    ] = None,
    max_minutes: Annotated[float | None, option("N", "Stop after so many minutes.")] = None,
    patience: Annotated[
        int | None, option("N", "Stop after so many programs without a better one.", min=1)
    ] = None,
    executor: Executor = None,
    workers: Workers = None,
    broker: Broker = None,
    weight: Weight = None,
    propose_on: ProposeOn = None,
    seed: Annotated[int | None, option("N", "Seed of every random draw. [default: 0]", min=0)] = None,
    repeat: Annotated[
        int | None, option("N", "So many searches as one study, from this seed on.", min=1)
    ] = None,
    seeds: Annotated[
        str | None, option("LIST", "A study of searches with these seeds, such as 0-4 or 1,2,7.")
    ] = None,
    parallel: Annotated[
        int | None,
        option(
            "N",
            "Searches of a study that work at the same time. [default: 1; with --executor celery, 8]",
            min=1,
        ),
    ] = None,
    disguise_seed: Annotated[
        int | None,
        option(
            "N",
            "Disguises of the validation games. [default: from the seed and a secret of this user]",
            min=0,
        ),
    ] = None,
    suite: Annotated[str | None, suite_option("Games to search on. [default: that of the domain]")] = None,
    validation_suite: Annotated[
        str | None, suite_option("Games that are disguised to verify the best.")
    ] = None,
    test_suite: Annotated[str | None, suite_option("Games that are played only at the end.")] = None,
    against: Annotated[
        list[str] | None,
        option("PROGRAM", "Play against it: NAME or NAME:WEIGHT, in place of the suite's opponents; repeat."),
    ] = None,
    map_file: Map = None,
    agents: Agents = None,
    horizon: Annotated[int | None, horizon_option("the domain's")] = None,
    objective: Objective = None,
    risk: StrategicRisk = None,
    challenger: Annotated[
        bool | None,
        flag("Whether games that the best program loses join the training games. [default: no]"),
    ] = None,
    challenger_every: Annotated[
        int | None, option("N", "Challenge the best after so many candidates. [default: 50]", min=2)
    ] = None,
    challenger_games: Annotated[
        int | None, option("N", "Games to try in every challenge. [default: 15]", min=1)
    ] = None,
    copies: Annotated[
        int | None,
        option("N", "Further disguises on which a program is measured before it is called the best.", min=0),
    ] = None,
    audit: Annotated[
        str | None,
        option(
            "HOW",
            "Audit the best at the end: off, best (flag it), or gate (call no flagged program the best). "
            "[default: off]",
        ),
    ] = None,
    final_test: Annotated[
        bool | None, flag("Whether to measure the best on the test games. [default: yes]")
    ] = None,
    max_output_tokens: MaxOutputTokens = None,
    effort: Effort = None,
    thinking: Thinking = None,
    prices: Prices = None,
    price_unknown: PriceUnknown = None,
    feedback: Feedback = None,
    prompts: Prompts = None,
    model_islands: ModelIslands = None,
    agent_seconds: AgentSeconds = None,
    agent_lease: AgentLease = None,
    agent_fallback: AgentFallback = None,
    lookahead: Lookahead = None,
    name: Annotated[str | None, option("NAME", "Name of the run. [default: two words]")] = None,
    config: Config = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Search for better programs.

    The best is tested at the end, on games that it was not searched on. With --repeat or --seeds: the same
    with several seeds, as a study, of which one program is chosen by validation and tested. All options but
    these, --parallel, --broker, --map, --agents and --json can also be given in a TOML file with --config;
    there, suites say the map and the agents. Ctrl-C stops cleanly; continue with resume.
    """
    from nashforge.archive import Archive
    from nashforge.archive.nicknames import check_nickname
    from nashforge.cli.options.replaying import recorded_run, recorded_values
    from nashforge.cli.rendering.runs.outcome import work
    from nashforge.cli.rendering.runs.studies import start_study
    from nashforge.evolve.config.consent import check_own_database
    from nashforge.evolve.config.run import RunFile, load_config, read_run_file
    from nashforge.evolve.domains import domain as find_domain
    from nashforge.evolve.measurement.programs import DEFAULT_DOMAIN
    from nashforge.evolve.runs.executors import service_of
    from nashforge.evolve.runs.run import start_run

    members = _seeds(repeat, seeds, seed)
    if parallel is not None and members is None:
        raise UsageProblem("--parallel is of studies; give --repeat or --seeds, too")
    options = settings_of(context)
    file = RunFile({}) if config is None else read_run_file(config)
    if map_file is not None or agents is not None:
        if any(given is not None for given in (suite, validation_suite, test_suite)):
            raise UsageProblem("a suite has a map and agents; give --map and --agents, or suites")
        searched = find_domain(domain or str(file.values.get("domain", DEFAULT_DOMAIN)))
        game = searched.variant(None, {"map": map_file, "agents": agents})
        options |= dict.fromkeys(("train", "validation", "test"), game)
    called = name if name is not None else file.name
    place = database if database is not None else file.database
    if called is not None:
        check_nickname(called)
    if database is None and place is not None:
        check_own_database(place, config)
    reference = recorded_run(options, file.values)
    if reference is None:
        load_config(options, config)  # what is wrong with it is told before a database is made
    with Archive.open(place) as archive:
        base = None if reference is None else recorded_values(archive, reference)
        chosen = load_config(options, config, base)
        if members is not None:
            start_study(
                archive,
                chosen,
                members,
                name=called,
                parallel=parallel,
                broker=broker,
                database=place,
                as_json=output.wants_json(json),
            )
            return
        work(
            archive,
            chosen,
            lambda listener: start_run(
                archive, chosen, name=called, listener=listener, service=service_of(chosen, broker)
            ),
            database=place,
            as_json=output.wants_json(json),
        )


def _seeds(repeat: int | None, seeds: str | None, first: int | None) -> tuple[int, ...] | None:
    """Return the seeds of a study; None for a single run."""
    from nashforge.evolve.runs.studies import MOST_SEEDS, seeds_of

    if seeds is not None:
        if repeat is not None or first is not None:
            raise UsageProblem("--seeds names all seeds; leave --repeat and --seed out")
        return seeds_of(seeds)
    if repeat is None:
        return None
    if repeat > MOST_SEEDS:
        raise UsageProblem(f"--repeat {repeat} is above the {MOST_SEEDS} searches that a study may have")
    return tuple(range(first or 0, (first or 0) + repeat))
