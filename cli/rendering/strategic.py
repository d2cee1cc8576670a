"""What ``nashforge risk`` prints: measures of joint policies, and of policies of dilemmas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nashforge.evolve.measurement.policy_risk import PolicyRisks
    from nashforge.solvers.metrics.report import StrategicReport
    from nashforge.solvers.metrics.social import CrossPlay

RADII = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


def reports_as_json(
    about: Mapping[str, Any], solved: Sequence[tuple[str, StrategicReport]], together: CrossPlay | None
) -> dict[str, Any]:
    """Return what docs/json.md says of one program, or of several."""
    rows = [{"program": label, **_as_dict(report)} for label, report in solved]
    if together is None:
        return {"program": rows[0].pop("program"), **about, **rows[0]}
    return {**about, "programs": rows, "cross_play": _crossed(together)}


def reports_as_rows(solved: Sequence[tuple[str, StrategicReport]]) -> list[dict[str, Any]]:
    """Return a row for each player of each program; measures of all players are repeated in each."""
    rows = []
    for label, report in solved:
        told = _as_dict(report)
        for player in told.pop("players"):
            curve = {f"KL {point['radius']:g}": point["value"] for point in player.pop("robustness")}
            rows.append({"program": label, **player, **curve, **told})
    return rows


def print_reports(
    about: Mapping[str, Any], solved: Sequence[tuple[str, StrategicReport]], together: CrossPlay | None
) -> None:
    """Print tables of every program, and of all together."""
    from nashforge.cli.rendering import output

    screen, how = output.console(), about["parameters"]
    for label, report in solved:
        screen.print(
            f"[bold]{output.plain(about['game'])}[/] with [green]{output.plain(label)}[/], "
            f"{about['iterations']} iterations; tau {how['tau']:g}, epsilon {how['epsilon']:g}, "
            f"{how['divergence']}\n"
        )
        _show_report(report)
    if together is not None:
        title = "cross-play: welfare a player, player 0 from the row, all others from the column"
        _show_together(together, [label for label, _ in solved], title)


def policies_as_rows(found: PolicyRisks) -> list[dict[str, Any]]:
    """Return a row for each policy of a dilemma."""
    rows: list[dict[str, Any]] = []
    for label, one in found.programs.items():
        measures = {
            name: {
                "value": summary.mean,
                "interval": None if summary.low is None else [summary.low, summary.high],
                "defined": summary.count,
            }
            for name, summary in one.measures.items()
        }
        rows.append({"program": label, **measures, "strangers": one.strangers, "hostile": one.hostile})
    return rows


def policies_as_json(found: PolicyRisks) -> dict[str, Any]:
    """Return what docs/json.md says of policies of a dilemma."""
    rows = policies_as_rows(found)
    about = {"game": str(found.setting), "seeds": list(found.seeds)}
    if found.together is None:
        return {"program": rows[0].pop("program"), **about, **rows[0]}
    return {**about, "programs": rows, "cross_play": _crossed(found.together)}


def print_policies(found: PolicyRisks) -> None:
    """Print a table of measures with intervals, one of partners, and cross-play of several."""
    from nashforge.cli.rendering import output
    from nashforge.solvers.metrics.definitions import BY_NAME

    screen, labels = output.console(), list(found.programs)
    screen.print(f"[cyan]{output.plain(str(found.setting))}[/], {output.counted(len(found.seeds), 'seed')}")
    table = output.table("measure", "better", *map(output.plain, labels), right=labels)
    for name in found.programs[labels[0]].measures:
        cells = []
        for label in labels:
            summary = found.programs[label].measures[name]
            cells.append(output.mean(summary))
        better = "less" if BY_NAME[name].direction == "min" else "more"
        table.add_row(output.plain(BY_NAME[name].title), better, *cells)
    output.print_table(screen, table)
    partners = output.table("return of an agent", "among", *map(output.plain, labels), right=labels)
    for among, group in (("half strangers", "strangers"), ("hostile others", "hostile")):
        names = dict.fromkeys(name for label in labels for name in getattr(found.programs[label], group))
        for name in names:
            values = [getattr(found.programs[label], group).get(name) for label in labels]
            partners.add_row(name, among, *("-" if v is None else f"{v:.4g}" for v in values))
    output.print_table(screen, partners)
    if found.together is not None:
        _show_together(
            found.together,
            labels,
            "cross-play: return of an agent of the row, half of the others of the column",
        )
    screen.print(
        "[dim]means with 95 % confidence intervals over the seeds; gaps, exploitability, risk-adjusted, "
        "robust and security values are not defined for programs, whose deviations nobody can list[/]"
    )


def print_definitions(as_json: bool) -> None:
    """List the measures."""
    from nashforge.cli.rendering import output
    from nashforge.solvers.metrics.definitions import DEFINITIONS

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
                "player": player,
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
        "free_riding": found.free_riding,
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


def _show_report(found: StrategicReport) -> None:
    from nashforge.cli.rendering import output

    columns = ["player", "value", "risk-adjusted", *(f"KL {radius:g}" for radius in RADII[1:]), "security"]
    table = output.table(*columns, right=columns)
    for player in range(len(found.values)):
        numbers = [
            found.values[player],
            found.risk_adjusted[player],
            *found.robustness[player][1:],
            found.security[player],
        ]
        table.add_row(str(player), *(f"{output.signed(value)}" for value in numbers))
    screen = output.console()
    output.print_table(screen, table)
    named_numbers = {
        "exploitability": found.exploitability,
        "QRE gap": found.qre_gap,
        "RQE gap": found.rqe_gap,
        "price of anarchy": found.price_of_anarchy,
        "free-riding": found.free_riding,
    }
    parts = [f"{name} {output.number(value)}" for name, value in named_numbers.items() if value is not None]
    screen.print("   ".join([*parts, f"welfare {output.settled(found.welfare):+.4g}"]))


def _show_together(together: CrossPlay, labels: Sequence[str], title: str) -> None:
    from nashforge.cli.rendering import output

    table = output.table("", *map(output.plain, labels), title=title, right=labels)
    for label, row in zip(labels, together.matrix, strict=True):
        table.add_row(f"[green]{output.plain(label)}[/]", *(f"{output.signed(value)}" for value in row))
    screen = output.console()
    screen.print()
    output.print_table(screen, table)
    screen.print(
        f"together {output.signed(together.self_play)}   with strangers {output.signed(together.cross_play)} "
        f"(sd {together.deviation:.4f}, worst {output.signed(together.worst)})   "
        f"cross-play gap {output.signed(together.gap)}"
    )


def draw(found: StrategicReport, title: str, path: Path) -> None:
    """Draw robustness curves into a file."""
    from nashforge.cli.rendering.figures.curves import COLOURS, figure

    with figure(1, 1, (4.6, 3.0), path) as (_, grid):
        axes = grid[0][0]
        for player, curve in enumerate(found.robustness):
            colour = COLOURS[player % len(COLOURS)]
            axes.plot(found.radii, curve, marker="o", markersize=3, color=colour, label=f"player {player}")
            axes.axhline(found.security[player], color=colour, linestyle=":", linewidth=1)
        axes.set_xscale("symlog", linthresh=0.01)
        axes.set_xlim(left=0)
        axes.set_xlabel("KL radius of the partner (nats); dotted: no limit")
        axes.set_ylabel("worst value (utility)")
        axes.set_title(title)
        axes.legend(frameon=False)
