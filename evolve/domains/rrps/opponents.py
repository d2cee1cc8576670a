"""Programs that are played against, as who writes an answer to them is told: by code, or in a sentence."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from nashforge.evolve.evaluation.messages import Opponent

MOST_CHARACTERS = 16_000
"""Of opponents' code that one prompt shows: the heaviest first, the others by their summaries."""


@dataclass(frozen=True)
class ToldOpponent:
    """An opponent in a prompt.

    Attributes
    ----------
    share : float
        Of the return that is counted.
    summary : str
        What the program says of itself.
    code : str
        Its source; empty where there is no room.
    """

    name: str
    share: float
    summary: str
    code: str


def told_of(opponents: Sequence[Opponent], room: int = MOST_CHARACTERS) -> list[ToldOpponent]:
    """Return what is told of opponents, the heaviest first; those without weight are left out."""
    total = sum(each.weight for each in opponents)
    told = []
    for each in sorted(opponents, key=lambda one: -one.weight):
        if each.weight <= 0:
            continue
        shown = len(each.source) <= room
        room -= len(each.source) if shown else 0
        told.append(
            ToldOpponent(
                each.name, each.weight / total, summary_of(each.source), each.source if shown else ""
            )
        )
    return told


def summary_of(source: str) -> str:
    """Return the first paragraph of a program's own documentation; of none, the names of what it calls."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return "a program that cannot be read"
    documents: list[ast.Module | ast.ClassDef] = [tree]
    documents += [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for node in documents:
        documented = ast.get_docstring(node)
        if documented:
            return " ".join(documented.split("\n\n")[0].split())
    called = dict.fromkeys(
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    )
    return f"a player that uses {', '.join(called)}" if called else "a player without any predictor"
