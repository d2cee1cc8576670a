"""``nashforge solve --sampling``: games solved by sampling their histories, and what is measured of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nashforge.cli.errors import UsageProblem
from nashforge.cli.interrupts import asking
from nashforge.cli.options.files import delivered, write_table
from nashforge.cli.rendering import output
from nashforge.solvers.cfr.rules import rule_names

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.solvers.mccfr.played import Estimate, Played
    from nashforge.solvers.mccfr.solver import MCCFR, SampledCheckpoint
    from nashforge.solvers.programs.stopping import Stop

EPISODES = 1_000
"""So many are played where nothing exact can be told."""


def check_sampling(
    sampling: str | None, seed: int | None, episodes: int | None, others: Mapping[str, bool]
) -> None:
    """Make sure that options of sampling come with it, and others do not.

    Parameters
    ----------
    others
        Options that it does not go with, and whether each is given.

    Raises
    ------
    UsageProblem
        If one is out of place.
    """
    if sampling is None:
        given = "--seed" if seed is not None else "--episodes" if episodes is not None else None
        if given is not None:
            raise UsageProblem(f"{given} is for --sampling; without it nothing is drawn by chance")
        return
    for name, there in others.items():
        if there:
            raise UsageProblem(f"--sampling samples games by rules of CFR, and does not go with {name}")


def sampled_solver(
    game: str,
    rule: str | None,
    sampling: str,
    seed: int | None,
    iterations: int | None,
    max_nodes: int | None,
) -> MCCFR:
    """Return the solver that options ask for.

    Raises
    ------
    UsageProblem
        If the rule is not of the library.
    """
    from nashforge.solvers.mccfr.solver import MCCFR, MEASURED_NODES

    if rule is not None and rule not in rule_names():
        raise UsageProblem(
            f"--sampling is for CFR rules of the library, and {rule} is none (see `nashforge rules`); in "
            "Python nashforge.MCCFR takes a rule of your own, which it trusts"
        )
    return MCCFR(
        game,
        rule,
        sampling=sampling,
        seed=seed or 0,
        horizon=iterations or 10_000,
        max_nodes=MEASURED_NODES if max_nodes is None else max_nodes,
    )


def solve_sampled(
    solver: MCCFR,
    stop: Stop,
    episodes: int | None,
    files: tuple[Path | None, Path | None],
    *,
    as_json: bool,
) -> None:
    """Run a solver, show what is measured, and write the policy and the curve to files that are asked for."""
    from nashforge.solvers.programs.trajectory import default_checkpoints

    screen, shown, begun = output.console(), {*default_checkpoints(solver.horizon)}, list[bool]()

    def tell(point: SampledCheckpoint) -> None:
        if as_json:
            return
        if not begun:
            begun.append(True)
            screen.print(
                f"[bold]{output.plain(solver.game)}[/] with [green]{output.plain(solver.program)}[/] "
                f"by {solver.sampling} sampling\n"
            )
            screen.print(f"[bold]{_row('iteration', *_heads(point), 'seconds')}[/]")
        if point.iteration in shown or stop.met(point.gap):
            gap = [] if math.isnan(point.gap) else [output.number(point.gap)]
            counts = f"{point.infosets:,}", f"{point.visited:,}"
            screen.print(_row(str(point.iteration), *gap, *counts, f"{point.seconds:.3f}"))

    with asking(stop):
        found = solver.run(stop=stop, on_checkpoint=tell)
    exact = not math.isnan(found.gap)
    played = None
    if not exact or episodes is not None:
        if output.on_terminal():
            output.remark(f"playing {episodes or EPISODES:,} episodes for values and a lower bound ...")
        played = solver.played(episodes or EPISODES)
    curve = [
        {
            "iteration": point.iteration,
            "exploitability": None if math.isnan(point.gap) else point.gap,
            "infosets": point.infosets,
            "visited": point.visited,
            "seconds": point.seconds,
        }
        for point in found.curve
    ]
    policy = solver.average_policy
    with delivered(
        (files[0], lambda path: write_table(path, policy.rows(), policy.table())),
        (files[1], lambda path: write_table(path, curve)),
        as_json=as_json,
    ):
        if as_json:
            output.print_json(
                {
                    "game": solver.game,
                    "rule": solver.program,
                    "sampling": solver.sampling,
                    "seed": solver.seed,
                    "iterations": solver.iteration,
                    "stopped": found.stopped,
                    "exploitability": curve[-1]["exploitability"],
                    "values": solver.values() if exact else None,
                    "played": None if played is None else _data(played),
                    "infosets": solver.infosets,
                    "visited": solver.visited,
                    "seconds": found.curve[-1].seconds,
                    "curve": curve,
                }
            )
        else:
            _print(screen, solver, played, exact=exact)
            if found.stopped in ("target", "time"):
                why = "the target is reached" if found.stopped == "target" else "time is up"
                screen.print(f"stopped after iteration {solver.iteration} of {solver.horizon}: {why}")
            elif stop.target is not None and found.stopped is None:
                screen.print(
                    f"[yellow]The target of {stop.target:g} was not reached: exploitability is "
                    f"{output.number(found.gap)}[/]; give more iterations with -n"
                )


def _heads(point: SampledCheckpoint) -> tuple[str, ...]:
    measured = () if math.isnan(point.gap) else ("exploitability",)
    return *measured, "information sets", "histories"


def _row(*cells: str) -> str:
    return "  ".join([f"{cells[0]:>9}", *(f"{cell:>16}" for cell in cells[1:])])


def _print(screen: Console, solver: MCCFR, played: Played | None, *, exact: bool) -> None:
    """Print what the average policy is worth, and how far from equilibrium it is at least."""
    if exact:
        values = solver.values()
        shown = ", ".join(f"player {k} {output.settled(value):+.6g}" for k, value in enumerate(values))
        screen.print(f"\nvalue of the average policy: {shown}")
    if played is not None:
        shown = ", ".join(f"player {k} {_interval(each)}" for k, each in enumerate(played.values))
        screen.print(
            f"\nvalue of the average policy by {played.lower_bound.episodes:,} episodes, with normal 95 % "
            f"intervals: {shown}\nlower bound of exploitability: {_interval(played.lower_bound)}, what "
            f"{_responses(played)} gain; exploitability is that or more"
        )
    if solver.players > 2 or (exact and solver.form.constant_sum is None):
        screen.print(
            "[dim]With more than two players or general sums the players' averages, taken one by one, need "
            "not approach an equilibrium; no player regrets its own for long.[/]"
        )


def _responses(played: Played) -> str:
    if played.iterations is None:
        return "local best responses"
    return f"responses that were learned in {played.iterations:,} iterations"


def _interval(estimate: Estimate) -> str:
    return output.plain(f"{estimate.mean:+.4g} [{estimate.low:+.4g}, {estimate.high:+.4g}]")


def _data(played: Played) -> dict[str, Any]:
    def plain(estimate: Estimate) -> dict[str, float]:
        return {"mean": estimate.mean, "low": estimate.low, "high": estimate.high}

    return {
        "episodes": played.lower_bound.episodes,
        "response": played.response,
        "iterations": played.iterations,
        "confidence": played.lower_bound.confidence,
        "values": [plain(each) for each in played.values],
        "gains": [plain(each) for each in played.gains],
        "lower_bound": plain(played.lower_bound),
    }
