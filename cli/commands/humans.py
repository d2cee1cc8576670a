"""``nashforge humans``: equilibria beside what people did in laboratories."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from nashforge.cli.options.files import TABLES, check_file, deliver, write_table
from nashforge.cli.options.shared import Force, Json, output_option
from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table

if TYPE_CHECKING:
    from nashforge.solvers.equilibria.laboratory import Comparison

TITLES = {"nash": "Nash", "qre": "logit QRE", "rqe_kl": "RQE KL", "rqe_reverse_kl": "RQE reverse KL"}


def humans(
    output_file: Annotated[
        Path | None, output_option("Write the table to this file (.csv or .json).")
    ] = None,
    force: Force = False,
    json: Json = None,
) -> None:
    """Compare equilibria with what people played in thirteen games.

    Columns are the probabilities of the first actions of both players, and the squared distance to those
    that were observed. RQE has four fitted parameters a game, logit QRE one for all games, Nash none.
    """
    from nashforge.solvers.equilibria.laboratory import CONCEPTS, PUBLISHED, STUDY, compare_all, means

    check_file("--output", output_file, force, TABLES)
    found = compare_all()
    average = means(found)
    games = [
        {
            "game": entry.game.name,
            "study": entry.game.study,
            "people": list(entry.game.laboratory_play),
            "predictions": {
                concept: {
                    "probabilities": list(entry.predictions[concept]),
                    "squared_distance": entry.distances[concept],
                    "gap": entry.gaps[concept],
                }
                for concept in CONCEPTS
            },
        }
        for entry in found
    ]
    told = {
        "games": games,
        "means": {"study": STUDY, "squared_distance": average, "published": dict(PUBLISHED)},
    }
    deliver(
        told, lambda: _print(found), (output_file, lambda path: write_table(path, games, told)), json=json
    )


def _print(found: Sequence[Comparison]) -> None:
    from nashforge.solvers.equilibria.laboratory import CONCEPTS, PUBLISHED, means

    average = means(found)
    columns = ["game", "people", *(TITLES[concept] for concept in CONCEPTS)]
    title = "P(first action) of both players, squared distance"
    table = output.table(*columns, title=title, right=columns[1:])
    for entry in found:
        cells = [
            f"{first:.3f} {second:.3f} [dim]{output.number(entry.distances[concept]):>9}[/]"
            for concept, (first, second) in entry.predictions.items()
        ]
        table.add_row(entry.game.name, "{:.3f} {:.3f}".format(*entry.game.laboratory_play), *cells)
    screen = output.console()
    print_table(screen, table)
    summary = output.table("", *columns[2:], title="mean squared distance, SC1 to SC12", right=columns[2:])
    summary.add_row("here", *(f"{average[concept]:.2e}" for concept in CONCEPTS))
    summary.add_row("published", *(f"{PUBLISHED[concept]:.2e}" for concept in CONCEPTS))
    print_table(screen, summary)
