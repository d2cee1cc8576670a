"""A benchmark as text for people: who is how good, against whom, where worst, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from nashforge.evolve.benchmarking.request import Bench
    from nashforge.evolve.benchmarking.summary import Standing, Summary
    from nashforge.evolve.evaluation.intervals import Interval


def print_benchmark(screen: Console, bench: Bench, told: Summary, unmeasured: Sequence[str]) -> None:
    """Print what a benchmark found."""
    screen.print(_heading(bench, told))
    if not told.plain:
        screen.print("No game was played by all programs yet.")
        return
    for made in (
        standings_table(told, bench.focus),
        pairs_table(told, bench.focus),
        families_table(told, bench.focus),
        profile_table(told, bench.focus),
        costs_table(told, bench.focus),
    ):
        if made.row_count:
            print_table(screen, made)
    if len(told.standings) == 1:
        screen.print("Only one program was measured: there is none that it could win or lose against.")
    for standing in told.standings:
        if standing.label in bench.focus and standing.worst is not None:
            ratio, game, iterations = standing.worst
            screen.print(
                f"worst of {output.plain(standing.label)}: {_ratio(ratio)} after {iterations:,} "
                f"iterations of {output.plain(game)}",
                soft_wrap=True,
            )
    _print_failures(screen, told)
    if unmeasured:
        names = ", ".join(unmeasured)
        output.say_plain(
            screen,
            f"Not measured here, and so not compared with: {names}. To measure the whole library: "
            f"`nashforge bench --domain {bench.domain.name}`",
        )
    screen.print(f"[dim]{output.plain(meaning(bench, told))}[/]")


def meaning(bench: Bench, told: Summary) -> str:
    """Return the meaning of the numbers, in sentences."""
    from nashforge.evolve.benchmarking.statistics import TIE

    floor = bench.floor
    return (
        f"Ratios are orders of magnitude of {bench.domain.metric} below {told.reference}, mean over games, "
        f"with 95 % intervals over families (bootstrap); more is better. Values below {floor:g} times the "
        f"range of a game's payoffs count as so much; values within a factor of {TIE:g} of each other are a "
        "tie."
    )


def _heading(bench: Bench, told: Summary) -> str:
    splits = f" ({', '.join(bench.splits)})" if bench.splits else ""
    games = output.counted(len(told.games), "game")
    families = f"{len(told.families)} famil{'y' if len(told.families) == 1 else 'ies'}"
    lengths = ", ".join(f"{n:,}" for n in told.iterations)
    text = f"[bold]{bench.domain.name}[/] on {games} of {families}{splits}"
    if lengths:
        text += f", {lengths} iterations"
    if len(told.cases) < told.planned:
        text += f"; {len(told.cases)} of {told.planned} measurements a program are done by all"
    return text


def standings_table(told: Summary, focus: Sequence[str] = ()) -> Table:
    """Return a line for each program: wins, ties, losses, ratios by horizon, the worst game."""
    lasts = any(standing.last_iterate is not None for standing in told.standings)
    lengths = [f"{n:,}" for n in told.iterations]
    columns = ["wins", "ties", "losses", "ratio", "95 %", *lengths, *(["last"] if lasts else []), "worst"]
    failed = any(standing.failures for standing in told.standings)
    columns += ["failed"] if failed else []
    made = output.table("program", *columns, right=columns)
    for standing in told.standings:
        cells = [*map(str, standing.record), _value(standing.ratio), _span(standing.ratio)]
        cells += [_value(standing.by_iterations[n]) for n in told.iterations]
        cells += [_ratio(standing.last_iterate)] if lasts else []
        cells.append("-" if standing.worst is None else _ratio(standing.worst[0]))
        cells += [f"[red]{standing.failures}[/]" if standing.failures else "0"] if failed else []
        made.add_row(_name(standing, focus), *cells)
    return made


def pairs_table(told: Summary, focus: Sequence[str] = ()) -> Table:
    """Return wins, ties and losses against every other: by horizon for one program, else over all of them."""
    order = [standing.label for standing in told.standings]
    shown = [label for label in order if label in focus] or order
    if len(shown) == 1:
        columns = ["all", *(f"{n:,}" for n in told.iterations)]
        made = output.table(f"{output.plain(shown[0])} against", *columns, right=columns)
        for other in order:
            if other != shown[0]:
                records = [told.pair(shown[0], other, n) for n in (None, *told.iterations)]
                made.add_row(output.plain(other), *("-".join(map(str, record)) for record in records))
        return made
    made = output.table("wins-ties-losses of", *shown, right=shown)
    for other in order:
        cells = ["" if label == other else "-".join(map(str, told.pair(label, other))) for label in shown]
        made.add_row(f"against {output.plain(other)}", *cells)
    return made


def families_table(told: Summary, focus: Sequence[str] = ()) -> Table:
    """Return the ratio of each program in each family."""
    shown = [standing for standing in told.standings if standing.label in focus] or list(told.standings)
    columns = [output.plain(standing.label) for standing in shown]
    made = output.table("ratio by family", *columns, right=columns)
    for family in told.families:
        made.add_row(output.plain(family), *(_ratio(standing.by_family.get(family)) for standing in shown))
    return made


def profile_table(told: Summary, focus: Sequence[str] = ()) -> Table:
    """Return the share of games and horizons in which a program is within a factor of the best of all."""
    from nashforge.evolve.benchmarking.summary import FACTORS

    columns = [f"x {factor:g}" for factor in FACTORS]
    made = output.table("within a factor of the best", *columns, right=columns)
    for standing in sorted(told.standings, key=lambda one: one.near_best, reverse=True):
        made.add_row(_name(standing, focus), *(f"{share:.0%}" for share in standing.near_best))
    return made


def costs_table(told: Summary, focus: Sequence[str] = ()) -> Table:
    """Return what a factor of the payoffs does to each program, and the time of an iteration."""
    scales = sorted({scale for standing in told.standings for scale in standing.by_scale})
    columns = [*(f"payoffs x {scale:g}" for scale in scales), *(["difference"] if scales else [])]
    columns += ["ms/iteration", "CPU ms"]
    made = output.table("scale and time", *columns, right=columns)
    for standing in told.standings:
        cells = [_ratio(standing.by_scale.get(scale)) for scale in scales]
        if scales:
            found = standing.scale_difference
            cells.append("-" if found is None else f"{found:.1e}")
        cells += [_milliseconds(standing.wall_seconds), _milliseconds(standing.cpu_seconds)]
        made.add_row(_name(standing, focus), *cells)
    return made


def _print_failures(screen: Console, told: Summary) -> None:
    for label in told.labels:
        failed = [case for case in told.cases if told.results[label, case].value is None]
        for case in failed[:3]:
            reason = output.because(told.results[label, case].reason)
            where = (
                f"{output.plain(label)} in {output.plain(case.trial.label)}, {case.iterations:,} iterations"
            )
            screen.print(f"[red]{where}:[/]{reason}")
        if len(failed) > 3:
            screen.print(f"[red]{output.plain(label)} failed in {len(failed) - 3} more:[/] see --json")


def _name(standing: Standing, focus: Sequence[str]) -> str:
    text = output.plain(standing.label)
    return f"[bold green]{text}[/]" if standing.label in focus else text


def _ratio(value: float | None) -> str:
    return "-" if value is None else output.fitness(round(value, 3) + 0.0)  # no minus before zero


def _value(found: Interval | None) -> str:
    return _ratio(None if found is None else found.value)


def _span(found: Interval | None) -> str:
    return "-" if found is None else f"{found.low:+.2f} to {found.high:+.2f}"


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1000 * seconds:.3g}"
