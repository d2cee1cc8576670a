"""Formatting of money and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nashforge.cli.rendering import output
from nashforge.cli.rendering.columns import print_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from nashforge.archive import Archive, Run
    from nashforge.evolve.proposers.base import Ledger
    from nashforge.evolve.results.model_costs import ModelCosts


def dollars(value: float) -> str:
    """Return an amount: cents, and more digits where there are only fractions of them."""
    return f"${value:.2f}" if value >= 0.995 or value == 0 else f"${value:.4f}"


def tokens(count: int) -> str:
    """Return a number of tokens as people write it."""
    if count < 10_000:
        return f"{count:,}"
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1e6:.2f}M"


def ledger_line(ledger: Ledger, writing: int) -> str:
    """Return what a run has spent so far, in one line."""
    cap = f" of {dollars(ledger.budget)}" if ledger.budget is not None else ""
    aside = f", {dollars(ledger.reserved)} set aside" if ledger.reserved else ""
    calls = output.counted(ledger.calls, "call")
    text = f"{dollars(ledger.cost)}{cap}{aside} · {tokens(ledger.tokens)} tokens · {calls}"
    # Who waits, for agents or for models that are away, writes nothing, whatever was asked for.
    return text if ledger.waiting is not None else f"{text} · {writing} being written"


def earnings_table(rows: Sequence[ModelCosts]) -> Table:
    """Return what each model cost and earned."""
    thought = any(row.thinking_tokens for row in rows)
    numbers = ("calls", "input", "cached", "output", *(["thinking"] if thought else []))
    numbers += ("cost", "programs", "better", "gain", "best")
    table = output.table("model", *numbers, right=numbers)
    for row in rows:
        spent = row.spending
        table.add_row(
            output.plain(row.model),
            str(spent.calls),
            tokens(spent.input_tokens + spent.cache_write_tokens),
            tokens(spent.cached_tokens),
            tokens(spent.output_tokens),
            *([tokens(row.thinking_tokens)] if thought else []),
            dollars(spent.cost),
            f"{row.programs}/{row.proposals}",
            str(row.better),
            output.fitness(row.gain),
            "-" if row.best is None else output.fitness(row.best.train),
        )
    return table


MEANING = "programs: measured, of those asked for; better: than parent and seed; gain: by how much in all"


def print_earnings(screen: Console, archive: Archive, run: Run) -> None:
    """Print what each model of a run cost and earned, below its outcome."""
    from nashforge.evolve.results.model_costs import model_costs

    rows = model_costs(archive, run)
    if rows:
        screen.print(f"\nModels: {dollars(sum(row.spending.cost for row in rows))} in all")
        print_table(screen, earnings_table(rows))
        screen.print(f"[dim]{MEANING}[/]")
