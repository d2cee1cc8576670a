"""Suites of games that were made by a challenger, as TOML files."""

from __future__ import annotations

import json
from collections.abc import Sequence

from nashforge.evolve.challenge.search import BreakingGame


def suite_text(name: str, purpose: str, found: Sequence[BreakingGame]) -> str:
    """Return the file of a suite of found games, by family; each line says what the game does."""
    # Strings of TOML are written as those of JSON.
    lines = [f"name = {_quoted(name)}", f"purpose = {_quoted(purpose)}", "", "[families]"]
    families = dict.fromkeys(one.family for one in found)
    for family in families:
        lines.append(f"{family} = [")
        for one in found:
            if one.family == family:
                lines.append(f"    # {one.verdict.score:.2f} orders behind {one.verdict.rival}")
                lines.append(f"    {_quoted(one.game)},")
        lines.append("]")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
