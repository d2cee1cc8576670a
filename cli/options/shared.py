"""Options that several commands share, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from nashforge.cli.options.completion import complete_programs, complete_rules, complete_runs, complete_suites
from nashforge.cli.options.declared import argument, flag, option


def suite_option(help: str) -> Any:
    """Return an option that takes a suite."""
    return option("SUITE", help, complete=complete_suites)


def output_option(help: str) -> Any:
    """Return the option that names the file which a command writes."""
    return option("FILE", help, "--output", "-o")


def result_option(help: str) -> Any:
    """Return the option that names the table or figure which a command writes; ``--plot`` is its old name."""
    return option("FILE", help, "--output", "-o", "--plot")


def iterations_option(help: str) -> Any:
    """Return the option that says how many iterations are made."""
    return option("N", help, "--iterations", "-n", min=1)


def limit_option(help: str) -> Any:
    """Return the option that says how many rows are shown at most."""
    return option("N", help, min=1, max=1_000_000_000, show_default=True)


def horizon_option(default: str) -> Any:
    """Return the option of how long games are played."""
    return option("N", f"Iterations in every game. [default: {default}]", min=1)


Force = Annotated[bool, flag("Replace files that exist.", "--force")]
Json = Annotated[
    bool | None,
    flag("Print JSON (see docs/json.md) instead of text. [default: text, or JSON if NASHFORGE_JSON=1]"),
]
Database = Annotated[
    str | None,
    option(
        "URL",
        "Archive: a file, sqlite:///PATH or postgresql://USER@HOST/NAME. "
        "[default: $NASHFORGE_DATABASE, or a file of the user]",
    ),
]
RunName = Annotated[
    str, argument("RUN", "Name of a run, or the beginning of it, or 'latest'.", complete=complete_runs)
]
SearchName = Annotated[
    str,
    argument("RUN", "Name of a run or study, or the beginning of it, or 'latest'.", complete=complete_runs),
]
LatestSearch = Annotated[
    str,
    argument(
        "RUN", "Name of a run or study, or the beginning of it.", complete=complete_runs, show_default=True
    ),
]
LatestRun = Annotated[
    str, argument("RUN", "Name of a run, or the beginning of it.", complete=complete_runs, show_default=True)
]
ProgramName = Annotated[
    str,
    argument(
        "PROGRAM",
        "A rule of the library, a nickname, the beginning of a nickname or hash, or a file.",
        complete=complete_programs,
    ),
]
ProgramNames = Annotated[
    list[str],
    argument(
        "PROGRAM",
        "Rules of the library, nicknames, beginnings of nicknames or hashes, or files.",
        complete=complete_programs,
    ),
]
Rule = Annotated[
    str | None,
    option(
        "PROGRAM",
        "A rule of the library, a nickname, the beginning of a nickname or hash, or a file. [default: dcfr]",
        complete=complete_rules,
    ),
]
Suite = Annotated[
    str | None,
    option(
        "SUITE",
        "Suite of games: a name (see `nashforge suites`) or a TOML file. [default: the training suite]",
        complete=complete_suites,
    ),
]
Reference = Annotated[
    str | None,
    option("RULE", "Library program that fitness is relative to, or 'none'. [default: that of the domain]"),
]
FileDomain = Annotated[
    str | None,
    option("DOMAIN", "What library programs and files are of. [default: what a file says, else cfr]"),
]
StrategicRisk = Annotated[
    str | None,
    option("TEXT", "How strategic metrics are measured. [default: kl tau=1 epsilon=0.1 radius=0.1]"),
]
Objective = Annotated[
    str | None,
    option(
        "SUM",
        "Fitness as a sum of metrics, such as '0.7*efficiency + 0.003*worst(min_reward)'; see "
        "docs/fitness.md. [default: the domain's]",
    ),
]
Games = Annotated[
    list[str] | None,
    option("GAME", "An OpenSpiel game string or game file, instead of a suite; may be given several times."),
]
Iterations = Annotated[
    int | None,
    iterations_option("Iterations in every game. [default: 1000]"),
]
Workers = Annotated[int | None, option("N", "Worker processes. [default: one a core]", min=1)]
Executor = Annotated[
    str | None,
    option(
        "NAME", "Where programs are evaluated: local, or celery (see `nashforge worker`). [default: local]"
    ),
]
Weight = Annotated[
    float | None, option("N", "Share of workers in common with other runs, relative to theirs. [default: 1]")
]
ProposeOn = Annotated[
    str | None,
    option(
        "PLACE", "Where models are asked: here, or workers (those with --queues propose). [default: here]"
    ),
]
DomainName = Annotated[str, option("DOMAIN", "What rules and files are programs of.", show_default=True)]
Tier = Annotated[
    str | None,
    option(
        "LEVEL",
        "Accept a machine that confines programs less: 'no-landlock', or 'none' for programs you trust.",
    ),
]
MaxNodes = Annotated[
    int | None,
    option(
        "N", "Give up on games with more histories. [default: NASHFORGE_MAX_NODES, else 5 million]", min=1
    ),
]
Information = Annotated[
    str,
    option(
        "BY",
        "What players of an OpenSpiel game know: state (its information-state strings), or, an assumption "
        "for games that have none: observation (what observation strings have shown, and own moves), "
        "or history (all, where information is perfect).",
        show_default=True,
    ),
]
Config = Annotated[
    Path | None, option("FILE", "TOML file with any of these options; those on the command line win.")
]
Broker = Annotated[
    str | None,
    option(
        "URL",
        "Redis or RabbitMQ: redis://HOST/0, rediss://..., amqp://USER:PASSWORD@HOST//, amqps://... "
        "[default: $NASHFORGE_BROKER]",
    ),
]
BrokerCa = Annotated[Path | None, option("FILE", "Authorities (PEM) that vouch for the broker.")]
BrokerCert = Annotated[Path | None, option("FILE", "Certificate (PEM) shown to the broker.")]
BrokerKey = Annotated[Path | None, option("FILE", "Key (PEM) of that certificate.")]
Watch = Annotated[bool, flag("Show it again every second, until Ctrl-C.", "--watch", "-w")]
