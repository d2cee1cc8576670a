"""The service's activity, in lines for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nashforge.cli.rendering import output

SHOWN = 16


def busy_lines(running: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for everything that workers have in hand."""
    lines = []
    for item in running[:SHOWN]:
        what = "-" if item["run"] is None else f"[cyan]{item['run']}[/]"
        if item["candidate"] is not None:
            what += f" #{item['candidate']}"
        if item["program"] is not None:
            what += f" [green]{item['program']}[/]"
        again = f"  [yellow]attempt {item['attempt']}[/]" if item["attempt"] > 1 else ""
        lines.append(
            f"  {output.plain(item['worker'])}  {item['kind']}  {what}  "
            f"[dim]{output.duration(item['seconds'])}[/]{again}"
        )
    if len(running) > SHOWN:
        lines.append(f"  [dim]and {len(running) - SHOWN} more[/]")
    return lines


def queue_line(status: Mapping[str, Any]) -> str:
    """Return the line on queues and rates."""
    waiting = [f"{count} to {kind}" for kind, count in status["waiting"].items() if count]
    text = f"waiting: {', '.join(waiting) or 'nothing'} · in hand: {len(status['running'])}"
    if status["rate"]:
        pace = status["rate"]
        text += f" · {pace:.1f}/s" if pace >= 1 else f" · {60 * pace:.1f}/min"
    if status["lost"]:
        text += f" · [yellow]{status['lost']} attempts lost in the last 10 min[/]"
    held = [
        f"{count} to {kind}" for kind, count in (status.get("messages") or {}).items() if count is not None
    ]
    if status.get("messages"):
        text += f" · messages: {', '.join(held) or '[red]the broker cannot be reached[/]'}"
    return text


def money_line(spending: Mapping[str, Any]) -> str:
    """Return the line on what models were paid, by model."""
    parts = []
    for model, spent in spending.items():
        if len(spending) == 2 and not model:
            continue
        reserved = f" [dim](+ {spent.reserved:.4f} reserved)[/]" if spent.reserved else ""
        parts.append(
            f"{output.plain(model) or 'all'} {spent.cost:.4f} USD in "
            f"{output.counted(spent.calls, 'call')}{reserved}"
        )
    return f"cost: {' · '.join(parts)}"
