"""``nashforge games``: games by their strings, and their sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Json, MaxNodes

if TYPE_CHECKING:
    from games import SequenceForm


def games(
    game: Annotated[
        str | None,
        typer.Argument(
            metavar="GAME",
            help="Compile this OpenSpiel game string and show its size.",
            show_default=False,
        ),
    ] = None,
    max_nodes: MaxNodes = None,
    json: Json = None,
) -> None:
    """List games, or compile one and show its size.

    The list has the games of all suites, with the sizes of those that were compiled before.
    """
    from cli import output

    if game is not None:
        _one(game, max_nodes, output.wants_json(json))
        return
    from games.sizes import known_size
    from games.suites import load_suite, suite_names

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
    screen.print(
        "\n[dim]Sizes are known once compiled. Any finite OpenSpiel game works:[/] "
        "nashforge games 'leduc_poker(players=3)'",
        soft_wrap=True,
    )


def _one(game: str, max_nodes: int | None, as_json: bool) -> None:
    import time

    from cli import output
    from games import compile as compile_game

    began = time.perf_counter()
    form = compile_game(game, max_nodes=max_nodes)
    seconds = time.perf_counter() - began
    if as_json:
        output.print_json(_value(form, seconds))
        return
    screen = output.console()
    screen.print(f"[bold]{output.plain(form.name)}[/]  [dim]ready in {output.duration(seconds)}[/]")
    table = output.table("", "information sets", "sequences", right=("information sets", "sequences"))
    for player, treeplex in enumerate(form.treeplexes):
        table.add_row(f"player {player}", f"{treeplex.infosets:,}", f"{treeplex.sequences:,}")
    screen.print(table)
    kind = "zero-sum" if form.zero_sum else "general-sum"
    screen.print(f"{form.players} players, {kind}, {form.nodes:,} histories, {form.leaves:,} distinct leaves")


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
        "seconds": round(seconds, 3),
    }
