"""``nashforge solve``: solve one game with one program: a CFR rule, a meta-solver of PSRO, a learner."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nashforge.cli.errors import INTERRUPTED, UsageProblem
from nashforge.cli.options.archives import programs
from nashforge.cli.options.declared import argument, flag, option
from nashforge.cli.options.files import (
    FIGURES,
    TABLES,
    check_apart,
    check_file,
    delivered,
    is_figure,
    write_table,
)
from nashforge.cli.options.shared import (
    Database,
    FileDomain,
    Force,
    Information,
    Json,
    MaxNodes,
    Rule,
    Tier,
    iterations_option,
    result_option,
)
from nashforge.cli.rendering import output
from nashforge.cli.rendering.translated import running

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.solvers.programs.solution import Solution
    from nashforge.solvers.programs.stopping import Stop
    from nashforge.solvers.programs.trajectory import Checkpoint


def solve(
    game: Annotated[
        str,
        argument("GAME", "An OpenSpiel game string or game file (.nfg, .efg); of learners such as SC4."),
    ],
    rule: Rule = None,
    psro: Annotated[
        str | None,
        option(
            "PROGRAM", "Solve by PSRO with this meta-solver instead (see `nashforge rules --domain psro`)."
        ),
    ] = None,
    iterations: Annotated[
        int | None, iterations_option("Iterations at most. [default: 1000; of PSRO and learners 100]")
    ] = None,
    target: Annotated[float | None, option("X", "Stop when exploitability is at most X.", min=0.0)] = None,
    seconds: Annotated[float | None, option("N", "Stop after N seconds of iterations.", "--time")] = None,
    policy: Annotated[Path | None, option("FILE", "Write the policy to this file (.csv, .json).")] = None,
    output_file: Annotated[
        Path | None,
        result_option("Draw how exploitability falls (.png, .svg, .pdf), or write it (.csv, .json)."),
    ] = None,
    joint: Annotated[
        bool,
        flag(
            "Measure the joint average of what a CFR rule played, too: what players gain by leaving it, as "
            "coarse and extensive-form correlated equilibria ask. Rules of the library only.",
            "--joint",
        ),
    ] = False,
    iterate: Annotated[
        str,
        option(
            "WHICH",
            "What a CFR rule answers, and is measured: the average of what it played, or the last of it.",
            show_default=True,
        ),
    ] = "average",
    sampling: Annotated[
        str | None,
        option(
            "SCHEME",
            "Do not compile the game, but sample its histories (MCCFR, for large games): external, outcome "
            "or chance. Rules of the library that wait for visits, such as lcfr, and 10000 iterations.",
        ),
    ] = None,
    seed: Annotated[int | None, option("N", "Seed of --sampling. [default: 0]", min=0)] = None,
    episodes: Annotated[
        int | None,
        option(
            "N",
            "With --sampling, play so many for values and a lower bound of exploitability. [default: 1000 "
            "where the game has more than a million histories, or than --max-nodes; none elsewhere]",
            min=2,
        ),
    ] = None,
    force: Force = False,
    max_nodes: MaxNodes = None,
    information: Information = "state",
    domain: FileDomain = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Solve a game, and show how exploitability falls.

    Ctrl-C ends it after the iteration that is being made, with the solution so far: it is shown, and written
    to the files that were asked for.
    """
    from nashforge.cli.interrupts import asking
    from nashforge.cli.rendering.figures.curves import draw_convergence
    from nashforge.cli.rendering.solutions.joint import check_room, joint_data, joint_gains, print_joint
    from nashforge.cli.rendering.solutions.sampled import check_sampling, sampled_solver, solve_sampled
    from nashforge.evolve.domains import domain as find_domain
    from nashforge.evolve.measurement.programs import DEFAULT_DOMAIN
    from nashforge.evolve.measurement.solve import check_solved, kind_of, usual_domain
    from nashforge.evolve.measurement.solve import solve as solve_with
    from nashforge.solvers.programs.kind import read_form
    from nashforge.solvers.programs.stopping import Stop
    from nashforge.solvers.programs.trajectory import default_checkpoints

    check_sampling(
        sampling,
        seed,
        episodes,
        {
            "--psro": psro is not None,
            "--domain": domain not in (None, DEFAULT_DOMAIN),
            "--joint": joint,
            "--iterate": iterate != "average",
            "--information": information != "state",
        },
    )
    if psro is not None:
        if rule is not None:
            raise UsageProblem("--rule and --psro exclude each other; give one of them")
        rule, domain = psro, "psro"
    if seconds is not None and seconds <= 0:
        raise UsageProblem(f"--time {seconds:g} must be above 0")
    check_file("--policy", policy, force, TABLES)
    check_file("--output", output_file, force, TABLES if sampling else (*FIGURES, *TABLES))
    check_apart({"--policy": policy, "--output": output_file})
    if sampling is not None:
        solve_sampled(
            sampled_solver(game, rule, sampling, seed, iterations, max_nodes),
            Stop(target, seconds),
            episodes,
            (policy, output_file),
            as_json=output.wants_json(json),
        )
        return
    check_solved(game)
    if rule is None:
        rule = kind_of(find_domain(domain or usual_domain(game))).default
    with programs([rule], database, domain=domain, choosable=False) as ([named], _):
        work = find_domain(named.domain)
        steps = iterations or kind_of(work, named.label).iterations
        [named] = running([named])
    kind_of(work, named.label).answering(iterate)  # before a game is compiled for nothing
    if joint and (work.name != "cfr" or named.origin != "library"):
        raise UsageProblem(
            f"--joint is for CFR rules of the library, and {named.label} is none (see `nashforge rules`)"
        )
    played = game if information == "state" else read_form(game, max_nodes, information)
    if joint:
        check_room(read_form(played, max_nodes), steps)
    measure = work.metrics[work.metric]
    title = measure.title or measure.name.replace("_", " ")
    as_json = output.wants_json(json)
    screen = output.console()
    begun = [
        f"[bold]{output.plain(game)}[/] with [green]{output.plain(named.label)}[/]\n\n"
        f"[bold]{'iteration':>9}  {title:>14}"
    ]
    stop, shown = Stop(target, seconds), {*default_checkpoints(steps)}

    def tell(point: Checkpoint) -> None:
        # A target asks for many measurements; it is the last that ends them.
        if as_json:
            return
        last = point.last_iterate
        if begun:  # not before there is something below it: the game may not exist
            more = "" if last is None else f"  {'last iterate':>14}"
            screen.print(f"{begun.pop()}{more}  {'seconds':>9}[/]")
        if point.iteration in shown or stop.met(point.gap):
            more = "" if last is None else f"  {output.number(last):>14}"
            screen.print(f"{point.iteration:>9}  {output.number(point.gap):>14}{more}  {point.seconds:>9.3f}")

    with asking(stop):
        solution = solve_with(
            played,
            named,
            steps,
            on_checkpoint=tell,
            stop=stop,
            max_nodes=max_nodes,
            tier=allow_weaker_sandbox or "strict",
            iterate=iterate,
        )
    together = joint_gains(solution, steps) if joint else None
    curve = [
        {
            "iteration": point.iteration,
            measure.name: point.gap,
            **({} if point.last_iterate is None else {"last_iterate": point.last_iterate}),
            "seconds": point.seconds,
        }
        for point in solution.curve
    ]

    def write_curve(path: Path) -> None:
        if is_figure(path):
            draw_convergence(solution, measure, path)
        else:
            write_table(path, curve)

    with delivered(
        (policy, lambda path: write_table(path, solution.rows(), solution.table())),
        (output_file, write_curve),
        as_json=as_json,
    ):
        if as_json:
            output.print_json({**_value(solution, curve), "iterate": iterate, "joint": joint_data(together)})
        else:
            _print(screen, solution, stop, steps, title, iterate)
            if work.name == "cfr" and (joint or iterate == "average"):
                print_joint(screen, solution, together)
        if stop.reason == "interrupted":
            output.console(stderr=True).print(
                f"Interrupted after iteration {solution.iterations} of {steps}; this is the solution so far."
            )
    if stop.reason == "interrupted":
        raise typer.Exit(INTERRUPTED)


def _print(screen: Console, solution: Solution, stop: Stop, steps: int, title: str, iterate: str) -> None:
    """Print what the solution is worth, and why it ended."""

    values = solution.values()
    shown_values = ", ".join(
        f"player {player} {output.settled(value):+.6g}" for player, value in enumerate(values)
    )
    screen.print(f"\nvalue of the {iterate} policy: {shown_values}")
    if not solution.averaged:
        screen.print(f"[yellow]{output.plain(solution.without_average)}[/]")
    if solution.caution is not None:
        screen.print(f"[yellow]{output.plain(solution.caution)}[/]")
    if stop.reason in ("target", "time"):
        why = "the target is reached" if stop.reason == "target" else "time is up"
        screen.print(f"stopped after iteration {solution.iterations} of {steps}: {why}")
    if stop.target is not None and stop.reason != "target":
        screen.print(
            f"[yellow]The target of {stop.target:g} was not reached: {title} is "
            f"{output.number(solution.gap)}[/]; give more iterations with -n"
        )


def _value(solution: Solution, curve: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "game": solution.game.name,
        "rule": solution.program,
        "iterations": solution.iterations,
        "stopped": solution.stopped,
        "averaged": solution.averaged,
        "caution": solution.caution,
        "exploitability": solution.exploitability,
        "last_iterate": solution.curve[-1].last_iterate,
        "values": solution.values(),
        "seconds": solution.curve[-1].seconds,
        "curve": curve,
    }
