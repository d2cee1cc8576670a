"""The tree of a run, laid out here: the line to the best goes straight down, branches lie beside it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

from nashforge.cli.rendering import output
from nashforge.evolve.results.lineage import Family, Kin

STEP_X, STEP_Y = 16, 26
"""Distance of columns and of generations."""

_LOOK = {
    kind: f'class="{kind}" r="{6 if kind == "best" else 5}"'
    for kind in ("best", "verified", "plain", "failed", "open")
}


@dataclass(frozen=True)
class Tree:
    """A family that is drawn.

    Attributes
    ----------
    count : int
        Candidates in it.
    circles : Markup
        The candidates as SVG, made here: a template takes a second for ten thousand.
    links, crossings, best : str
        Paths of the edges to first parents, to second parents, and of those that lead to the best.
    """

    count: int
    circles: Markup
    links: str
    crossings: str
    best: str
    width: int
    height: int


def tree_of(family: Family[Kin]) -> Tree:
    """Draw a family: generations downwards, and every subtree in columns of its own.

    The subtree that leads to the best keeps the column of its parent, so that the line of descent is
    straight. Columns are shared by subtrees that lie below one another.
    """
    places = _places(family)
    # In a circle of imported runs nobody stands first: such candidates have no place.
    shown = [item for key, item in family.members.items() if key in places]
    names = _escaped([item.nickname or item.status for item in shown])
    hashes = _escaped([item.program or "" for item in shown])
    circles: list[str] = []
    links: list[str] = []
    crossings: list[str] = []
    best: list[str] = []
    for item, name, program in zip(shown, names, hashes, strict=True):
        key = item.id
        x, y = places[key]
        circles.append(
            f'<circle {_LOOK[_kind(family, item)]} cx="{x}" cy="{y}" data-p="{program}" '
            f'data-t="#{item.index} {name} {output.fitness(item.train)}"/>'
        )
        group = best if key in family.best else links  # what the best was made from leads to it, too
        for parent in family.parents.get(key, ()):
            if parent in places:
                from_x, from_y = places[parent]
                if x == from_x:
                    group.append(f"M{x} {from_y}V{y}")
                else:
                    # A curve in steps from where it begins: their numbers are short.
                    right, down = x - from_x, y - from_y
                    bend = down - STEP_Y // 2
                    group.append(f"M{from_x} {from_y}c0 {bend} {right} {bend} {right} {down}")
            group = crossings
    width = max((x for x, _ in places.values()), default=0) + STEP_X
    height = max((y for _, y in places.values()), default=0) + STEP_Y
    drawn = Markup("\n".join(circles))  # what others wrote is escaped above
    return Tree(len(circles), drawn, "".join(links), "".join(crossings), "".join(best), width, height)


def _places(family: Family[Kin]) -> dict[int, tuple[int, int]]:
    """Return where each candidate stands, in pixels."""
    places: dict[int, tuple[int, int]] = {}
    used: list[int] = []  # the first free column of each generation
    item: Kin
    level: int
    wanted: int
    waiting = [(root, 0, 0) for root in reversed(family.roots())]
    mains, children = family.main_children, family.children
    while waiting:
        item, level, wanted = waiting.pop()
        # A chain goes down one column as far as it leads; it needs that column free in all its generations.
        chain = [item]
        while (following := mains.get(chain[-1].id)) is not None:
            chain.append(following)
        end: int = level + len(chain)
        taken: list[int] = used[level:end]
        column: int = max([wanted, *taken])
        used[level:end] = [column + 1] * len(chain)
        x = STEP_X + column * STEP_X
        for generation, one in enumerate(chain, level):
            places[one.id] = x, STEP_Y // 2 + generation * STEP_Y
            below = children.get(one.id, ())
            if len(below) > 1:
                main = mains[one.id].id
                sides = [(child, generation + 1, column + 1) for child in below if child.id != main]
                waiting += reversed(sides)
    return places


def _escaped(texts: list[str]) -> list[str]:
    """Return texts as they may stand in an attribute.

    As a rule none has to be changed, and to look at each of ten thousand takes as long as to draw them.
    """
    together = "".join(texts)
    changed = any(mark in together for mark in "&<>\"'")
    return [str(escape(text)) for text in texts] if changed else texts


def _kind(family: Family[Kin], item: Kin) -> str:
    if item.train is None:
        return "failed" if item.status.failed else "open"
    if item.id in family.best:
        return "best"
    return "verified" if item.validation is not None else "plain"
