"""The tables of the experiment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr

from benchmarks.fitness.definitions import Experiment
from benchmarks.fitness.judging import Definition, Pool


def report(console: Console, pool: Pool, experiment: Experiment, seed: int) -> None:
    """Print for every definition how it agrees with the judge, and which games tell programs apart."""
    pool = pool.measured(experiment.plan)
    origins = Counter(program.origin for program in pool.programs)
    said = ", ".join(f"{count} {origin}" for origin, count in origins.items())
    console.print(f"{len(pool.programs)} programs are measured everywhere: {said}\n")
    for title, table in experiment.tables.items():
        console.print(agreement_table(pool, title, table, experiment, seed))
    console.print(games_table(pool, experiment))


def agreement_table(
    pool: Pool, title: str, definitions: Mapping[str, Definition], experiment: Experiment, seed: int
) -> Table:
    """Return how definitions agree with the judge, and in short with the others."""
    table = Table(title=title, title_justify="left", box=box.MARKDOWN)
    table.add_column("training fitness", no_wrap=True)
    heads = ("correlation", "95 %", "better half", "best 15", "worst game", *experiment.judges)
    for column in heads:
        table.add_column(column, justify="right")
    others = [pool.fitness(judge) for judge in experiment.judges.values()]
    for name, definition in definitions.items():
        found = pool.agreement(definition, experiment.judge, np.random.default_rng(seed))
        own = pool.fitness(definition)
        table.add_row(
            name,
            f"{found.rank:.3f}",
            f"{found.low:.2f} to {found.high:.2f}",
            f"{found.top:.3f}",
            f"{found.chosen:+.2f}",
            f"{found.worst:+.2f}",
            *(f"{spearmanr(own, other)[0]:.3f}" for other in others),
        )
    return table


def games_table(pool: Pool, experiment: Experiment) -> Table:
    """Return how each training game agrees with the judge, how it tells programs apart, and what it costs."""
    title = f"training games, at {experiment.first.iterations:,} iterations"
    table = Table(title=title, title_justify="left", box=box.MARKDOWN)
    table.add_column("game")
    for column in ("rank correlation", "spread", "at the floor", "seconds"):
        table.add_column(column, justify="right")
    for name, game in experiment.train.items():
        trial = experiment.first._replace(game=game)
        one = Definition((trial,), experiment.judge.floor, True, "library")
        found = pool.agreement(one, experiment.judge, np.random.default_rng(0))
        ratios = pool.ratios(one)[:, 0]
        table.add_row(
            name,
            f"{found.rank:.3f}",
            f"{ratios.std():.2f}",
            f"{np.mean(ratios >= ratios.max() - 1e-9):.0%}",
            f"{pool.seconds(trial):.2f}",
        )
    return table
