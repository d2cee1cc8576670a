"""``nashforge risk``: how a program's policy fares with partners who deviate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Database, Json, ProgramName, Tier

if TYPE_CHECKING:
    from solvers.metrics.report import StrategicReport

RADII = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


def risk(
    program: ProgramName,
    game: Annotated[
        str, typer.Option("--game", metavar="GAME", help="The OpenSpiel game that it solves first.")
    ] = "leduc_poker",
    iterations: Annotated[
        int, typer.Option("--iterations", "-n", metavar="N", min=1, help="Iterations of solving.")
    ] = 200,
    psro: Annotated[
        bool, typer.Option("--psro", help="The program is a meta-solver of PSRO, not a CFR rule.")
    ] = False,
    tau: Annotated[
        float, typer.Option("--tau", metavar="T", min=0.0, help="Aversion to risk; larger is more averse.")
    ] = 1.0,
    epsilon: Annotated[
        float, typer.Option("--epsilon", metavar="E", min=1e-6, help="Weight of the entropy in the gaps.")
    ] = 0.1,
    divergence: Annotated[
        str, typer.Option("--divergence", metavar="D", help="kl, reverse_kl, chi2 or cvar.")
    ] = "kl",
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Draw the robustness curves (.png, .svg, .pdf).", show_default=False
        ),
    ] = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Measure the strategic risk of what a program plays.

    Values against the expected partners, against partners who deviate at a price (risk-adjusted), within a
    KL radius (robustness), and without limits (security); with more than two players, one seat deviates.
    """
    from cli import output
    from cli.archives import programs
    from cli.plot import check_format
    from evolve.solving import solve_psro_with, solve_with
    from solvers.metrics.report import strategic_report
    from solvers.risk import Risk

    measure = Risk(tau, divergence)
    if plot is not None:
        check_format("--plot", plot)
    with programs([program], database, domain="psro" if psro else "cfr") as ([named], _):
        solve = solve_psro_with if psro else solve_with
        solution = solve(game, named, iterations, tier=allow_weaker_sandbox or "strict")
    found = strategic_report(solution.form, solution.policy, risk=measure, epsilon=epsilon, radii=RADII)
    if plot is not None:
        _draw(found, f"{named.label} in {solution.form.name}", plot)
    if output.wants_json(json):
        output.print_json(
            {
                "program": named.label,
                "game": solution.form.name,
                "iterations": iterations,
                "parameters": {"tau": tau, "epsilon": epsilon, "divergence": divergence},
                "players": [
                    {
                        "player": player + 1,
                        "value": float(found.values[player]),
                        "risk_adjusted_value": float(found.risk_adjusted[player]),
                        "security_value": float(found.security[player]),
                        "robustness": [
                            {"radius": radius, "value": float(value)}
                            for radius, value in zip(found.radii, found.robustness[player], strict=True)
                        ],
                    }
                    for player in range(len(found.values))
                ],
                "exploitability": found.exploitability,
                "qre_gap": found.qre_gap,
                "rqe_gap": found.rqe_gap,
                "welfare": found.welfare,
                "price_of_anarchy": found.price_of_anarchy,
            }
        )
        return
    screen = output.console()
    screen.print(
        f"[bold]{output.plain(solution.form.name)}[/] with [green]{output.plain(named.label)}[/], "
        f"{iterations} iterations; tau {tau:g}, epsilon {epsilon:g}, {divergence}\n"
    )
    columns = ["player", "value", "risk-adjusted", *(f"KL {radius:g}" for radius in RADII[1:]), "security"]
    table = output.table(*columns, right=columns)
    for player in range(len(found.values)):
        numbers = [
            found.values[player],
            found.risk_adjusted[player],
            *found.robustness[player][1:],
            found.security[player],
        ]
        table.add_row(str(player + 1), *(f"{value:+.4f}" for value in numbers))
    screen.print(table)
    named_numbers = {
        "exploitability": found.exploitability,
        "QRE gap": found.qre_gap,
        "RQE gap": found.rqe_gap,
        "price of anarchy": found.price_of_anarchy,
    }
    parts = [f"{name} {output.number(value)}" for name, value in named_numbers.items() if value is not None]
    screen.print("   ".join([*parts, f"welfare {found.welfare:+.4g}"]))
    if plot is not None:
        screen.print(f"plot written to {output.plain(str(plot))}")


def _draw(found: StrategicReport, title: str, path: Path) -> None:
    from cli.plot import COLOURS, figure

    with figure(1, 1, (4.6, 3.0), path) as (_, grid):
        axes = grid[0][0]
        for player, curve in enumerate(found.robustness):
            colour = COLOURS[player % len(COLOURS)]
            axes.plot(
                found.radii, curve, marker="o", markersize=3, color=colour, label=f"player {player + 1}"
            )
            axes.axhline(found.security[player], color=colour, linestyle=":", linewidth=1)
        axes.set_xscale("symlog", linthresh=0.01)
        axes.set_xlim(left=0)
        axes.set_xlabel("KL radius of the partner (nats); dotted: no limit")
        axes.set_ylabel("worst value (utility)")
        axes.set_title(title)
        axes.legend(frameon=False)
