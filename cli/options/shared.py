"""Options that several commands share, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nashforge.cli.options.completion import complete_programs, complete_rules, complete_runs, complete_suites


def suite_option(help: str) -> Any:
    """Return an option that takes a suite."""
    return typer.Option(metavar="SUITE", help=help, autocompletion=complete_suites, show_default=False)


def output_option(help: str) -> Any:
    """Return the option that names the file which a command writes."""
    return typer.Option("--output", "-o", metavar="FILE", help=help, show_default=False)


def result_option(help: str) -> Any:
    """Return the option that names the table or figure which a command writes; ``--plot`` is its old name."""
    return typer.Option("--output", "-o", "--plot", metavar="FILE", help=help, show_default=False)


def iterations_option(help: str) -> Any:
    """Return the option that says how many iterations are made."""
    return typer.Option("--iterations", "-n", metavar="N", min=1, help=help, show_default=False)


def limit_option(help: str) -> Any:
    """Return the option that says how many rows are shown at most."""
    return typer.Option("--limit", metavar="N", min=1, max=1_000_000_000, help=help)


def horizon_option(default: str) -> Any:
    """Return the option of how long games are played."""
    return typer.Option(
        metavar="N", min=1, help=f"Iterations in every game. [default: {default}]", show_default=False
    )


Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]
Json = Annotated[
    bool | None,
    typer.Option(
        "--json/--no-json",
        help="Print JSON (see docs/json.md) instead of text. [default: text, or JSON if NASHFORGE_JSON=1]",
        show_default=False,
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="Archive: a file, sqlite:///PATH or postgresql://USER@HOST/NAME. "
        "[default: $NASHFORGE_DATABASE, or a file of the user]",
        show_default=False,
    ),
]
RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="Name of a run, or the beginning of it, or 'latest'.",
        autocompletion=complete_runs,
        show_default=False,
    ),
]
LatestRun = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="Name of a run, or the beginning of it.",
        autocompletion=complete_runs,
    ),
]
ProgramName = Annotated[
    str,
    typer.Argument(
        metavar="PROGRAM",
        help="A rule of the library, a nickname, the beginning of a nickname or hash, or a file.",
        autocompletion=complete_programs,
        show_default=False,
    ),
]
ProgramNames = Annotated[
    list[str],
    typer.Argument(
        metavar="PROGRAM",
        help="Rules of the library, nicknames, beginnings of nicknames or hashes, or files.",
        autocompletion=complete_programs,
        show_default=False,
    ),
]
Rule = Annotated[
    str,
    typer.Option(
        "--rule",
        metavar="PROGRAM",
        help="A rule of the library, a nickname, the beginning of a nickname or hash, or a file.",
        autocompletion=complete_rules,
    ),
]
Suite = Annotated[
    str | None,
    typer.Option(
        "--suite",
        metavar="SUITE",
        help="Suite of games: a name (see `nashforge suites`) or a TOML file. [default: the training suite]",
        autocompletion=complete_suites,
        show_default=False,
    ),
]
Reference = Annotated[
    str | None,
    typer.Option(
        metavar="RULE",
        help="Library program that fitness is relative to, or 'none'. [default: that of the domain]",
        show_default=False,
    ),
]
FileDomain = Annotated[
    str | None,
    typer.Option(
        "--domain",
        metavar="DOMAIN",
        help="What library programs and files are of. [default: what a file says, else cfr]",
        show_default=False,
    ),
]
StrategicRisk = Annotated[
    str | None,
    typer.Option(
        "--risk",
        metavar="TEXT",
        help="How strategic metrics are measured. [default: kl tau=1 epsilon=0.1 radius=0.1]",
        show_default=False,
    ),
]
Objective = Annotated[
    str | None,
    typer.Option(
        "--objective",
        metavar="SUM",
        help="Fitness as a sum of metrics, such as '0.7*efficiency + 0.003*worst(min_reward)'; see "
        "docs/fitness.md. [default: the domain's]",
        show_default=False,
    ),
]
Games = Annotated[
    list[str] | None,
    typer.Option(
        "--game",
        metavar="GAME",
        help="An OpenSpiel game string or game file, instead of a suite; may be given several times.",
        show_default=False,
    ),
]
Iterations = Annotated[
    int | None,
    iterations_option("Iterations in every game. [default: 1000]"),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N", min=1, help="Worker processes. [default: one a core]", show_default=False
    ),
]
Executor = Annotated[
    str | None,
    typer.Option(
        "--executor",
        metavar="NAME",
        help="Where programs are evaluated: local, or celery (see `nashforge worker`). [default: local]",
        show_default=False,
    ),
]
Weight = Annotated[
    float | None,
    typer.Option(
        "--weight",
        metavar="N",
        help="Share of workers in common with other runs, relative to theirs. [default: 1]",
        show_default=False,
    ),
]
ProposeOn = Annotated[
    str | None,
    typer.Option(
        "--propose-on",
        metavar="PLACE",
        help="Where models are asked: here, or workers (those with --queues propose). [default: here]",
        show_default=False,
    ),
]
DomainName = Annotated[
    str,
    typer.Option("--domain", metavar="DOMAIN", help="What rules and files are programs of."),
]
Tier = Annotated[
    str | None,
    typer.Option(
        "--allow-weaker-sandbox",
        metavar="LEVEL",
        help="Accept a machine that confines programs less: 'no-landlock', or 'none' for programs you trust.",
        show_default=False,
    ),
]
MaxNodes = Annotated[
    int | None,
    typer.Option(
        "--max-nodes",
        metavar="N",
        min=1,
        help="Give up on games with more histories. [default: NASHFORGE_MAX_NODES, else 5 million]",
        show_default=False,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="TOML file with any of these options; those on the command line win.",
        show_default=False,
    ),
]
Broker = Annotated[
    str | None,
    typer.Option(
        "--broker",
        metavar="URL",
        help="Redis or RabbitMQ: redis://HOST/0, rediss://..., amqp://USER:PASSWORD@HOST//, amqps://... "
        "[default: $NASHFORGE_BROKER]",
        show_default=False,
    ),
]
BrokerCa = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Authorities (PEM) that vouch for the broker.", show_default=False),
]
BrokerCert = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Certificate (PEM) shown to the broker.", show_default=False),
]
BrokerKey = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Key (PEM) of that certificate.", show_default=False)
]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Show it again every second, until Ctrl-C.")]
