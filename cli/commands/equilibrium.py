"""``nashforge equilibrium``: equilibria of one game, of seven concepts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.declared import argument, option
from nashforge.cli.options.files import FIGURES, TABLES, check_file, deliver, is_figure, write_table
from nashforge.cli.options.numbers import number_pair
from nashforge.cli.options.shared import Force, Information, Json, result_option


def equilibrium(
    context: typer.Context,
    game: Annotated[
        str,
        argument(
            "GAME",
            "A game played in laboratories (SC4), a family (random(3x3,seed=1)), payoffs "
            "('7 0 / 5 9 ; 4 11 / 6 2', rows of player 0 in both), an OpenSpiel game string, or a game file "
            "(.nfg, .efg).",
        ),
    ],
    concept: Annotated[
        str, option("CONCEPT", "nash, qre, rqe, security, ce, cce or stackelberg.", show_default=True)
    ] = "rqe",
    tau: Annotated[
        str | None,
        option(
            "T[,T]",
            "rqe: aversion to risk, for both players or one each; larger is more averse. "
            "[default: fitted to people, or 1]",
        ),
    ] = None,
    epsilon: Annotated[
        str | None,
        option(
            "E[,E]", "rqe: weight of the regulariser. [default: fitted to people, or range of payoffs / 10]"
        ),
    ] = None,
    divergence: Annotated[str, option("D", "rqe: kl, reverse_kl, chi2 or cvar.", show_default=True)] = "kl",
    regularizer: Annotated[
        str | None, option("R", "rqe: entropy or barrier. [default: barrier with kl, else entropy]")
    ] = None,
    risk: Annotated[
        str,
        option(
            "KIND",
            "rqe: aggregate (one adversary for a whole strategy) or per_action (one for each action).",
            show_default=True,
        ),
    ] = "aggregate",
    rationality: Annotated[float, option("LAMBDA", "qre: the logit parameter.", show_default=True)] = 1.0,
    objective: Annotated[
        str,
        option(
            "O", "ce, cce: the one of most welfare, fairness, entropy or gini (impurity).", show_default=True
        ),
    ] = "welfare",
    leader: Annotated[
        int, option("PLAYER", "stackelberg: who commits, player 0 or 1.", show_default=True, min=0, max=1)
    ] = 0,
    output_file: Annotated[
        Path | None,
        result_option("Write the strategies (.csv, .json), or draw them (.png, .svg, .pdf)."),
    ] = None,
    information: Information = "state",
    force: Force = False,
    json: Json = None,
) -> None:
    """Find equilibria of a game, with what is certain about them.

    Of extensive games: nash (zero-sum with two players, or as small as to be listed in strategic form) and
    security. Of one-shot games of any number of players: nash, all of them where the game is small; ce and
    cce, correlated equilibria and coarse ones. Of small games of two players: stackelberg, what the leader
    commits to where the follower answers best.
    """
    from nashforge.cli.rendering.solutions.equilibria import draw_strategies, print_solution, rows
    from nashforge.solvers.equilibria.concepts import PARAMETERS, solve_concept
    from nashforge.solvers.programs.kind import read_form

    for name in dict.fromkeys(name for options in PARAMETERS.values() for name in options):
        owners = [owner for owner, options in PARAMETERS.items() if name in options]
        source = context.get_parameter_source(name)
        if concept not in owners and source is not None and source.name == "COMMANDLINE":
            raise UsageProblem(
                f"--{name} is a parameter of --concept {' and '.join(owners)}, not of {concept}; leave one "
                "of them out"
            )
    if concept in ("ce", "cce") and output_file is not None and is_figure(output_file):
        raise UsageProblem(
            "figures are of strategies; write a table (.csv, .json) of a correlated equilibrium"
        )
    check_file("--output", output_file, force, (*TABLES, *FIGURES))
    found = solve_concept(
        game if information == "state" else read_form(game, None, information),
        concept,
        tau=number_pair("--tau", tau),
        epsilon=number_pair("--epsilon", epsilon),
        divergence=divergence,
        regularizer=regularizer,
        risk=risk,
        rationality=rationality,
        objective=objective,
        leader=leader,
    )

    def write(path: Path) -> None:
        if is_figure(path):
            draw_strategies(found, path)
        else:
            write_table(path, rows(found), found.as_dict())

    deliver(found.as_dict(), lambda: print_solution(found), (output_file, write), json=json)
