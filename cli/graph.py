"""Family trees as text, as a Graphviz graph, and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cli import output

if TYPE_CHECKING:
    from rich.console import Console

    from archive import Candidate
    from evolve.ancestry import Family


def as_dict(family: Family) -> dict[str, Any]:
    """Return candidates and relations."""
    from cli.records import candidate_as_dict

    place = {key: number for number, key in enumerate(family.members)}
    return {
        "name": family.title,
        "run": None if family.run is None else family.run.nickname,
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


def as_dot(family: Family) -> str:
    """Return a graph for Graphviz: ``nashforge lineage ... --format dot | dot -Tsvg``."""
    lines = [
        f"digraph {_quoted(family.title)} {{",
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica", fontsize=10];',
        '  edge [color="#666666"];',
    ]
    for key, member in family.members.items():
        label = f"{member.nickname or member.status}\n#{member.index}  {output.fitness(member.train)}"
        colour = "#cdeccd" if key in family.best else "#f6d5d5" if member.train is None else "white"
        tooltip = _quoted(edit(member))
        lines.append(f"  n{key} [label={_quoted(label)}, fillcolor={_quoted(colour)}, tooltip={tooltip}];")
    for edge in family.edges:
        if edge.child in family.members and edge.parent in family.members:
            style = "" if str(edge.role) == "parent" else " [style=dashed]"
            lines.append(f"  n{edge.parent} -> n{edge.child}{style};")
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    # A JSON string is a valid quoted string of the DOT language, but for escapes of other characters.
    return json.dumps(text, ensure_ascii=False)


def edit(candidate: Candidate) -> str:
    """Return what was changed, in words."""
    if candidate.operator == "seed":
        return f"seed: {candidate.note}"
    return candidate.note or candidate.reason or candidate.operator


def print_tree(screen: Console, family: Family) -> None:
    """Print a tree whose main line, which leads to the best program, is not indented.

    Side branches are indented once each; so a descent of a hundred edits stays readable.
    """
    from evolve.ancestry import main_child

    children = family.children()
    waiting: list[tuple[Candidate, str, str]] = [(root, "", "") for root in reversed(family.roots())]
    if not waiting:
        screen.print(f"Nothing of {family.title} has been measured yet; see `nashforge status`.")
        return
    while waiting:
        member, lead, rest = waiting.pop()
        screen.print(_line(family, member, lead, screen.width), overflow="ellipsis", no_wrap=True)
        main = main_child(family, children, member.id)
        if main is None:
            continue
        waiting.append((main, rest, rest))
        sides = [child for child in children[member.id] if child.id != main.id]
        for side in reversed(sides):
            waiting.append((side, rest + "├─", rest + "│ "))
    screen.print("[dim]● leads to the best   ○ other   × second parent   numbers: training fitness[/]")


def _line(family: Family, member: Candidate, lead: str, width: int) -> str:
    chosen = member.id in family.best
    dot = "[green]●[/]" if chosen else "○"
    if member.train is None:
        name, value = f"[red]{member.nickname or '-'} {member.status}[/]", ""
        size = len(f"{member.nickname or '-'} {member.status}")
    else:
        colour = "bold green" if chosen else "cyan"
        name, value = f"[{colour}]{member.nickname}[/]", output.fitness(member.train)
        size = len(member.nickname or "") + 1 + len(value)
    others = "".join(f" × {partner.nickname}" for partner in family.partners(member))
    head = f"{lead}{dot} {name} {value}[dim]{others}[/]"
    room = max(width - len(lead) - 2 - size - len(others) - 2, 8)
    return f"{head}  [dim]{output.plain(output.shorten(edit(member), room))}[/]"
