"""``nashforge risk``: how a program's policy fares with partners who deviate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from nashforge.cli.options.completion import complete_programs
from nashforge.cli.options.declared import argument, flag, option
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


def risk(
    programs: Annotated[
        list[str] | None,
        argument(
            "PROGRAM",
            "Programs of the library, nicknames, or files; several are also played with each other.",
            complete_programs,
        ),
    ] = None,
    game: Annotated[
        str | None,
        option(
            "GAME",
            "The game that it solves first. [default: leduc_poker; for learners SC4; for policies their own]",
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
        float | None, option("T", "Aversion to risk; larger is more averse. [default: 1]", min=0.0)
    ] = None,
    epsilon: Annotated[
        float | None, option("E", "Weight of the entropy in the gaps. [default: 0.1]", min=1e-6)
    ] = None,
    divergence: Annotated[str | None, option("D", "kl, reverse_kl, chi2 or cvar. [default: kl]")] = None,
    list_measures: Annotated[
        bool, flag("List the measures: better way, unit, where they are defined, and source.", "--list")
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
    from nashforge.cli.options import dilemmas
    from nashforge.cli.options.archives import programs as find_programs
    from nashforge.cli.options.files import FIGURES, TABLES, check_file, delivered, is_figure, write_table
    from nashforge.cli.rendering import output, strategic
    from nashforge.cli.rendering.translated import running
    from nashforge.evolve.domains import domain as domain_of
    from nashforge.evolve.measurement.policy_risk import policy_risks
    from nashforge.evolve.measurement.request import domain_of_game
    from nashforge.evolve.measurement.strategic import solved_risks
    from nashforge.solvers.metrics.registry import Parameters

    as_json = output.wants_json(json)
    if list_measures:
        strategic.print_measures(as_json)
        return
    if not programs:
        raise UsageProblem("name a program, such as dcfr; or list the measures with --list")
    check_file("--output", output_file, force, (*TABLES, *FIGURES))
    drawn = output_file is not None and is_figure(output_file)
    if drawn and len(programs) > 1:
        raise UsageProblem("a figure has the curves of one program; name one, or write a table (.csv, .json)")
    # Library policies are of both dilemmas.
    with find_programs(programs, database, domain=domain or domain_of_game(game or "")) as (named, _):
        found = running(named)
    names = sorted({each.domain for each in found})
    work = domain_of(names[0])
    if len(names) > 1 or not (work.episodes or work.example):
        raise UsageProblem(
            "risk is measured of programs of one domain, which solve games or play dilemmas; these are of "
            + ", ".join(names)
        )
    tier = allow_weaker_sandbox or "strict"
    asked = {"tau": tau, "epsilon": epsilon, "divergence": divergence}
    how = {name: value for name, value in asked.items() if value is not None}
    if work.episodes:
        if drawn:
            raise UsageProblem(
                "policies of social dilemmas have no curve to be drawn; write a table (.csv, .json)"
            )
        if how:
            raise UsageProblem(
                "policies of social dilemmas meet strangers, and no adversary at a price; leave --tau, "
                "--epsilon and --divergence out"
            )
        setting = dilemmas.setting_of(
            [game or work.name], map_file=map_file, agents=agents, horizon=iterations
        )
        met = policy_risks(found, setting, dilemmas.parse_seeds(seeds), tier=tier)
        value, rows = strategic.policies_as_json(met), strategic.policies_as_rows(met)
    else:
        assert work.example
        if (seeds, map_file, agents) != (None, None, None):
            raise UsageProblem("--seeds, --map and --agents are those of social dilemmas; leave them out")
        played, count = game or work.example[0], iterations or work.example[1]
        solved = solved_risks(found, played, count, Parameters(**how), tier=tier)  # type: ignore[arg-type]
        for words in solved.notes:
            output.console(stderr=True).print(f"[yellow]{output.plain(words)}[/]")
        value, rows = strategic.risks_as_json(solved), strategic.risks_as_rows(solved)

    def write(path: Path) -> None:
        if drawn:
            [(label, report)] = solved.reports.items()
            strategic.draw(report, f"{label} in {solved.game}", path)
        else:
            write_table(path, rows, value)

    with delivered((output_file, write), as_json=as_json):
        if as_json:
            output.print_json(value)
        elif work.episodes:
            strategic.print_policies(met)
        else:
            strategic.print_risks(solved)
