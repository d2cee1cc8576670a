"""``nashforge challenge``: games that are made to break a program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.archives import find_run, opened, programs
from nashforge.cli.options.completion import complete_programs, complete_rules
from nashforge.cli.options.declared import argument, option
from nashforge.cli.options.files import check_file, deliver, write_text
from nashforge.cli.options.shared import (
    Database,
    FileDomain,
    Force,
    Iterations,
    Json,
    Tier,
    limit_option,
    output_option,
)
from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.evolve.challenge.judge import Verdict
    from nashforge.evolve.challenge.search import BreakingGame, Challenge


def challenge(
    program: Annotated[
        str | None,
        argument(
            "PROGRAM",
            "A rule of the library, a nickname, the beginning of one or of a hash, or a file. "
            "[default: the best of the latest run]",
            complete=complete_programs,
        ),
    ] = None,
    run: Annotated[str | None, option("RUN", "Challenge the best program of this run.")] = None,
    games: Annotated[int, limit_option("Games that the program plays.")] = 40,
    seconds: Annotated[float | None, option("N", "Begin no more games after N seconds.", "--seconds")] = None,
    seed: Annotated[int, option("N", "Seed of every random draw.", min=0, show_default=True)] = 0,
    iterations: Iterations = None,
    family: Annotated[
        list[str] | None,
        option("NAME", "Make games of this family only; may be given several times."),
    ] = None,
    against: Annotated[
        list[str] | None,
        option(
            "RULE",
            "Compare with this program of the library; may be given several times. [default: all]",
            complete=complete_rules,
        ),
    ] = None,
    max_nodes: Annotated[
        int, option("N", "Try no game with more histories.", min=10, show_default=True)
    ] = 6_000,
    limit: Annotated[int, limit_option("How many of the games that were found to show.")] = 10,
    output_file: Annotated[
        Path | None, output_option("Write a suite of the games that were found (.toml).")
    ] = None,
    force: Force = False,
    domain: FileDomain = None,
    allow_weaker_sandbox: Tier = None,
    database: Database = None,
    json: Json = None,
) -> None:
    """Search for games that break a program.

    Parameters of families of games are drawn and changed; a game counts if the program is half an order of
    magnitude or more behind the best of the library there, also on permuted copies. Families that validate or
    test searches are never used.
    """
    from nashforge.cli.rendering.measuring import check_tier
    from nashforge.evolve.challenge.suites import suite_text
    from nashforge.evolve.measurement.challenges import ChallengeRequest
    from nashforge.evolve.measurement.challenges import challenge as search

    if program is not None and run is not None:
        raise UsageProblem("PROGRAM and --run exclude each other; give one of them")
    if seconds is not None and seconds <= 0:
        raise UsageProblem(f"--seconds {seconds:g} must be above 0")
    check_file("--output", output_file, force, (".toml",))
    request = ChallengeRequest(
        tries=games,
        seconds=seconds,
        seed=seed,
        iterations=iterations,
        families=family or (),
        rivals=against or (),
        most_histories=max_nodes,
    )
    name = program or _best_of(run or "latest", database)
    with programs([name], database, domain=domain) as ([named], _):
        tier = check_tier(allow_weaker_sandbox)
        screen = output.console(stderr=True)

        def tell(number: int, game: str, verdict: Verdict | None) -> None:
            said = "fails" if verdict is None else verdict.objection or f"{verdict.score:.2f} orders behind"
            screen.print(f"[dim]{number}/{games}[/] {output.plain(game)}: {said}", soft_wrap=True)

        found = search(named, request, tier=tier, tell=tell)
    deliver(
        _value(name, request, found),
        lambda: _print(output.console(), name, found, limit),
        (
            output_file if found.found else None,
            lambda path: write_text(path, suite_text(path.stem, f"Games that break {name}.", found.found)),
        ),
        json=json,
    )


def _best_of(run: str, database: str | None) -> str:
    from nashforge.evolve.results.run_status import run_status

    with opened(database) as archive:
        found = find_run(archive, run)
        best = run_status(archive, found).result.best
    if best is None or best.nickname is None:
        raise UsageProblem(f"no program of {found.nickname} has been measured yet; name a program")
    return best.nickname


def _value(name: str, request: Any, found: Challenge) -> dict[str, Any]:
    return {
        "program": name,
        "seed": request.seed,
        "tried": found.tried,
        "refused": dict(found.refused),
        "seconds": round(found.seconds, 3),
        "games": [_game(one) for one in found.found],
    }


def _game(one: BreakingGame) -> dict[str, Any]:
    from dataclasses import asdict

    verdict = one.verdict
    return {
        "game": one.game,
        "family": one.family,
        "score": verdict.score,
        "value": verdict.value,
        "best": verdict.rival,
        "best_value": verdict.rival_value,
        "copies": list(verdict.copies),
        "size": asdict(one.size),
        "tried": one.tried,
    }


def _print(screen: Console, name: str, found: Challenge, limit: int) -> None:
    """Print the games that were found, and why others did not count."""
    if not found.found:
        screen.print(f"No game was found that breaks [green]{output.plain(name)}[/].")
    else:
        screen.print(
            f"{len(found.found)} kinds of games break [green]{output.plain(name)}[/] "
            f"({found.tried} tried in {output.duration(found.seconds)})"
        )
        width = max(10, *(len(one.verdict.rival) for one in found.found[:limit]))
        screen.print(
            f"\n  [bold]{'orders':>6}  {'copies':>9}  {'best there':<{width}}  {'its value':>10}  "
            "players   sets  depth  game[/]"
        )
        for one in found.found[:limit]:
            verdict, size = one.verdict, one.size
            spread = f"{min(verdict.copies):.2f}-{max(verdict.copies):.2f}" if verdict.copies else "-"
            # The game is last in the line and never broken, so that it can be copied.
            screen.print(
                f"  [bold]{verdict.score:>6.2f}[/]  {spread:>9}  [green]{verdict.rival:<{width}}[/]  "
                f"{output.number(verdict.rival_value):>10}  {size.players:>7}  {size.infosets:>5}  "
                f"{size.depth:>5}  {output.plain(one.game)}",
                soft_wrap=True,
            )
        screen.print()
    why = ", ".join(f"{count} {reason}" for reason, count in sorted(found.refused.items()))
    if why:
        screen.print(f"[dim]games that did not count: {why}[/]")
    screen.print(
        "[dim]orders: of magnitude that it is behind the best of the library, the median over the game and "
        "permuted copies of it[/]"
    )
