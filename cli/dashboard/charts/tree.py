"""The tree of a run, laid out here: the line to the best goes straight down, branches lie beside it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

from nashforge.archive import Relative
from nashforge.cli.rendering import output
from nashforge.evolve.results.lineage import Family

STEP_X, STEP_Y = 16, 26
"""Distance of columns and of generations."""


@dataclass(frozen=True)
class Node:
    """A candidate in the tree, at a place in pixels; its kind is the class that colours it."""

    item: Relative
    x: int
    y: int
    kind: str


@dataclass(frozen=True)
class Tree:
    """A family that is drawn.

    Attributes
    ----------
    links, crossings, best : str
        Paths of the edges to first parents, to second parents, and of those that lead to the best.
    """

    nodes: tuple[Node, ...]
    links: str
    crossings: str
    best: str
    width: int
    height: int

    def circles(self) -> Markup:
        """Return the candidates as SVG, made at once: a template takes a second for ten thousand."""
        made = []
        for node in self.nodes:
            item = node.item
            told = f"#{item.index} {item.nickname or item.status} {output.fitness(item.train)}"
            size = 6 if node.kind == "best" else 5
            made.append(
                f'<circle class="{node.kind}" cx="{node.x}" cy="{node.y}" r="{size}" '
                f'data-p="{escape(item.program or "")}" data-t="{escape(told)}"/>'
            )
        return Markup("\n".join(made))  # everything that others wrote is escaped above


def tree_of(family: Family) -> Tree:
    """Lay out a family: generations downwards, and every subtree in columns of its own.

    The subtree that leads to the best keeps the column of its parent, so that the line of descent is
    straight. Columns are shared by subtrees that lie below one another.
    """
    column: dict[int, int] = {}
    depth: dict[int, int] = {}
    used: dict[int, int] = {}  # the first free column of each generation
    waiting: list[tuple[Relative, int, int]] = [(root, 0, 0) for root in reversed(family.roots())]
    mains = {key: family.main_child(item) for key, item in family.members.items()}
    while waiting:
        item, level, wanted = waiting.pop()
        # A chain goes down one column as far as it leads; it needs that column free in all its generations.
        chain = [item]
        while (following := mains[chain[-1].id]) is not None:
            chain.append(following)
        place = max([wanted, *(used.get(level + k, 0) for k in range(len(chain)))])
        for k, one in enumerate(chain):
            column[one.id], depth[one.id] = place, level + k
            used[level + k] = place + 1
        for k, one in enumerate(chain):
            main = mains[one.id]
            sides = [
                child for child in family.children.get(one.id, ()) if main is None or child.id != main.id
            ]
            waiting += [(child, level + k + 1, place + 1) for child in reversed(sides)]
    nodes = tuple(
        Node(item, _x(column[key]), _y(depth[key]), _kind(family, item))
        for key, item in family.members.items()
        if key in column
    )
    places = {node.item.id: (node.x, node.y) for node in nodes}
    links: list[str] = []
    crossings: list[str] = []
    best: list[str] = []
    for item in family.members.values():
        parents = family.parents_of(item.id)
        for number, parent in enumerate(parents):
            if item.id in places and parent in places:
                path = _edge(*places[parent], *places[item.id])
                chosen = number == 0 and item.id in family.best and parent in family.best
                (crossings if number else best if chosen else links).append(path)
    width = max((node.x for node in nodes), default=0) + STEP_X
    height = max((node.y for node in nodes), default=0) + STEP_Y
    return Tree(nodes, "".join(links), "".join(crossings), "".join(best), width, height)


def _x(column: int) -> int:
    return STEP_X + column * STEP_X


def _y(level: int) -> int:
    return STEP_Y // 2 + level * STEP_Y


def _edge(x: int, y: int, to_x: int, to_y: int) -> str:
    if x == to_x:
        return f"M{x} {y}V{to_y}"
    middle = to_y - STEP_Y // 2
    return f"M{x} {y}C{x} {middle} {to_x} {middle} {to_x} {to_y}"


def _kind(family: Family, item: Relative) -> str:
    if item.train is None:
        return "failed" if item.status.failed else "open"
    if item.id in family.best:
        return "best"
    return "verified" if item.validation is not None else "plain"
