"""``nashforge risk``: how a program's policy fares with partners who deviate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.completion import complete_programs
from cli.options import Database, FileDomain, Json, Tier, iterations_option

if TYPE_CHECKING:
    from solvers.metrics.report import StrategicReport
    from solvers.metrics.social import CrossPlay

RADII = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
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
            help="The game that it solves first. [default: leduc_poker; for learners SC4]",
            show_default=False,
        ),
    ] = None,
    iterations: Annotated[
        int | None,
        iterations_option("Iterations of solving. [default: 200; of PSRO 50]"),
    ] = None,
    domain: FileDomain = None,
    tau: Annotated[
        float, typer.Option("--tau", metavar="T", min=0.0, help="Aversion to risk; larger is more averse.")
    ] = 1.0,
    epsilon: Annotated[
        float, typer.Option("--epsilon", metavar="E", min=1e-6, help="Weight of the entropy in the gaps.")
    ] = 0.1,
    divergence: Annotated[
        str, typer.Option("--divergence", metavar="D", help="kl, reverse_kl, chi2 or cvar.")
    ] = "kl",
    list_measures: Annotated[
        bool, typer.Option("--list", help="List the measures: better way, unit and source.")
    ] = False,
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
    """Measure the strategic risk of what programs play, alone and with each other.

    Values against the expected partners, against partners who deviate at a price (risk-adjusted), within a
    KL radius (robustness), and without limits (security); with more than two players, one seat deviates.
    Learners of the domain rqe play one-shot games with payoffs scaled to span 1.
    """
    from cli import output
    from cli.archives import programs as find_programs
    from cli.errors import UsageProblem
    from cli.plot import check_format
    from evolve.solving import learn_with, solve_psro_with, solve_with
    from solvers.metrics.report import strategic_report
    from solvers.metrics.social import cross_play
    from solvers.risk import Risk

    if list_measures:
        _list(output.wants_json(json))
        return
    if not programs:
        raise UsageProblem("name a program, such as dcfr; or list the measures with --list")
    measure = Risk(tau, divergence)
    if plot is not None:
        check_format("--plot", plot)
        if len(programs) > 1:
            raise UsageProblem("--plot draws the curves of one program; name one")
    solved: list[tuple[str, StrategicReport]] = []
    profiles = []
    with find_programs(programs, database, domain=domain) as (found, _):
        kinds = {named.domain for named in found}
        if len(kinds) > 1 or not kinds <= DEFAULTS.keys():
            raise UsageProblem(
                f"risk is measured for programs of one of the domains {', '.join(DEFAULTS)}; these are of "
                f"{', '.join(sorted(kinds))}"
            )
        (kind,) = kinds
        played, count = game or DEFAULTS[kind][0], iterations or DEFAULTS[kind][1]
        tier = allow_weaker_sandbox or "strict"
        for named in found:
            if kind == "rqe":
                form, profile, _ = learn_with(played, named, count, tier=tier)
            else:
                solution = (solve_psro_with if kind == "psro" else solve_with)(
                    played, named, count, tier=tier
                )
                form, profile = solution.form, solution.policy
            report = strategic_report(form, profile, risk=measure, epsilon=epsilon, radii=RADII)
            solved.append((named.label, report))
            profiles.append(profile)
    together = cross_play(form, profiles) if len(profiles) > 1 else None
    if plot is not None:
        _draw(solved[0][1], f"{solved[0][0]} in {form.name}", plot)
    about = {
        "game": form.name,
        "iterations": count,
        "parameters": {"tau": tau, "epsilon": epsilon, "divergence": divergence},
    }
    if output.wants_json(json):
        rows = [{"program": label, **_as_dict(report)} for label, report in solved]
        if together is None:
            output.print_json({"program": rows[0].pop("program"), **about, **rows[0]})
        else:
            output.print_json({**about, "programs": rows, "cross_play": _crossed(together)})
        return
    screen = output.console()
    for label, report in solved:
        screen.print(
            f"[bold]{output.plain(form.name)}[/] with [green]{output.plain(label)}[/], "
            f"{count} iterations; tau {tau:g}, epsilon {epsilon:g}, {divergence}\n"
        )
        _show(report)
    if together is not None:
        _show_together(together, [label for label, _ in solved])
    if plot is not None:
        screen.print(f"plot written to {output.plain(str(plot))}")


def _list(as_json: bool) -> None:
    from cli import output
    from solvers.metrics.definitions import DEFINITIONS

    if as_json:
        output.print_json(
            [
                {
                    "metric": item.name,
                    "title": item.title,
                    "direction": item.direction,
                    "unit": item.unit,
                    "citation": item.citation,
                }
                for item in DEFINITIONS
            ]
        )
        return
    table = output.table("measure", "better", "unit", "source")
    for item in DEFINITIONS:
        better = "less" if item.direction == "min" else "more"
        table.add_row(f"[cyan]{item.name}[/]", better, item.unit or "ratio", output.plain(item.citation))
    output.console().print(table)


def _as_dict(found: StrategicReport) -> dict[str, Any]:
    return {
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


def _crossed(together: CrossPlay) -> dict[str, Any]:
    return {
        "matrix": together.matrix.tolist(),
        "self_play": together.self_play,
        "cross_play": together.cross_play,
        "deviation": together.deviation,
        "worst": together.worst,
        "gap": together.gap,
    }


def _show(found: StrategicReport) -> None:
    from cli import output

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
    screen = output.console()
    screen.print(table)
    named_numbers = {
        "exploitability": found.exploitability,
        "QRE gap": found.qre_gap,
        "RQE gap": found.rqe_gap,
        "price of anarchy": found.price_of_anarchy,
    }
    parts = [f"{name} {output.number(value)}" for name, value in named_numbers.items() if value is not None]
    screen.print("   ".join([*parts, f"welfare {found.welfare:+.4g}"]))


def _show_together(together: CrossPlay, labels: list[str]) -> None:
    from cli import output

    title = "cross-play: welfare a player, player 1 from the row, all others from the column"
    table = output.table("", *map(output.plain, labels), title=title, right=labels)
    for label, row in zip(labels, together.matrix, strict=True):
        table.add_row(f"[green]{output.plain(label)}[/]", *(f"{value:+.4f}" for value in row))
    screen = output.console()
    screen.print()
    screen.print(table)
    screen.print(
        f"together {together.self_play:+.4f}   with strangers {together.cross_play:+.4f} "
        f"(sd {together.deviation:.4f}, worst {together.worst:+.4f})   cross-play gap {together.gap:+.4f}"
    )


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
