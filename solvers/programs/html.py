"""Tables as notebooks show them: HTML in which every text is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

MOST_ROWS = 40
"""So many rows are shown; what is left out is counted."""


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]], below: str = "") -> str:
    """Return a titled table; numbers are shown with four significant digits, and set to the right.

    Parameters
    ----------
    below
        A line of text under the table.
    """
    all_rows = list(rows)
    shown = [f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in all_rows[:MOST_ROWS]]
    left_out = len(all_rows) - len(shown)
    words = [below, f"and {left_out:,} more rows" if left_out else ""]
    return (
        f"<div><strong>{html.escape(title)}</strong>"
        + "<table><thead><tr>"
        + "".join(f'<th scope="col">{html.escape(name)}</th>' for name in head)
        + f"</tr></thead><tbody>{''.join(shown)}</tbody></table>"
        + "".join(f"<p>{html.escape(text)}</p>" for text in words if text)
        + "</div>"
    )


def code(title: str, text: str) -> str:
    """Return a titled block of code."""
    return f"<details open><summary>{html.escape(title)}</summary><pre>{html.escape(text)}</pre></details>"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f'<td style="text-align: right">{value:.4g}</td>'
    if isinstance(value, int) and not isinstance(value, bool):
        return f'<td style="text-align: right">{value}</td>'
    return f"<td>{html.escape('' if value is None else str(value))}</td>"
