"""CSRO runs that this process works on, and how their populations are told: on the screen, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import typer

from nashforge.cli.errors import INTERRUPTED
from nashforge.cli.interrupts import Interruptible
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table
from nashforge.cli.rendering.runs.summary import print_interrupted

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.archive import Archive, Run
    from nashforge.evolve.domains.capabilities import Duels
    from nashforge.evolve.results.csro import Iteration, Population
    from nashforge.evolve.search.events import Listener
    from nashforge.solvers.psro.simulated import Estimate


def work_on_csro(
    archive: Archive,
    run: Run,
    changes: Mapping[str, Any],
    *,
    broker: str | None,
    database: str | None,
    as_json: bool,
) -> None:
    """Work on a CSRO run until it ends, tell what it found, and exit with its code."""
    from nashforge.evolve.runs.csro.loop import CSRO
    from nashforge.evolve.runs.csro.options import searches_of
    from nashforge.evolve.runs.executors import service_of
    from nashforge.evolve.search.events import Silent

    config = searches_of(archive, run, dict(changes))
    interrupted = False
    # Between two searches, Ctrl-C ends at once: everything is stored.
    with Interruptible(Silent()), ExitStack() as stack:
        try:
            CSRO(
                archive,
                run,
                changes=changes,
                watch=_watch(stack, config.settings()),
                service=service_of(config, broker),
                note=output.remark,
            ).execute()
        except KeyboardInterrupt:
            interrupted = True
    show_csro(archive, run, as_json=as_json)
    if interrupted:
        print_interrupted(output.console(stderr=True), run.nickname, database)
        raise typer.Exit(INTERRUPTED)


def resume_csro(
    archive: Archive,
    run: Run,
    changes: Mapping[str, Any],
    *,
    broker: str | None,
    database: str | None,
    as_json: bool,
) -> None:
    """Continue a CSRO run; or let a paused one go on; or say that it is finished."""
    from nashforge.evolve.results.run_status import has_finished, is_alive

    if run.pause_requested is not None and is_alive(archive, run):
        archive.runs.request_pause(run, paused=False)
        if as_json:
            output.print_json({"run": run.nickname, "paused": False})
        else:
            output.console().print(f"[cyan]{run.nickname}[/] goes on where it is ({run.worked_on_by}).")
        return
    if has_finished(run):
        show_csro(archive, run, as_json=as_json)
        return
    work_on_csro(archive, run, changes, broker=broker, database=database, as_json=as_json)


def _watch(stack: ExitStack, settings: Mapping[str, Any]) -> Callable[[Run], Listener]:
    """Return who watches each search: one after the other has the screen."""
    from nashforge.cli.rendering.runs.live import watcher

    def one(run: Run) -> Listener:
        stack.close()
        screen = watcher(settings)
        stack.enter_context(screen)
        return stack.enter_context(Interruptible(screen, last=False))

    return one


def show_csro(archive: Archive, run: Run, *, as_json: bool) -> None:
    """Print the population of a CSRO run and its course so far."""
    from nashforge.evolve.domains import domain
    from nashforge.evolve.results.csro import csro_as_dict, iterations_of, population_of
    from nashforge.evolve.results.run_status import run_status
    from nashforge.evolve.runs.csro.options import duels_of, options_of

    now = run_status(archive, archive.runs.get(run))
    options, duels = options_of(now.run), duels_of(domain(now.run.domain))
    population = population_of(archive, now.run, duels)
    course = iterations_of(population, duels, options.meta_solver)
    if as_json:
        told = csro_as_dict(now.run, population, course, duels.unit)
        output.print_json({**told, "state": now.state, "stop_reason": now.run.stop_reason, **_said(options)})
        return
    screen = output.console()
    why = f" ({output.plain(now.why)})" if now.why else ""
    screen.print(
        f"[bold cyan]{output.plain(now.run.nickname)}[/]  {now.state}{why}  [dim]{now.run.domain} · "
        f"{options.meta_solver} · oracle {options.oracle} of {options.evaluations} evaluations · "
        f"{options.matches} matches a pair · seed {now.run.seed}[/]"
    )
    print_course(screen, population, course, duels)


def _said(options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.model_dump(mode="json").items() if value is not None}


def print_course(screen: Console, population: Population, course: list[Iteration], duels: Duels) -> None:
    """Print what a population's mixture was worth after each iteration, and the last mixture."""
    groups = list(duels.outsiders)
    table = output.table("", "joined", "gain", "within", *(f"by {name}" for name in groups))
    for one in course:
        joined = "-" if one.joined is None else str(one.joined.nickname)
        cells = [_interval(one.gain), _interval(one.within)]
        cells += [_interval(one.outside[name][1]) for name in groups]
        table.add_row(str(one.number), joined, *cells)
    print_table(screen, table)
    if not course:
        return
    last = course[-1]
    for name, (mean, worst, who) in last.outside.items():
        told = (
            f"{name}: the mixture earns {_interval(mean)} on average; {who} wins {_interval(worst)} from it"
        )
        output.say_plain(screen, told)
    mixed = sorted(zip(last.weights, population.members, strict=False), key=lambda pair: -pair[0])
    told = ", ".join(f"{weight:.2f} {member.nickname}" for weight, member in mixed if weight >= 0.005)
    output.say_plain(screen, f"mixture: {told}")
    output.say_plain(
        screen,
        f"gain: what the program that joined wins from the mixture before, in {duels.unit} a match; within "
        "and by: the most that a member, or one of these opponents, wins from it; ±: 95 % intervals.",
    )


def _interval(found: Estimate | None) -> str:
    if found is None:
        return "-"
    return f"{found.value:.1f} ± {found.high - found.value:.1f}"
