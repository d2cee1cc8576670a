"""The summary of a run: fitness beside the seed's, how the best came about, what to do next."""

from __future__ import annotations

import itertools
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nashforge.cli.rendering import output
from nashforge.cli.rendering.cautions import print_cautions
from nashforge.cli.rendering.columns import print_table
from nashforge.evolve.results.endings import stop_words

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from nashforge.archive import Candidate
    from nashforge.archive.agents import Awaited
    from nashforge.evolve.evaluation.standing import Standing
    from nashforge.evolve.proposers.outages import Outage
    from nashforge.evolve.results.run_status import RunStatus
    from nashforge.evolve.search.events import Counted, Result

LONGEST_GAME = 34
"""Characters of a game that a line has room for."""

SPLITS = ("train", "validation", "test")


def written_by(settings: Mapping[str, Any]) -> str:
    """Return who proposes a search's programs, in words; of several, each."""
    proposers = settings.get("proposer")
    shown = ", ".join(map(str, proposers)) if isinstance(proposers, list) else str(proposers or "-")
    return "the offline proposer" if shown == "offline" else shown


def failures_text(failures: Mapping[str, int]) -> str:
    """Return failures by kind, and repetitions apart from them."""
    kinds = {kind: count for kind, count in failures.items() if kind != "duplicate" and count}
    parts = [f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(kinds.items())]
    text = " · ".join(parts) if parts else "none"
    repeated = failures.get("duplicate", 0)
    return f"{text}   [dim]repetitions skipped: {repeated}[/]" if repeated else text


def fitness_table(best: Candidate | None, seed: Candidate | None) -> Table:
    """Return a table of the best program beside the strongest that the run started from."""
    table = output.table("", "program", "train", "validation", "test", right=SPLITS)
    rows = [("best", best, "green"), ("start", seed, "white")]
    for title, candidate, colour in rows:
        if candidate is not None and not (title == "start" and best is not None and best.id == candidate.id):
            name = f"[{colour}]{candidate.nickname or '-'}[/]"
            if candidate.operator == "seed" and candidate.note:
                name += f" [dim]({output.plain(output.shorten(candidate.note, 60))})[/]"
            name += output.elsewhere(candidate.imported)
            table.add_row(title, name, *(output.fitness(getattr(candidate, split)) for split in SPLITS))
    if best is not None and seed is not None and best.id != seed.id:
        gains = [_gain(getattr(best, split), getattr(seed, split)) for split in SPLITS]
        table.add_row("[dim]gain[/]", "", *(f"[bold]{output.fitness(gain)}[/]" for gain in gains))
    return table


def standing_text(standing: Standing) -> str:
    """Return wins, ties and losses against the best reference, and the worst game, in a line."""
    game, ratio = standing.worst
    told = f"[green]{output.counted(standing.wins, 'win')}[/] · {output.counted(standing.ties, 'tie')} · "
    lost = "loss" if standing.losses == 1 else "losses"
    colour = "red" if standing.losses else "green"
    told += f"[{colour}]{standing.losses} {lost}[/]"
    return f"{told} · worst {output.fitness(ratio)} {output.plain(short_game(game))}"


def short_game(label: str) -> str:
    """Return a trial's label without the parameters of its game where they are many.

    What stands behind them stays, such as the seed by which episodes of one game differ.
    """
    game, bracket, note = label.rpartition(" (")
    if not (bracket and note.endswith(")")):
        game, bracket, note = label, "", ""
    if len(label) <= LONGEST_GAME or "(" not in game:
        return label
    return f"{game.partition('(')[0]}(…){game.rpartition(')')[2]}{bracket}{note}"


def _gain(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other


def descent_lines(line: Sequence[Candidate], width: int) -> list[str]:
    """Return the edits from the seed to a program, one line each."""
    lines = []
    for candidate in line:
        edit = output.edit_of(candidate)
        head = f"  {'#' + str(candidate.index):>5}  {output.fitness(candidate.train)}  "
        name = candidate.nickname or "-"
        room = max(width - len(head) - 22, 12)
        lines.append(f"[dim]{head}[/][cyan]{name:<20}[/]  {output.plain(output.shorten(edit, room))}")
    return lines


def print_result(
    screen: Console,
    result: Result,
    line: Sequence[Candidate],
    config: Mapping[str, Any],
    database: str | None,
    standing: Standing | None = None,
) -> None:
    """Print the end of a run."""
    rate = f"{output.counted(result.evaluations, 'evaluation')}, {output.duration(result.seconds)}"
    screen.print(
        f"\n[bold cyan]{result.run}[/]  {output.plain(stop_words(result.stop_reason))}  [dim]({rate})[/]"
    )
    screen.print(f"failures: {failures_text(result.failures)}")
    if result.best is None:
        screen.print("[red]No program was measured.[/]")
        return
    print_table(screen, fitness_table(result.best, result.seed))
    if standing is not None:
        screen.print(f"games of training and validation: {standing_text(standing)}")
    screen.print(f"[dim]{output.plain(output.meaning_of_run(config))}[/]")
    print_cautions(screen, config, [standing])
    if len(line) > 1:
        screen.print(f"\nHow [green]{result.best.nickname}[/] came about (training fitness after each edit)")
        for text in descent_lines(line, screen.width):
            screen.print(text, overflow="ellipsis", no_wrap=True)
    if not result.interrupted:
        print_next(screen, result, config, database)


def print_next(screen: Console, result: Result, config: Mapping[str, Any], database: str | None) -> None:
    """Print the commands that one would type next."""
    from nashforge.evolve.domains import domain as find_domain
    from nashforge.evolve.evaluation.messages import Strategic
    from nashforge.evolve.measurement.programs import DEFAULT_DOMAIN

    assert result.best is not None
    name = result.best.nickname
    where = _place(database)
    # On the games of the final test most of what is compared has been measured.
    games = shlex.quote(str(config["test"] if config.get("final_test") else config["train"]))
    domain = find_domain(config["domain"])
    length = "" if config["horizon"] == domain.horizon else f" -n {config['horizon']}"
    fitness = config.get("fitness") or {}
    objective = fitness.get("objective")
    length += "" if objective is None else f" --objective {shlex.quote(objective)}"
    # What the run measured is measured again: its games, its length, its fitness.
    again = (
        "" if config["train"] == domain.suites["train"] else f" --suite {shlex.quote(str(config['train']))}"
    )
    again += length
    if objective is not None and fitness.get("strategic"):
        again += f" --risk {shlex.quote(Strategic.model_validate(fitness['strategic']).words())}"
    # Every domain has a seed; not every fitness has a reference.
    first = domain.fitness.reference.partition(",")[0]
    known = " ".join(dict.fromkeys(filter(None, (first, domain.seed))))
    library = "" if domain.name == DEFAULT_DOMAIN else f" --domain {domain.name}"
    compared = f"nashforge compare {name} {known}{library} --suite {games}{length} -o {_free(name, '.png')}"
    commands = (
        (f"nashforge show {name}", "its code and scores"),
        (compared, "with known programs"),
        (f"nashforge evaluate {name}{again}", "measure it again"),
        (f"nashforge export {name} --output {_free(name, '.py')}", "take it along"),
    )
    screen.print("\nNext")
    size = max(len(command) for command, _ in commands) + len(where)
    notes = size + max(len(why) for _, why in commands) + 4 <= screen.width
    for command, why in commands:
        text = f"{command}{where}"
        note = f"{' ' * (size - len(text))}  [dim]{why}[/]" if notes else ""
        screen.print(f"  [bold]{output.plain(text)}[/]{note}", soft_wrap=True)


def _free(name: str | None, ending: str) -> str:
    """Return the name of a file that is not there: a command that is proposed works as it is."""
    names = (f"{name}{f'-{k}' if k > 1 else ''}{ending}" for k in itertools.count(1))
    return next(name for name in names if not os.path.lexists(name))


def _place(database: str | None) -> str:
    """Return the option that names a database again, without the password that it was given with."""
    from nashforge.archive.storage.location import display, file_of, resolve_url

    if not database:
        return ""
    url = resolve_url(database)
    return f" --database {shlex.quote(database if file_of(url) is not None else display(url))}"


def print_interrupted(screen: Console, run: str, database: str | None) -> None:
    """Say how to go on with an interrupted run."""
    where = _place(database)
    output.say(
        screen, "\nInterrupted; everything finished is kept. Continue with", f"nashforge resume {run}{where}"
    )


def waiting_lines(now: RunStatus) -> list[str]:
    """Return a line for each model that a run waits for: which, since when, why; and one for agents."""
    lines = outage_lines(now.outages)
    wanted = now.agents
    if wanted is not None and not wanted.held and now.run.pause_requested is None:
        lines.append(f"waiting for agents: {agents_text(wanted)}; nashforge ask {now.run.nickname}")
    return lines


def outage_lines(outages: Iterable[Outage]) -> list[str]:
    """Return a line for each model that is away: which, since when, why."""
    return [
        f"waiting for {one.model}, not available since {output.ago(one.since)}: {one.reason}"
        for one in outages
    ]


def measuring_text(counted: Counted) -> str:
    """Return what a run measures before it goes on, and how far it is."""
    return f"measuring {counted.what}: {counted.done} of {counted.of}"


def agents_text(wanted: Awaited) -> str:
    """Return how many tasks are open and held, and when agents were there last."""
    some = f"{output.counted(wanted.open, 'task')} open, {wanted.held} held"
    last = wanted.claimed
    return f"{some}, {'none was taken yet' if last is None else f'the last was taken {output.ago(last)}'}"


def print_standing(
    screen: Console, now: RunStatus, better: Sequence[Candidate], failures: Sequence[Candidate]
) -> None:
    """Print where a run stands."""
    from nashforge.evolve.config.parts import SYNTHESIS
    from nashforge.evolve.domains.lengths import length_in_words
    from nashforge.evolve.results.run_status import has_finished

    run, result = now.run, now.result
    colours = {"running": "green", "finished": "green", "failed": "red", "lost": "red"}
    state = f"[{colours.get(now.state, 'yellow')}]{now.state}[/]"
    why = f" [dim]({output.plain(now.why)})[/]" if now.why else ""
    screen.print(f"[bold cyan]{run.nickname}[/]  {state}{why}{output.elsewhere(run.imported)}")
    settings = now.settings
    told = (
        f"{run.domain} · {settings.get('strategy')} · {settings.get('proposer')} proposer · "
        f"seed {run.seed} · {length_in_words(settings)} · worked {output.duration(result.seconds)} · created "
        f"{output.ago(run.created)}"
    )
    screen.print(f"[dim]{output.plain(told)}[/]")
    screen.print(f"evaluations {result.evaluations}/{now.limit}   failures: {failures_text(result.failures)}")
    if now.measuring is not None:
        screen.print(output.plain(measuring_text(now.measuring)))
    for text in waiting_lines(now):
        screen.print(f"[yellow]{output.plain(text)}[/]")
    if now.agents is not None and now.agents.held:
        screen.print(f"agents: {agents_text(now.agents)}")
    if result.best is not None:
        print_table(screen, fitness_table(result.best, result.seed))
        if now.standing is not None:
            screen.print(f"games of training and validation: {standing_text(now.standing)}")
        screen.print(f"[dim]{output.plain(output.meaning_of_run(settings))}[/]")
        print_cautions(screen, settings, [now.standing])
    if len(better) > 1:
        screen.print("\nImprovements")
        for text in descent_lines(better[-8:], screen.width):
            screen.print(text, overflow="ellipsis", no_wrap=True)
    broken = [item for item in failures if str(item.status) != "duplicate"]
    if broken:
        screen.print("\nLatest failures")
        for item in broken:
            head = f"  {'#' + str(item.index):>5}  {str(item.status).replace('_', ' '):<14}  "
            reason = output.shorten(item.reason or "", max(screen.width - len(head), 12))
            screen.print(f"[dim]{head}[/]{output.plain(reason)}", overflow="ellipsis", no_wrap=True)
    over = settings.get("strategy") == SYNTHESIS and not now.alive  # nothing continues a refinement
    if now.state != "running" and not has_finished(run) and not over:
        screen.print(f"\n[dim]Continue it with[/] nashforge resume {run.nickname}")


def group(*parts: RenderableType) -> RenderableType:
    """Return several renderables below each other."""
    from rich.console import Group

    return Group(*parts)
