"""Progress of a benchmark: how much is done, and about how long the rest takes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nashforge.cli.rendering import output

if TYPE_CHECKING:
    from nashforge.evolve.benchmarking.campaign import Step


@contextmanager
def progress(total: int) -> Iterator[Callable[[Step], None]]:
    """Yield what to call after every measurement: a bar on a terminal, lines elsewhere.

    Parameters
    ----------
    total
        Measurements to be made.
    """
    screen = output.console(stderr=True)
    if not screen.is_terminal or screen.is_dumb_terminal:

        def line(step: Step) -> None:
            measured = step.measured
            what = output.number(measured.value) if measured.value is not None else str(measured.status)
            print(
                f"{step.done}/{step.total} {measured.label} in {measured.game}, {measured.iterations} "
                f"iterations: {what}; {output.duration(step.left)} left",
                file=sys.stderr,
                flush=True,
            )

        yield line
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("measuring"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.description}", style="dim", markup=False),
        console=screen,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=total, left="")

        def show(step: Step) -> None:
            what = output.shorten(f"{step.measured.label} in {step.measured.game}", 30)
            left = f"{output.duration(step.left)} left"
            bar.update(task, completed=step.done, description=output.visible(what, ""), left=left)

        yield show
