"""The joint average of a CFR rule's iterates for people: what each player gains by leaving it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nashforge.cli.errors import UsageProblem
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers.equilibria.correlated.device import correlation_device
from nashforge.solvers.equilibria.correlated.distances import correlated_gains
from nashforge.solvers.stepping import CFR

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.solvers.equilibria.correlated.distances import CorrelatedGains
    from nashforge.solvers.programs.solution import Solution

MOST_NUMBERS = 1e8
"""Entries of all iterates' plans that are kept at once: 0.8 GB, and twice that while they are measured."""
KINDS = ("cce", "efcce", "efce")


def check_room(form: SequenceForm, iterations: int) -> None:
    """Make sure, before anything is solved, that so many iterates of a game fit in memory.

    Raises
    ------
    UsageProblem
        If they do not.
    """
    sequences = sum(treeplex.sequences + 1 for treeplex in form.treeplexes)
    if sequences * iterations > MOST_NUMBERS:
        raise UsageProblem(
            f"--joint keeps all iterates, and {iterations:,} of {form.name} with {sequences:,} sequences are "
            f"too many; give at most {int(MOST_NUMBERS // sequences):,} iterations with -n"
        )


def joint_gains(solution: Solution, horizon: int) -> CorrelatedGains:
    """Play a rule again, and return what players gain by leaving the joint average of its iterates.

    Parameters
    ----------
    horizon
        So many iterations the rule was told to expect: more than were made, where something ended it.
    """
    form = solution.game
    assert isinstance(form, SequenceForm)  # as all games are that CFR rules play
    profiles = CFR(form, solution.program, horizon=horizon).iterates(solution.iterations)
    return correlated_gains(correlation_device(form, profiles))


def joint_data(found: CorrelatedGains | None) -> dict[str, Any] | None:
    """Return the gains as plain data, one number a player."""
    if found is None:
        return None
    return {name: getattr(found, name).tolist() for name in ("values", *KINDS)}


def print_joint(screen: Console, solution: Solution, found: CorrelatedGains | None) -> None:
    """Print the gains, or, where the averages say less than they seem to, that there is more to be asked."""
    if found is None:
        form = solution.game
        if isinstance(form, SequenceForm) and (form.players > 2 or form.constant_sum is None):
            screen.print(
                "[dim]Measured are the players' averages, taken one by one. With more than two players or "
                "general sums it is their joint average that approaches an equilibrium, a coarse correlated "
                "one: --joint measures it.[/]"
            )
        return
    screen.print(
        f"\njoint average of all {solution.iterations:,} iterates, each counted alike: what players gain by "
        "leaving it"
    )
    heads = ("before the game (CCE)", "before a move (EFCCE)", "told a move (EFCE)")
    table = output.table("player", "value", *heads, right=["value", *heads])
    for player, value in enumerate(found.values):
        gains = (output.number(getattr(found, kind)[player]) for kind in KINDS)
        table.add_row(str(player), f"{output.settled(value):+.6g}", *gains)
    print_table(screen, table)
