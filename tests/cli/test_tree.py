"""Family trees: lines as rich would lay them out; the main line leads to the best below every candidate."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment, Segments
from rich.text import Text

from nashforge.archive import Edge, Relative, Role, Status
from nashforge.cli.rendering.graph import _cut, print_tree
from nashforge.evolve.results.lineage import Family, parents_in
from nashforge.evolve.search.population.ranking import merit

STYLES = ("", "green", "bold green", "cyan", "red", "dim")
PIECES = st.lists(
    st.tuples(st.text(st.sampled_from("ab ●○×├─│…字語é🙂"), max_size=12), st.sampled_from(STYLES)), max_size=8
)


def screen(width: int, *, colours: bool = True) -> Console:
    return Console(
        file=io.StringIO(), width=width, force_terminal=colours, color_system="truecolor" if colours else None
    )


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@given(PIECES, st.integers(4, 60))
def test_lines_are_cut_as_rich_cuts_them(pieces: list[tuple[str, str]], width: int) -> None:
    ours, theirs = screen(width), screen(width)
    line = [Segment(text, ours.get_style(style)) for text, style in _cut(pieces, width)]
    ours.print(Segments([*line, Segment.line()]), end="")
    theirs.print(Text.assemble(*pieces), overflow="ellipsis", no_wrap=True)
    plain = [Text.from_ansi(printed(console)).plain.rstrip() for console in (ours, theirs)]
    assert plain[0] == plain[1]


def relative(number: int, train: float | None, note: str = "an edit") -> Relative:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    status = Status.CRASHED if train is None else Status.OK
    return Relative(
        *(number, 1, "calm-lake", number, status, f"{number:064x}", f"program-{number}"),
        *("mutate", "offline", 0, None, note, now, now, train, None, None),
    )


@pytest.fixture
def family() -> Family[Relative]:
    """Three hundred candidates, each made from one or two of the twenty before it."""
    rng = np.random.default_rng(5)
    members = {k: relative(k, float(rng.normal()) if rng.random() < 0.9 else None) for k in range(300)}
    edges = []
    for child in range(1, 300):
        first, second = (int(p) for p in rng.integers(max(0, child - 20), child, 2))
        edges += [Edge(child, first, Role.PARENT), Edge(child, second, Role.CROSSOVER)]
    return Family("calm-lake", None, members, parents_in(edges), frozenset({0}))


def below(family: Family[Relative], member: Relative) -> list[Relative]:
    found = [member]
    for child in family.children.get(member.id, ()):
        found += below(family, child)
    return found


def test_the_main_line_leads_to_the_best_below(family: Family[Relative]) -> None:
    for member in family.members.values():
        some = family.children.get(member.id, [])
        main = family.main_children.get(member.id)
        if not some:
            assert main is None
            continue
        assert main in some
        best = max(merit(item) for child in some for item in below(family, child))
        assert max(merit(item) for item in below(family, main)) == best


def test_everybody_is_in_the_tree_once(family: Family[Relative]) -> None:
    console = screen(100, colours=False)
    print_tree(console, family)
    *lines, legend = printed(console).splitlines()
    assert legend.startswith("● leads to the best")
    assert len(lines) == 300
    names = {line.partition("program-")[2].split()[0] for line in lines}
    assert names == {str(key) for key in family.members}
    assert all(len(line) <= 100 for line in lines)


def test_both_parents_of_a_crossover_are_named() -> None:
    members = {k: relative(k, 0.1 * k) for k in range(3)}
    edges = (Edge(2, 0, Role.PARENT), Edge(2, 1, Role.CROSSOVER))
    found = Family("calm-lake", None, members, parents_in(edges))
    assert [item.id for item in found.partners(members[2])] == [1]
    assert [item.id for item in found.roots()] == [0, 1]
    console = screen(80, colours=False)
    print_tree(console, found)
    assert "program-2 +0.200 × program-1  an edit" in printed(console)


def test_what_a_note_says_is_neither_markup_nor_control() -> None:
    found = Family("calm-lake", None, {0: relative(0, 0.5, "[red]\x1b[2J [/]")}, {})
    console = screen(80, colours=False)
    print_tree(console, found)
    assert "[red]\\x1b[2J [/]" in printed(console)
    assert "\x1b" not in printed(console)
