"""``nashforge games``: games by their strings, and their sizes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from nashforge.cli.errors import UsageProblem
from nashforge.cli.options.declared import argument, option
from nashforge.cli.options.files import check_file, delivered, writing
from nashforge.cli.options.shared import Force, Information, Json, MaxNodes
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table

if TYPE_CHECKING:
    from nashforge.games import SequenceForm


def games(
    game: Annotated[
        str | None,
        argument("GAME", "Compile this OpenSpiel game string, or game file (.nfg, .efg), and show its size."),
    ] = None,
    out: Annotated[
        Path | None,
        option(
            "FILE",
            "Write the game in one of Gambit's formats: .efg (its tree), or .nfg (one-shot games).",
            "--output",
            "-o",
        ),
    ] = None,
    force: Force = False,
    max_nodes: MaxNodes = None,
    information: Information = "state",
    json: Json = None,
) -> None:
    """List games, or compile one and show its size.

    The list has the games of all suites, with the sizes of those that were compiled before.
    """
    from nashforge.games.files.reading import SUFFIXES

    if game is not None:
        check_file("--output", out, force, SUFFIXES)
        if out is not None and information != "state":
            raise UsageProblem("-o writes what a game says that its players know; leave --information out")
        _one(game, max_nodes, information, out, output.wants_json(json))
        return
    if out is not None:
        raise UsageProblem("-o writes a game; name one, as in `nashforge games kuhn_poker -o kuhn.efg`")
    from nashforge.games.compilation.sizes import known_size
    from nashforge.games.suites import load_suite, suite_names

    suites: dict[str, list[str]] = {}
    for suite in suite_names():
        for member in load_suite(suite).games:
            suites.setdefault(member, []).append(suite)
    rows = [(name, known_size(name), suites[name]) for name in sorted(suites)]
    if output.wants_json(json):
        output.print_json(
            [
                {
                    "game": name,
                    "compiled": size is not None,
                    "players": None if size is None else size.players,
                    "histories": None if size is None else size.nodes,
                    "zero_sum": None if size is None else size.zero_sum,
                    "suites": member_of,
                }
                for name, size, member_of in rows
            ]
        )
        return
    screen = output.console()
    screen.print("[bold]players   histories  game[/]")
    for name, size, _ in rows:
        players, histories = ("-", "-") if size is None else (str(size.players), f"{size.nodes:,}")
        # Last in the line and never broken, so that a game string can be copied.
        screen.print(f"[dim]{players:>7}  {histories:>10}[/]  {output.plain(name)}", soft_wrap=True)
    output.say(
        screen,
        "\n[dim]Sizes are known once compiled. Any finite OpenSpiel game works:[/]",
        "nashforge games 'leduc_poker(players=3)'",
    )


def _one(game: str, max_nodes: int | None, information: str, out: Path | None, as_json: bool) -> None:
    import time

    from nashforge.solvers.programs.kind import read_form

    began = time.perf_counter()
    form = read_form(game, max_nodes, information)
    seconds = time.perf_counter() - began
    with delivered((out, lambda path: _write(form, game, path)), as_json=as_json):
        if as_json:
            output.print_json({**_value(form, seconds), "output": None if out is None else str(out)})
        else:
            _print(form, seconds)


def _print(form: SequenceForm, seconds: float) -> None:

    screen = output.console()
    screen.print(f"[bold]{output.plain(form.name)}[/]  [dim]ready in {output.duration(seconds)}[/]")
    table = output.table("", "information sets", "sequences", right=("information sets", "sequences"))
    for player, treeplex in enumerate(form.treeplexes):
        table.add_row(f"player {player}", f"{treeplex.infosets:,}", f"{treeplex.sequences:,}")
    print_table(screen, table)
    constant = form.constant_sum
    kind = "zero-sum" if form.zero_sum else "general-sum" if constant is None else f"sum {constant:g}"
    screen.print(f"{form.players} players, {kind}, {form.nodes:,} histories, {form.leaves:,} distinct leaves")


def _write(form: SequenceForm, game: str, out: Path) -> None:
    from nashforge.games.writing import write_game_file

    with writing(out):
        write_game_file(form, game, out)


def _value(form: SequenceForm, seconds: float) -> dict[str, Any]:
    return {
        "game": form.name,
        "compiled": True,
        "players": form.players,
        "histories": form.nodes,
        "leaves": form.leaves,
        "infosets": [treeplex.infosets for treeplex in form.treeplexes],
        "sequences": [treeplex.sequences for treeplex in form.treeplexes],
        "zero_sum": form.zero_sum,
        "constant_sum": form.constant_sum,
        "seconds": round(seconds, 3),
    }
