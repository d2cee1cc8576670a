"""``nashforge solve``: solve one game with one CFR rule, or by PSRO with one meta-solver."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Database, Json, MaxNodes, Rule, Tier, iterations_option

if TYPE_CHECKING:
    from solvers.cfr.engine import Checkpoint


DEFAULT_RULE = "dcfr"


def solve(
    game: Annotated[
        str, typer.Argument(metavar="GAME", help="An OpenSpiel game string.", show_default=False)
    ],
    rule: Rule = DEFAULT_RULE,
    psro: Annotated[
        str | None,
        typer.Option(
            "--psro",
            metavar="PROGRAM",
            help="Solve by PSRO with this meta-solver instead (see `nashforge rules --domain psro`).",
            show_default=False,
        ),
    ] = None,
    iterations: Annotated[
        int | None,
        iterations_option("Iterations. [default: 1000; with --psro 100]"),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the average policy to this JSON file.", show_default=False),
    ] = None,
    max_nodes: MaxNodes = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Solve a game, and show how exploitability falls."""
    import json as json_module

    from cli import output
    from cli.archives import programs
    from cli.errors import UsageProblem
    from cli.files import check_place, write_text
    from evolve.solving import solve_psro_with, solve_with

    if psro is not None and rule != DEFAULT_RULE:
        raise UsageProblem("--rule and --psro exclude each other; give one of them")
    if policy is not None:
        check_place("--policy", policy)
    domain = "cfr" if psro is None else "psro"
    steps = iterations or (1000 if psro is None else 100)

    as_json = output.wants_json(json)
    screen = output.console()
    header = ("iteration", "exploitability", "seconds")

    def tell(point: Checkpoint) -> None:
        if not as_json:
            screen.print(
                f"{point.iteration:>9}  {output.number(point.exploitability):>14}  {point.seconds:>9.3f}"
            )

    with programs([psro or rule], database, domain=None if psro is None else domain) as ([named], _):
        if named.domain != domain:
            option = "--psro" if named.domain == "psro" else "--rule"
            raise UsageProblem(
                f"{named.label} is a program of the domain {named.domain!r}"
                + (f"; give it with {option}" if named.domain in ("cfr", "psro") else "; it solves no games")
            )
        if not as_json:
            screen.print(f"[bold]{output.plain(game)}[/] with [green]{output.plain(named.label)}[/]\n")
            screen.print(f"[bold]{header[0]:>9}  {header[1]:>14}  {header[2]:>9}[/]")
        solution = (solve_with if psro is None else solve_psro_with)(
            game,
            named,
            steps,
            tier=allow_weaker_sandbox or "strict",
            max_nodes=max_nodes,
            on_checkpoint=tell,
        )
    values = solution.values()
    if policy is not None:
        write_text(policy, json_module.dumps(solution.table(), indent=1) + "\n")
    if as_json:
        output.print_json(
            {
                "game": solution.form.name,
                "rule": named.label,
                "iterations": steps,
                "exploitability": solution.exploitability,
                "values": values,
                "seconds": solution.curve[-1].seconds,
                "curve": [
                    {"iteration": p.iteration, "exploitability": p.exploitability, "seconds": p.seconds}
                    for p in solution.curve
                ],
            }
        )
        return
    shown = ", ".join(f"player {player} {value:+.6g}" for player, value in enumerate(values))
    screen.print(f"\nvalue of the average policy: {shown}")
    if policy is not None:
        screen.print(f"policy written to {output.plain(str(policy))}")
