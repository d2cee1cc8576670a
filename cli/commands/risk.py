"""``nashforge risk``: how a program's policy fares with partners who deviate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nashforge.cli.options.completion import complete_programs
from nashforge.cli.options.dilemmas import Agents, Map, Seeds
from nashforge.cli.options.shared import (
    Database,
    FileDomain,
    Force,
    Json,
    Tier,
    iterations_option,
    result_option,
)
from nashforge.cli.rendering.strategic import (
    RADII,
    draw,
    print_definitions,
    print_reports,
    reports_as_json,
    reports_as_rows,
)

if TYPE_CHECKING:
    from nashforge.evolve.measurement.programs import NamedProgram
    from nashforge.games.dilemmas.settings import Setting
    from nashforge.solvers.metrics.report import StrategicReport
    from nashforge.solvers.metrics.social import CrossPlay
    from nashforge.solvers.risk import Risk

TAU, EPSILON, DIVERGENCE = 1.0, 0.1, "kl"

DEFAULTS = {"cfr": ("leduc_poker", 200), "psro": ("leduc_poker", 50), "rqe": ("SC4", 200)}
"""Game and iterations by domain."""


def risk(
    programs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PROGRAM",
            help="Programs of the library, nicknames, or files; several are also played with each other.",
            autocompletion=complete_programs,
            show_default=False,
        ),
    ] = None,
    game: Annotated[
        str | None,
        typer.Option(
            "--game",
            metavar="GAME",
            help="The game that it solves first. [default: leduc_poker; for learners SC4; for policies "
            "their own]",
            show_default=False,
        ),
    ] = None,
    iterations: Annotated[
        int | None,
        iterations_option("Iterations of solving, or steps of an episode. [default: 200; of PSRO 50; 1000]"),
    ] = None,
    domain: FileDomain = None,
    seeds: Seeds = None,
    map_file: Map = None,
    agents: Agents = None,
    tau: Annotated[
        float | None,
        typer.Option(
            "--tau",
            metavar="T",
            min=0.0,
            help=f"Aversion to risk; larger is more averse. [default: {TAU:g}]",
            show_default=False,
        ),
    ] = None,
    epsilon: Annotated[
        float | None,
        typer.Option(
            "--epsilon",
            metavar="E",
            min=1e-6,
            help=f"Weight of the entropy in the gaps. [default: {EPSILON:g}]",
            show_default=False,
        ),
    ] = None,
    divergence: Annotated[
        str | None,
        typer.Option(
            "--divergence",
            metavar="D",
            help=f"kl, reverse_kl, chi2 or cvar. [default: {DIVERGENCE}]",
            show_default=False,
        ),
    ] = None,
    list_measures: Annotated[
        bool, typer.Option("--list", help="List the measures: better way, unit and source.")
    ] = False,
    output_file: Annotated[
        Path | None,
        result_option("Write the table (.csv, .json), or draw the robustness curves (.png, .svg, .pdf)."),
    ] = None,
    force: Force = False,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Measure the strategic risk of what programs play, alone and with each other.

    Values against the expected partners, against partners who deviate at a price (risk-adjusted), within a
    KL radius (robustness), and without limits (security); with more than two players, one seat deviates.
    Learners of the domain rqe play games with payoffs scaled to span 1. Policies of social dilemmas meet the
    library's policies instead: in equal parts, and alone among hostile ones.
    """
    from nashforge.cli.errors import UsageProblem
    from nashforge.cli.options.archives import programs as find_programs
    from nashforge.cli.options.dilemmas import GAMES, setting_of
    from nashforge.cli.options.files import FIGURES, TABLES, check_file, delivered, is_figure, write_table
    from nashforge.cli.rendering import output
    from nashforge.cli.rendering.translated import running
    from nashforge.solvers.risk import Risk

    if list_measures:
        print_definitions(output.wants_json(json))
        return
    if not programs:
        raise UsageProblem("name a program, such as dcfr; or list the measures with --list")
    check_file("--output", output_file, force, (*TABLES, *FIGURES))
    drawn = output_file is not None and is_figure(output_file)
    if drawn and len(programs) > 1:
        raise UsageProblem("a figure has the curves of one program; name one, or write a table (.csv, .json)")
    named_game = (game or "").partition("(")[0].strip()
    if domain is None and named_game in GAMES:
        domain = named_game  # library policies are of both dilemmas
    with find_programs(programs, database, domain=domain) as (found, _):
        kinds = {named.domain for named in found}
        if len(kinds) > 1 or not kinds <= {*DEFAULTS, *GAMES}:
            raise UsageProblem(
                f"risk is measured for programs of one of the domains {', '.join((*DEFAULTS, *GAMES))}; "
                f"these are of {', '.join(sorted(kinds))}"
            )
        (kind,) = kinds
        found = running(found)
        tier = allow_weaker_sandbox or "strict"
        if kind in GAMES:
            if drawn:
                raise UsageProblem(
                    "policies of social dilemmas have no curve to be drawn; write a table (.csv, .json)"
                )
            if (tau, epsilon, divergence) != (None, None, None):
                raise UsageProblem(
                    "policies of social dilemmas meet strangers, and no adversary at a price; leave --tau, "
                    "--epsilon and --divergence out"
                )
            setting = setting_of([game or kind], map_file=map_file, agents=agents, horizon=iterations)
            _of_policies(found, setting, seeds, tier, output.wants_json(json), output_file)
            return
        if (seeds, map_file, agents) != (None, None, None):
            raise UsageProblem("--seeds, --map and --agents are those of social dilemmas; leave them out")
        tau, epsilon = TAU if tau is None else tau, EPSILON if epsilon is None else epsilon
        divergence = divergence or DIVERGENCE
        played, count = game or DEFAULTS[kind][0], iterations or DEFAULTS[kind][1]
        name, solved, together = _measured(found, kind, played, count, Risk(tau, divergence), epsilon, tier)
    about = {
        "game": name,
        "iterations": count,
        "parameters": {"tau": tau, "epsilon": epsilon, "divergence": divergence},
    }

    def write(path: Path) -> None:
        if drawn:
            draw(solved[0][1], f"{solved[0][0]} in {name}", path)
        else:
            write_table(path, reports_as_rows(solved), reports_as_json(about, solved, together))

    as_json = output.wants_json(json)
    with delivered((output_file, write), as_json=as_json):
        if as_json:
            output.print_json(reports_as_json(about, solved, together))
        else:
            print_reports(about, solved, together)


def _measured(
    found: list[NamedProgram], kind: str, game: str, count: int, risk: Risk, epsilon: float, tier: str
) -> tuple[str, list[tuple[str, StrategicReport]], CrossPlay | None]:
    """Return the name of the game, what every program plays there, measured, and how they fare together."""
    from nashforge.cli.rendering import output
    from nashforge.evolve.measurement.solve import solve
    from nashforge.solvers.learners.markov.report import markov_cross_play, markov_report
    from nashforge.solvers.learners.markov.task import MarkovTask
    from nashforge.solvers.metrics.report import strategic_report
    from nashforge.solvers.metrics.social import cross_play

    solutions = [solve(game, named, count, [count], tier=tier) for named in found]
    for solution in solutions:
        if not solution.averaged:
            words = output.plain(solution.without_average)
            output.console(stderr=True).print(f"[yellow]{words}[/]")
    policies: list[Any] = [solution.policy for solution in solutions]
    several, task = len(found) > 1, solutions[0].game
    if isinstance(task, MarkovTask):
        reports = [markov_report(task, pair, risk=risk, epsilon=epsilon, radii=RADII) for pair in policies]
        together = markov_cross_play(task, policies) if several else None
        return task.game.name, list(zip((named.label for named in found), reports)), together
    form = solutions[0].form
    assert form is not None
    reports = [
        strategic_report(form, profile, risk=risk, epsilon=epsilon, radii=RADII) for profile in policies
    ]
    together = cross_play(form, policies) if several else None
    return form.name, list(zip((named.label for named in found), reports)), together


def _of_policies(
    found: list[NamedProgram],
    setting: Setting,
    seeds: str | None,
    tier: str,
    as_json: bool,
    output_file: Path | None,
) -> None:
    from nashforge.cli.options.dilemmas import parse_seeds
    from nashforge.cli.options.files import delivered, write_table
    from nashforge.cli.rendering import output
    from nashforge.cli.rendering.strategic import policies_as_json, policies_as_rows, print_policies
    from nashforge.evolve.measurement.policy_risk import policy_risks

    together = policy_risks(found, setting, parse_seeds(seeds), tier=tier)
    value = policies_as_json(together)
    with delivered(
        (output_file, lambda path: write_table(path, policies_as_rows(together), value)), as_json=as_json
    ):
        if as_json:
            output.print_json(value)
        else:
            print_policies(together)
