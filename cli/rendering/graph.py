"""Family trees as text, as a Graphviz graph, and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nashforge.cli.rendering import output
from nashforge.cli.rendering.records import candidate_as_dict

if TYPE_CHECKING:
    from rich.console import Console

    from nashforge.archive import Candidate, Relative
    from nashforge.evolve.results.lineage import Family


def as_dict(family: Family[Relative]) -> dict[str, Any]:
    """Return candidates and relations."""

    place = {key: number for number, key in enumerate(family.members)}
    return {
        "name": family.title,
        "run": None if family.run is None else family.run.nickname,
        "complete": family.complete,
        "nodes": [
            {"id": place[key], "best_line": key in family.best, **candidate_as_dict(member)}
            for key, member in family.members.items()
        ],
        "edges": [
            {"child": place[edge.child], "parent": place[edge.parent], "role": str(edge.role)}
            for edge in family.edges
            if edge.child in place and edge.parent in place
        ],
    }


def as_dot(family: Family[Relative]) -> str:
    """Return a graph for Graphviz: ``nashforge lineage ... --format dot | dot -Tsvg``."""
    lines = [
        f"digraph {_quoted(family.title)} {{",
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=10];',
        '  edge [color="#666666"];',
    ]
    for key, member in family.members.items():
        label = f"{member.nickname or member.status}\n#{member.index}  {output.fitness(member.train)}"
        colour = "#cdeccd" if key in family.best else "#f6d5d5" if member.train is None else "white"
        tooltip = _quoted(output.visible(edit(member), "\n"))
        lines.append(f"  n{key} [label={_quoted(label)}, fillcolor={_quoted(colour)}, tooltip={tooltip}];")
    for edge in family.edges:
        if edge.child in family.members and edge.parent in family.members:
            style = "" if str(edge.role) == "parent" else " [style=dashed]"
            lines.append(f"  n{edge.parent} -> n{edge.child}{style};")
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    # A JSON string is a valid quoted string of the DOT language, but for escapes of other characters.
    return json.dumps(text, ensure_ascii=False)


def edit(candidate: Candidate | Relative) -> str:
    """Return what was changed, in words."""
    if candidate.operator != "seed" and candidate.reason and not candidate.note:
        return candidate.reason
    return output.edit_of(candidate)


def print_tree(screen: Console, family: Family[Relative]) -> None:
    """Print a tree whose main line, which leads to the best program, is not indented.

    Side branches are indented once each; so a descent of a hundred edits stays readable.
    """
    from rich.segment import Segment, Segments

    waiting: list[tuple[Relative, str, str]] = [(root, "", "") for root in reversed(family.roots())]
    if not waiting:
        screen.print(f"Nothing of {family.title} has been measured yet; see `nashforge status`.")
        return
    # Put together here, because rich takes half a millisecond to lay out a line, and there may be thousands.
    styles = {name: screen.get_style(name) for name in ("green", "bold green", "cyan", "red", "dim")}
    segments: list[Segment] = []
    width, end = screen.width, Segment.line()
    while waiting:
        member, lead, rest = waiting.pop()
        segments += [Segment(text, styles.get(style)) for text, style in _line(family, member, lead, width)]
        segments.append(end)
        main = family.main_children.get(member.id)
        if main is None:
            continue
        waiting.append((main, rest, rest))
        sides = [child for child in family.children[member.id] if child.id != main.id]
        for side in reversed(sides):
            waiting.append((side, rest + "├─", rest + "│ "))
    screen.print(Segments(segments), end="", crop=False)
    if not family.complete:
        which = "the nearest" if family.run is None else "the best of the run, and what they descend from"
        screen.print(f"[yellow]{len(family.members)} are shown: {which}; more with --limit[/]")
    screen.print("[dim]● leads to the best   ○ other   × second parent   numbers: training fitness[/]")


def _line(family: Family[Relative], member: Relative, lead: str, width: int) -> list[tuple[str, str]]:
    """Return a line of the tree as texts with their styles."""
    chosen = member.id in family.best
    if member.train is None:
        name, colour, value = f"{member.nickname or '-'} {member.status}", "red", ""
    else:
        name, colour = member.nickname or "-", "bold green" if chosen else "cyan"
        value = f" {output.fitness(member.train)}"
    value += "" if member.imported is None else " imported"
    others = "".join(f" × {partner.nickname}" for partner in family.partners(member))
    taken = len(lead) + 2 + len(name) + len(value) + len(others) + 2
    told = output.shorten(edit(member), max(width - taken, 8))
    if not told.isprintable():
        told = output.visible(told)
    start = [(lead, ""), ("● ", "green")] if chosen else [(f"{lead}○ ", "")]
    line = [*start, (name, colour), (value, ""), (f"{others}  {told}", "dim")]
    # Nearly all lines fit, and cells of the terminal need not be counted for letters.
    return line if told.isascii() and taken + len(told) <= width else _cut(line, width)


def _cut(pieces: list[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    """Return a line that fits: cut off with an ellipsis if it is too long."""
    from rich.cells import cell_len, set_cell_size

    if cell_len("".join(text for text, _ in pieces)) <= width:
        return pieces
    fitting, room = list[tuple[str, str]](), width - 1
    for text, style in pieces:
        size = cell_len(text)
        if size > room:
            return [*fitting, (set_cell_size(text, room) + "…", style)]
        fitting.append((text, style))
        room -= size
    return fitting
