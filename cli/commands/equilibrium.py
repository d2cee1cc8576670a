"""``nashforge equilibrium``: equilibria of one game, of four concepts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nashforge.cli.options.numbers import number_pair
from nashforge.cli.options.shared import Force, Json, result_option


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
    from nashforge.cli.errors import UsageProblem
    from nashforge.cli.options.files import FIGURES, TABLES, check_file, delivered, is_figure, write_table
    from nashforge.cli.rendering import output
    from nashforge.cli.rendering.equilibria import draw_strategies, print_solution, rows
    from nashforge.solvers.equilibria.concepts import PARAMETERS, solve_concept

    for owner, options in PARAMETERS.items():
        for option in options:
            source = context.get_parameter_source(option)
            if concept != owner and source is not None and source.name == "COMMANDLINE":
                raise UsageProblem(
                    f"--{option} is a parameter of --concept {owner}, not of {concept}; leave one of them out"
                )
    check_file("--output", output_file, force, (*TABLES, *FIGURES))
    found = solve_concept(
        game,
        concept,
        tau=number_pair("--tau", tau),
        epsilon=number_pair("--epsilon", epsilon),
        divergence=divergence,
        regularizer=regularizer,
        risk=risk,
        rationality=rationality,
    )

    def write(path: Path) -> None:
        if is_figure(path):
            draw_strategies(found, path)
        else:
            write_table(path, rows(found), found.as_dict())

    as_json = output.wants_json(json)
    with delivered((output_file, write), as_json=as_json):
        if as_json:
            output.print_json(found.as_dict())
        else:
            print_solution(found)
