"""``nashforge synthesize``: refine a policy for a social dilemma from feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nashforge.cli.errors import FAILED, UsageProblem
from nashforge.cli.options.declared import argument, flag, option
from nashforge.cli.options.shared import Database, Json, Tier
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table
from nashforge.games.naming import choice

if TYPE_CHECKING:
    from nashforge.evolve.domains.dilemmas.suites import DilemmaSuite
    from nashforge.evolve.synthesis.refinement import Step, Synthesis


def synthesize(
    game: Annotated[str, argument("GAME", "'gathering' or 'cleanup'.")],
    feedback: Annotated[
        str, option("LEVEL", "What the writer is told: sparse, dense or rich.", show_default=True)
    ] = "dense",
    refinements: Annotated[
        int, option("N", "How often the first policy is refined.", min=0, show_default=True)
    ] = 3,
    select: Annotated[
        bool,
        flag(
            "Whether the best on the validation seeds counts, or the last, as in the paper.",
            "--select/--last",
            show_default=True,
        ),
    ] = False,
    proposer: Annotated[
        str,
        option(
            "NAME",
            "'offline', a model such as anthropic:MODEL or google:MODEL, or replay:RUN, which repeats a "
            "refinement as it was, of a run or a cassette (FILE.jsonl).",
            show_default=True,
        ),
    ] = "offline",
    suite: Annotated[str | None, option("SUITE", "Suite of seeds. [default: that of the game]")] = None,
    seed: Annotated[int, option("N", "Seed of the offline proposer.", min=0, show_default=True)] = 0,
    budget: Annotated[
        float | None, option("USD", "Spend at most so much on a model.", "--budget-usd", min=0)
    ] = None,
    name: Annotated[str | None, option("NAME", "Name of the run. [default: two words]")] = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Write a policy, measure it, tell the writer, and have it written again.

    Seeds for feedback, for choosing and for the report are disjoint. Policies are stored as those of a run.
    """
    from nashforge.archive import Archive
    from nashforge.archive.nicknames import check_nickname
    from nashforge.cli.rendering.measuring import check_tier
    from nashforge.evolve.config.parts import REPLAY
    from nashforge.evolve.domains.dilemmas.arena import HOSTS
    from nashforge.evolve.domains.dilemmas.suites import load_dilemma_suite
    from nashforge.evolve.sandbox import Sandbox
    from nashforge.evolve.synthesis.feedback import LEVELS
    from nashforge.evolve.synthesis.refinement import Refinement
    from nashforge.evolve.synthesis.starting import replay_of, start_synthesis, writer_of
    from nashforge.games.dilemmas.settings import GAMES

    if game not in GAMES:
        raise UsageProblem(f"there is no game {game!r} to synthesize for; {choice(game, GAMES)}")
    level = next((one for one in LEVELS if one == feedback), None)
    if level is None:
        raise UsageProblem(f"there is no feedback {feedback!r}; {choice(feedback, LEVELS)}")
    tier = check_tier(allow_weaker_sandbox)
    chosen = load_dilemma_suite(suite or game)
    if chosen.parsed().game != game:
        raise UsageProblem(f"the suite {suite} is of {chosen.parsed().game}, not of {game}; choose another")
    if name is not None:
        check_nickname(name)
    options: dict[str, Any] = {
        "proposer": proposer,
        "max_evaluations": refinements + 1,
        "feedback": level,
        "select": select,
        "seed": seed,
        **({} if budget is None else {"budget_usd": budget}),
    }
    ask = None if proposer.startswith(REPLAY) else writer_of(proposer, game, budget)
    with Archive.open(database) as archive, Sandbox(HOSTS, tier=tier) as sandbox:
        if ask is None:
            ask, options = replay_of(archive, proposer, game)
        run = start_synthesis(archive, chosen, options, name=name)
        writer = ask(archive, run)
        try:
            refinement = Refinement(
                archive,
                run,
                chosen,
                sandbox,
                writer,
                level=options["feedback"],
                refinements=options["max_evaluations"] - 1,
                select=options["select"],
                seed=options["seed"],
                on_step=_tell,
            )
            result = refinement.execute()
        finally:
            writer.close()
    if output.wants_json(json):
        output.print_json(_value(result, chosen))
    else:
        _print(result, chosen)
    if result.chosen is None:
        raise typer.Exit(FAILED)


def _tell(step: Step) -> None:
    what = f"iteration {step.iteration}" + (f", repair {step.repair}" if step.repair else "")
    if step.train:
        told = f"efficiency {output.number(step.train['efficiency'].mean)}"
    else:
        told = f"{step.status}: {output.shorten(step.reason or '', 80)}"
    output.remark(f"{what}: {told}  {output.shorten(step.note, 80)}")


def _value(result: Synthesis, suite: DilemmaSuite) -> dict[str, Any]:
    def means(found: Any) -> dict[str, float | None] | None:
        return {name: summary.mean for name, summary in found.items()} or None

    return {
        "run": result.run,
        "game": suite.setting,
        "program": None if result.chosen is None else result.chosen.candidate.nickname,
        "test": means(result.test),
        "iterations": [
            {
                "iteration": step.iteration,
                "repair": step.repair,
                "program": step.candidate.nickname,
                "status": str(step.status),
                "reason": step.reason,
                "note": step.note,
                "train": means(step.train),
                "validation": means(step.validation),
            }
            for step in result.steps
        ],
    }


def _print(result: Synthesis, suite: DilemmaSuite) -> None:

    screen = output.console()
    screen.print(f"[bold]{output.plain(result.run)}[/]  [cyan]{output.plain(suite.setting)}[/]")
    columns = ("efficiency", "equality", "sustainability", "peace", "min_reward")
    # As short as they are, a nickname fits beside them in a terminal of 80 columns.
    shown = ("effic.", "equality", "sustain.", "peace", "min rew.")
    table = output.table("policy", "seeds", *shown, right=shown)
    table.columns[0].no_wrap = True
    for step in result.steps:
        mark = (
            f"[bold green]{step.candidate.nickname}[/]" if step is result.chosen else step.candidate.nickname
        )
        mark = f"{step.iteration}  {mark or '-'}"
        if step.status.failed:
            table.add_row(mark, f"[red]{step.status}[/]")
            continue
        table.add_row(mark, "feedback", *(_mean(step.train, name) for name in columns))
    if result.chosen is not None and result.test:
        name = result.chosen.candidate.nickname
        table.add_row(f"[bold green]{name}[/]", "test", *(_mean(result.test, column) for column in columns))
    print_table(screen, table)
    for step in result.steps:
        if step.status.failed:
            screen.print(f"[red]{step.iteration}, repair {step.repair}:[/]{output.because(step.reason)}")
    if result.chosen is not None:
        screen.print(f"[dim]See it with[/] nashforge show {result.chosen.candidate.nickname}")


def _mean(found: Any, name: str) -> str:
    mean = found[name].mean if name in found else None
    return "-" if mean is None else f"{mean:.4g}"
