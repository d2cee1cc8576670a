"""The figures of docs/gallery.md: what searches found, beside the library, by exploitability over iterations.

python -m benchmarks.gallery          draws docs/images/gallery-*.svg and prints the numbers behind them
python -m benchmarks.gallery psro     one of them

All games are of the training suites.
"""

from __future__ import annotations

import sys
from pathlib import Path

from nashforge.archive import Archive, ArchiveNotFound
from nashforge.cli.rendering.figures.curves import COLOURS, STYLES, figure
from nashforge.evolve.measurement.programs import find_programs, playable
from nashforge.evolve.measurement.solve import solve

DOCS = Path(__file__).resolve().parents[1] / "docs"
FIGURES = {
    "cfr": (
        ("leduc_poker", "liars_dice(dice_sides=5)"),
        ("discovered/cfr_cosine_feedback.py", "discovered/cfr_windowed_trend.py", "discovered/cfr.py"),
        ("aod_cfr", "pcfr_plus", "dcfr", "cfr_plus"),
        1000,
    ),
    "psro": (
        ("kuhn_poker(players=3)",),
        ("discovered/psro.py", "discovered/psro_residual_norm.py"),
        ("shor", "projection_matching", "uniform"),
        40,
    ),
}
"""By figure: games, programs that were found, programs of the library, iterations."""


def no_archive() -> Archive:
    """Raise: all programs are files, or of the library."""
    raise ArchiveNotFound("the gallery needs no archive")


def draw(name: str) -> None:
    """Draw a figure, and print where its curves end."""
    games, found, library, iterations = FIGURES[name]
    with figure(1, len(games), (4.2, 3.2), DOCS / "images" / f"gallery-{name}.svg") as (_, grid):
        for axes, game in zip(grid.flat, games, strict=True):
            for number, program in enumerate((*found, *library)):
                path = str(DOCS / program) if program.endswith(".py") else program
                [named] = find_programs([path], no_archive, domain_name=name)
                marks = {round(1.25**k) for k in range(64)}
                checkpoints = sorted(t for t in marks if t <= iterations)
                solution = solve(game, playable(named), iterations, checkpoints)
                curve = [(p.iteration, p.gap) for p in solution.curve if p.gap > 0]
                label = program.removeprefix("discovered/")
                axes.loglog(
                    *zip(*curve, strict=True),
                    label=label,
                    color=COLOURS[number],
                    linestyle=STYLES[0] if number < len(found) else STYLES[1],
                )
                print(f"{game:<36} {label:<26} {solution.exploitability:.2e} after {iterations}", flush=True)
            axes.set(title=game, xlabel="iteration", ylabel="exploitability")
        grid.flat[0].legend()


if __name__ == "__main__":
    for each in sys.argv[1:] or FIGURES:
        draw(each)
