"""Tables and figures of ``nashforge risk``: measures of joint policies, and of policies of dilemmas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nashforge.cli.rendering.columns import print_table

if TYPE_CHECKING:
    from nashforge.evolve.measurement.policy_risk import PolicyRisks
    from nashforge.evolve.measurement.strategic import SolvedRisks
    from nashforge.solvers.metrics.report import StrategicReport
    from nashforge.solvers.metrics.social import CrossPlay


def risks_as_json(found: SolvedRisks) -> dict[str, Any]:
    """Return what docs/json.md says of one program, or of several."""
    about = {
        "game": found.game,
        "iterations": found.iterations,
        "parameters": {
            "tau": found.parameters.tau,
            "epsilon": found.parameters.epsilon,
            "divergence": found.parameters.divergence,
        },
    }
    rows = [{"program": label, **_as_dict(report)} for label, report in found.reports.items()]
    if found.together is None:
        return {"program": rows[0].pop("program"), **about, **rows[0]}
    return {**about, "programs": rows, "cross_play": _crossed(found.together)}


def risks_as_rows(found: SolvedRisks) -> list[dict[str, Any]]:
    """Return a row for each player of each program; measures of all players are repeated in each."""
    rows = []
    for label, report in found.reports.items():
        told = _as_dict(report)
        for player in told.pop("players"):
            curve = {f"KL {point['radius']:g}": point["value"] for point in player.pop("robustness")}
            rows.append({"program": label, **player, **curve, **told})
    return rows


def print_risks(found: SolvedRisks) -> None:
    """Print tables of every program, and of all together."""
    from nashforge.cli.rendering import output

    screen, how = output.console(), found.parameters
    for label, report in found.reports.items():
        screen.print(
            f"[bold]{output.plain(found.game)}[/] with [green]{output.plain(label)}[/], "
            f"{found.iterations} iterations; tau {how.tau:g}, epsilon {how.epsilon:g}, {how.divergence}\n"
        )
        _show_report(report)
    if found.together is not None:
        title = "cross-play: welfare a player, player 0 from the row, all others from the column"
        _show_together(found.together, list(found.reports), title)


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
    from nashforge.solvers.metrics.registry import measures

    known = measures()
    screen, labels = output.console(), list(found.programs)
    screen.print(f"[cyan]{output.plain(str(found.setting))}[/], {output.counted(len(found.seeds), 'seed')}")
    table = output.table("measure", "better", *map(output.plain, labels), right=labels)
    for name in found.programs[labels[0]].measures:
        cells = []
        for label in labels:
            summary = found.programs[label].measures[name]
            cells.append(output.mean(summary))
        table.add_row(output.plain(known[name].title), known[name].better, *cells)
    print_table(screen, table)
    partners = output.table("return of an agent", "among", *map(output.plain, labels), right=labels)
    for among, group in (("half strangers", "strangers"), ("hostile others", "hostile")):
        names = dict.fromkeys(name for label in labels for name in getattr(found.programs[label], group))
        for name in names:
            values = [getattr(found.programs[label], group).get(name) for label in labels]
            partners.add_row(name, among, *("-" if v is None else f"{v:.4g}" for v in values))
    print_table(screen, partners)
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


def print_measures(as_json: bool) -> None:
    """List the measures."""
    from nashforge.cli.rendering import output
    from nashforge.solvers.metrics.registry import measures

    found = measures().values()
    if as_json:
        output.print_json(
            [
                {
                    "metric": one.name,
                    "title": one.title,
                    "direction": one.direction,
                    "unit": one.unit,
                    "citation": one.citation,
                    "defined": one.kinds,
                }
                for one in found
            ]
        )
        return
    table = output.table("measure", "better", "unit", "defined in", "source")
    for one in found:
        where, source = output.plain(", ".join(one.kinds)), output.plain(one.citation)
        table.add_row(f"[cyan]{one.name}[/]", one.better, one.unit or "ratio", where, source)
    print_table(output.console(), table)


def _as_dict(found: StrategicReport) -> dict[str, Any]:
    players = [
        {
            "player": player,
            "value": float(found.values[player]),
            **{name: float(values[player]) for name, values in found.players.items()},
            "robustness": [
                {"radius": radius, "value": float(value)}
                for radius, value in zip(found.radii, found.robustness[player], strict=True)
            ],
        }
        for player in range(len(found.values))
    ]
    return {"players": players, **found.together}


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
    from nashforge.solvers.metrics.registry import measures

    known = measures()
    numbers = {"value": found.values}
    numbers |= {known[name].title.removesuffix(" value"): values for name, values in found.players.items()}
    curves = zip(found.radii, found.robustness.T, strict=True)
    numbers |= {f"KL {radius:g}": values for radius, values in curves if radius > 0}
    table = output.table("player", *numbers, right=["player", *numbers])
    for player in range(len(found.values)):
        table.add_row(str(player), *(f"{output.signed(values[player])}" for values in numbers.values()))
    screen = output.console()
    print_table(screen, table)
    parts = []
    for name, value in found.together.items():
        if value is not None:
            gain = known[name].direction == "max"
            shown = f"{output.settled(value):+.4g}" if gain else output.number(value)
            parts.append(f"{known[name].title} {shown}")
    screen.print("   ".join(parts))


def _show_together(together: CrossPlay, labels: Sequence[str], title: str) -> None:
    from nashforge.cli.rendering import output

    table = output.table("", *map(output.plain, labels), title=title, right=labels)
    for label, row in zip(labels, together.matrix, strict=True):
        table.add_row(f"[green]{output.plain(label)}[/]", *(f"{output.signed(value)}" for value in row))
    screen = output.console()
    screen.print()
    print_table(screen, table)
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
            axes.axhline(found.players["security_value"][player], color=colour, linestyle=":", linewidth=1)
        axes.set_xscale("symlog", linthresh=0.01)
        axes.set_xlim(left=0)
        axes.set_xlabel("KL radius of the partner (nats); dotted: no limit")
        axes.set_ylabel("worst value (utility)")
        axes.set_title(title)
        axes.legend(frameon=False)
