"""``nashforge equilibrium``: equilibria of one game, of four concepts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nashforge.cli.options.numbers import check_finite
from nashforge.cli.options.shared import Force, Json, result_option
from nashforge.games.naming import choice

if TYPE_CHECKING:
    from nashforge.cli.equilibria import Answer

CONCEPTS = ("nash", "qre", "rqe", "security")
_PARAMETERS = {"rqe": ("tau", "epsilon", "divergence", "regularizer", "risk"), "qre": ("rationality",)}
"""Options of one concept alone."""


def equilibrium(
    context: typer.Context,
    game: Annotated[
        str,
        typer.Argument(
            metavar="GAME",
            help="A game of people (SC4), a family (random(3x3,seed=1)), payoffs ('7 0 / 5 9 ; 4 11 / 6 2', "
            "rows of player 0 in both), an OpenSpiel game string, or a game file (.nfg, .efg).",
            show_default=False,
        ),
    ],
    concept: Annotated[
        str, typer.Option("--concept", metavar="CONCEPT", help="nash, qre, rqe or security.")
    ] = "rqe",
    tau: Annotated[
        str | None,
        typer.Option(
            "--tau",
            metavar="T[,T]",
            help="rqe: aversion to risk, for both players or one each; larger is more averse. "
            "[default: fitted to people, or 1]",
            show_default=False,
        ),
    ] = None,
    epsilon: Annotated[
        str | None,
        typer.Option(
            "--epsilon",
            metavar="E[,E]",
            help="rqe: weight of the regulariser. [default: fitted to people, or range of payoffs / 10]",
            show_default=False,
        ),
    ] = None,
    divergence: Annotated[
        str, typer.Option("--divergence", metavar="D", help="rqe: kl, reverse_kl, chi2 or cvar.")
    ] = "kl",
    regularizer: Annotated[
        str | None,
        typer.Option(
            "--regularizer",
            metavar="R",
            help="rqe: entropy or barrier. [default: barrier with kl, else entropy]",
            show_default=False,
        ),
    ] = None,
    risk: Annotated[
        str,
        typer.Option(
            "--risk",
            metavar="KIND",
            help="rqe: aggregate (one adversary for a whole strategy) or per_action (one for each action).",
        ),
    ] = "aggregate",
    rationality: Annotated[
        float, typer.Option("--rationality", metavar="LAMBDA", help="qre: the logit parameter.")
    ] = 1.0,
    output_file: Annotated[
        Path | None,
        result_option("Write the strategies (.csv, .json), or draw them (.png, .svg, .pdf)."),
    ] = None,
    force: Force = False,
    json: Json = None,
) -> None:
    """Find equilibria of a game, with what is certain about them.

    Of extensive games: nash (zero-sum, two players) and security, by linear programs.
    """
    from nashforge.cli.equilibria import Request, answer, draw
    from nashforge.cli.errors import UsageProblem
    from nashforge.cli.options.files import FIGURES, TABLES, check_file, delivered, is_figure, write_table
    from nashforge.cli.rendering import output

    if concept not in CONCEPTS:
        raise UsageProblem(f"there is no concept {concept!r}; {choice(concept, CONCEPTS)}")
    for owner, options in _PARAMETERS.items():
        for option in options:
            source = context.get_parameter_source(option)
            if concept != owner and source is not None and source.name == "COMMANDLINE":
                raise UsageProblem(
                    f"--{option} is a parameter of --concept {owner}, not of {concept}; leave one of them out"
                )
    check_file("--output", output_file, force, (*TABLES, *FIGURES))
    found = answer(
        Request(
            game=game,
            concept=concept,
            tau=tau,
            epsilon=epsilon,
            divergence=divergence,
            regularizer=regularizer,
            risk=risk,
            rationality=rationality,
        )
    )

    def write(path: Path) -> None:
        if is_figure(path):
            draw(found, path)
        else:
            write_table(path, found.as_rows(), found.as_json())

    as_json = output.wants_json(json)
    with delivered((output_file, write), as_json=as_json):
        if as_json:
            output.print_json(found.as_json())
        else:
            _show(found)


def _show(found: Answer) -> None:
    from nashforge.cli.rendering import output

    screen = output.console()
    screen.print(f"[bold]{output.plain(found.game)}[/]  {found.title}\n")
    for player in found.players:
        value = "" if player.value is None else f", {player.value_title} {output.settled(player.value):.6g}"
        screen.print(f"[bold]player {player.number}[/]{value}")
        columns = ["information set"] if found.extensive else []
        columns += ["action", "probability", *(["feared by the other"] if player.feared else [])]
        table = output.table(*columns, right=[name for name in columns if name.startswith("p")])
        for row in player.rows():
            table.add_row(*map(output.plain, row))
        screen.print(table)
        if player.hidden:
            screen.print(f"[dim]... and {player.hidden} more information sets; --json shows all[/]\n")
    for line in found.notes:
        screen.print(output.plain(line))


def parse_pair(option: str, text: str) -> tuple[float, float]:
    """Return one number a player from ``1.5`` or ``0.1,30``."""
    from nashforge.cli.errors import UsageProblem

    try:
        values: list[Any] = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) not in (1, 2):
        raise UsageProblem(f"{option} {text} must be a number, or two with a comma, such as 0.1,30")
    for value in values:
        check_finite(option, value)
    return values[0], values[-1]
