"""Solutions of games for people: strategies of every player, what is certain about them, and a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nashforge.cli.errors import UsageProblem
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table

if TYPE_CHECKING:
    from nashforge.solvers.equilibria.solutions import ConceptSolution

MOST_ROWS = 40
"""Information sets of a player, and further equilibria, that are shown to people."""
MOST_NUMBERS = 12
"""Probabilities of a strategy of a further equilibrium that are shown to people."""
LONGEST = 60
"""Fractions of more characters are not shown to people."""


def title(found: ConceptSolution) -> str:
    """Return the concept in words, with its parameters."""
    how = found.parameters
    match found.concept:
        case "nash":
            return "Nash equilibrium"
        case "qre":
            return f"logit QRE, lambda {how['rationality']:g}"
        case "rqe":
            tau, epsilon = ("{:g}, {:g}".format(*how[name]) for name in ("tau", "epsilon"))
            each = ", risk per action" if how["risk"] == "per_action" else ""
            return f"RQE, {how['divergence']} + {how['regularizer']}, tau {tau}, epsilon {epsilon}{each}"
        case "ce" | "cce":
            coarse = "coarse " if found.concept == "cce" else ""
            return f"{coarse}correlated equilibrium of most {how['objective']}"
        case "stackelberg":
            return f"strong Stackelberg equilibrium, player {how['leader']} commits"
    return "security strategies"


def rows(found: ConceptSolution) -> list[dict[str, Any]]:
    """Return a row for each action of each information set; of a joint distribution, for each profile."""
    if "joint" in found.certificate:
        return [
            {
                **{f"player_{i}": action for i, action in enumerate(one["actions"])},
                "probability": one["probability"],
            }
            for one in found.certificate["joint"]
        ]
    return [
        {
            "player": player.player,
            "information_set": choice.information_set or "",
            "action": action,
            "name": choice.names[k],
            "probability": choice.probabilities[k],
            "feared": None if player.feared is None else player.feared[k],
        }
        for player in found.players
        for choice in player.strategy
        for k, action in enumerate(choice.actions)
    ]


def print_solution(found: ConceptSolution) -> None:
    """Print which concept it is, the strategies, and what is certain about them."""
    screen, name = output.console(), f"[bold]{output.plain(found.game)}[/]"
    if found.concept == "rqe":  # what is found where nobody says a concept
        words = "risk-averse quantal response equilibrium; --concept nash gives Nash equilibria"
        screen.print(f"{name}  {words}")
        screen.print(f"[dim]{title(found)}[/]\n")
    else:
        screen.print(f"{name}  {title(found)}\n")
    if "joint" in found.certificate:
        _print_joint(found)
        return
    guaranteed = found.concept == "security" or "exploitability" in found.certificate
    value_title = "guarantees" if guaranteed else "utility"
    for player in found.players:
        value = "" if player.value is None else f", {value_title} {output.settled(player.value):.6g}"
        screen.print(f"[bold]player {player.player}[/]{value}")
        columns = ["information set"] if found.extensive else []
        columns += ["action", "probability", *(["feared by the other"] if player.feared else [])]
        table = output.table(*columns, right=[name for name in columns if name.startswith("p")])
        for choice in player.strategy[:MOST_ROWS]:
            for k, (action, name) in enumerate(zip(choice.actions, choice.names, strict=True)):
                head = [(choice.information_set or "") if k == 0 else ""] if found.extensive else []
                shown = action if name == action else f"{action} {name}"
                feared = [f"{player.feared[k]:.6f}"] if player.feared else []
                cells = (*head, shown, f"{choice.probabilities[k]:.6f}", *feared)
                table.add_row(*map(output.plain, cells))
        print_table(screen, table)
        hidden = len(player.strategy) - MOST_ROWS
        if hidden > 0:
            screen.print(f"[dim]... and {hidden} more information sets; --json shows all[/]\n")
    for line in _notes(found):
        screen.print(output.plain(line))


def _print_joint(found: ConceptSolution) -> None:
    """Print the profiles that are played together, likely ones first, and who gets and gains what."""
    screen, joint = output.console(), found.certificate["joint"]
    table = output.table(
        *(f"player {player.player}" for player in found.players), "probability", right=["probability"]
    )
    for one in joint[:MOST_ROWS]:
        shown = [
            action if name == action else f"{action} {name}"
            for action, name in zip(one["actions"], one["names"], strict=True)
        ]
        table.add_row(*map(output.plain, (*shown, f"{one['probability']:.6f}")))
    print_table(screen, table)
    if len(joint) > MOST_ROWS:
        screen.print(f"[dim]... and {len(joint) - MOST_ROWS} more profiles; --json shows all[/]\n")
    for player in found.players:
        screen.print(
            f"[bold]player {player.player}[/], utility {output.settled(player.value or 0.0):.6g}, gains "
            f"{player.gap:.2g} by the best deviation"
        )
    if not found.certificate["converged"]:
        screen.print("[yellow]The solver has come no closer: it is not quite an equilibrium.[/]")


def _notes(found: ConceptSolution) -> Iterator[str]:
    """Yield what is certain, and the other equilibria."""
    told = found.certificate
    if "exploitability" in told:
        yield f"exploitability {told['exploitability']:.2g}"
    if "bound" in told:
        exactly = _fractions(told["exact"][0])
        yield f"by {found.method}, {exactly}; no commitment is worth more than {told['bound']:.6g}"
        if told["ties"]:
            others = "another best response" if told["ties"] == 1 else f"{told['ties']} other best responses"
            yield f"the follower has {others}, and is taken to answer as the leader prefers"
    if "others" not in told:
        return
    others, gaps = told["others"], told["other_gaps"]
    exact: Sequence[Any] = told.get("exact", ())
    if exact:
        certain = "complete: there is no other" if told["complete"] else "there may be others"
        if told["complete"] and told["degenerate"] and len(found.players) == 2:
            certain = "complete: the game is degenerate, and every other is a mixture of some of these"
        elif told["degenerate"]:
            certain += "; the game is degenerate"
        count = len(exact)
        yield f"{count} {'equilibrium' if count == 1 else 'equilibria'} by {found.method}, {certain}"
    yield f"gap {told['gap']:.2g}: {_fractions(exact[0]) if exact else told['message']}"
    for k, (profile, gap) in enumerate(zip(others[:MOST_ROWS], gaps, strict=False), 1):
        end = f": {_fractions(exact[k])}" if exact else ""
        yield f"also {' and '.join(map(_brief, profile))}, gap {gap:.2g}{end}"
    if len(others) > MOST_ROWS:
        yield f"... and {len(others) - MOST_ROWS} more; --json shows all"


def _brief(strategy: Sequence[float]) -> str:
    more = ", ..." if len(strategy) > MOST_NUMBERS else ""
    return "(" + ", ".join(f"{p:.4f}" for p in strategy[:MOST_NUMBERS]) + more + ")"


def _fractions(exact: Sequence[Sequence[str]] | None) -> str:
    """Return exact strategies, or what is known instead, in a few words."""
    if exact is None:
        return "not exact"
    text = " and ".join(f"({', '.join(strategy)})" for strategy in exact)
    return f"exactly {text}" if len(text) <= LONGEST else "exact in fractions"


def draw_strategies(found: ConceptSolution, path: Path) -> None:
    """Draw the strategies of a one-shot game, with what the other fears where risk is feared."""
    from nashforge.cli.rendering.figures.curves import COLOURS, figure

    if found.extensive:
        raise UsageProblem("figures are of one-shot games; write a table (.csv, .json) of an extensive one")
    if "joint" in found.certificate:
        raise UsageProblem(
            "figures are of strategies; write a table (.csv, .json) of a correlated equilibrium"
        )
    with figure(1, 2, (3.4, 2.8), path) as (made, grid):
        for i, (axes, player) in enumerate(zip(grid.flat, found.players, strict=True)):
            (choice,) = player.strategy
            places = range(len(choice.actions))
            axes.bar(places, choice.probabilities, color=COLOURS[i], width=0.7, label="plays")
            if player.feared is not None:
                marks = {"linestyle": "", "marker": "_", "markersize": 18, "color": "black"}
                axes.plot(places, player.feared, label="is feared to play", **marks)
                axes.legend(frameon=False)
            if len(choice.actions) <= 12:
                axes.set_xticks(places, choice.actions)
            axes.set_ylim(0, 1.02 if player.feared is None else 1.25)
            axes.grid(visible=False, axis="x")
            axes.set_title(f"player {player.player}")
            axes.set_xlabel("action")
        grid[0][0].set_ylabel("probability")
        made.suptitle(f"{found.game}: {title(found)}", fontsize=9)
