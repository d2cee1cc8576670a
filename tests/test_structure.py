"""How the packages are laid out: rooms on floors, each of which needs only what lies below it."""

from __future__ import annotations

import importlib
import re
from collections import defaultdict

import pytest

from tools import lines
from tools.structure import Structure, cycle, floors, read

FLOORS = {
    "games": (
        "errors folders lazy naming sequence_form texts",
        "compiled guards leaves roshambo",
        "dilemmas files generators",
        "loading",
        "compilation markov suites writing",
        "disguises matrix meanfield",
    ),
    "solvers": (
        "sequence_form",
        "programs",
        "cfr meanfield risk",
        "equilibria mccfr",
        "metrics psro",
        "learners policies rrps",
        "solving",
        "stepping",
    ),
    "archive": (
        "addresses agents calls errors hashing nicknames records work",
        "storage",
        "migrations stores",
        "store",
        "transfer",
    ),
    "evolve": (
        "sandbox",
        "evaluation",
        "domains",
        "config executors",
        "challenge proposers",
        "search service",
        "measurement synthesis",
        "benchmarking diagnosis results",
        "agents runs",
    ),
    "cli": (
        "watchdog watchdog_process",
        "errors interrupts",
        "pipes",
        "options",
        "rendering",
        "dashboard",
        "report",
        "commands",
        "main",
    ),
}
"""The rooms of a package, from the lowest floor up: what is imported stands on a lower one."""

JUSTIFIED = {
    ("cli", "errors", "rendering"): "errors are printed as everything else is, loaded when there is one",
    ("cli", "options", "rendering"): "files that options name are told when they are written",
    ("games", "suites", "loading"): "games of a suite are loaded to tell repetitions, when a suite is read",
    ("evolve", "domains", "proposers"): "a domain brings its offline proposer, loaded when one is asked for",
}
"""Dependencies upwards by imports in functions or for types, and why."""

MOST_EQUAL_LINES = 9

PROGRAMS = (
    "cfr/rules/",
    "psro/meta_solvers/",
    "learners/rules/",
    "meanfield/rules/",
    "policies/library/",
    "rrps/library/",
    "fragments/library/",
)
"""Programs of the libraries are whole texts of their own, and may say the same."""

MOST_ROOMS, MOST_FLOORS, MOST_FILES_BESIDE = 16, 9, 12


NOT_OF_THE_COMMAND_LINE = re.compile(
    r"solvers\.sequence_form\b|.*\b(kernels|engine|tables)$|evolve\.domains\.(cfr|mfg|psro|rqe|rrps|games|dilemmas)\b"
)
"""What computes, and domains by name: commands ask a facade, and the domain that a person names."""

OF_DILEMMAS_ALONE = {"cli.commands.synthesize"}


@pytest.fixture(scope="module")
def structure() -> Structure:
    return read()


@pytest.mark.parametrize("package", FLOORS)
def test_rooms_need_only_what_lies_below(structure: Structure, package: str) -> None:
    level = {room: k for k, rooms in enumerate(FLOORS[package]) for room in rooms.split()}
    assert set(level) == structure.rooms(package), "a room is missing from the table, or is gone"
    top, late = structure.arrows(package), structure.arrows(package, late=True)
    upward = [f"{a} -> {b}" for a in top for b in top[a] if level[b] >= level[a]]
    assert upward == []
    hidden = {(package, a, b) for a in late for b in late[a] if level[b] >= level[a]}
    assert hidden <= set(JUSTIFIED), "say in JUSTIFIED why, or turn the dependency round"


def test_what_is_justified_is_there(structure: Structure) -> None:
    for package, here, there in JUSTIFIED:
        assert there in structure.arrows(package, late=True)[here]


def test_no_rooms_import_each_other_in_a_circle(structure: Structure) -> None:
    circles = {package: cycle(structure.arrows(package)) for package in structure.packages()}
    assert {package: circle for package, circle in circles.items() if circle} == {}


def test_packages_are_neither_wide_nor_high_nor_flat(structure: Structure) -> None:
    for package in ("evolve", "solvers"):
        assert len(structure.rooms(package)) <= MOST_ROOMS
        assert max(floors(structure.arrows(package)).values()) <= MOST_FLOORS
    beside = {package: structure.flat_files(package) for package in structure.packages()}
    assert {package: count for package, count in beside.items() if count > MOST_FILES_BESIDE} == {}


def test_the_command_line_computes_nothing_and_knows_no_domain(structure: Structure) -> None:
    for module in structure.files:
        if module.startswith("cli.") and module not in OF_DILEMMAS_ALONE:
            needed = structure.top[module] | structure.late[module]
            assert [name for name in needed if NOT_OF_THE_COMMAND_LINE.match(name)] == [], module


def test_no_name_of_a_package_hides_a_room_of_it(structure: Structure) -> None:
    """A function that is imported lazily would be replaced by a module of its name, once that is loaded."""
    for package in structure.packages():
        if package:
            exported = set(getattr(importlib.import_module(f"nashforge.{package}"), "__all__", ()))
            assert exported & structure.rooms(package) == set(), package


def test_no_block_of_code_stands_twice() -> None:
    """Imports and the parameters of a signature are no block: what they list is asked for, not done."""
    listing = re.compile(r"(from|import) |\w+(: [^=]+)?,$|\W*$")
    places: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path in lines.product():
        name = path.relative_to(lines.ROOT).as_posix()
        text = path.read_text().splitlines()
        code = [(number, text[number - 1].strip()) for number in lines.code_lines(path.read_text())]
        code = [(number, line) for number, line in code if not listing.match(line)]
        if any(library in name for library in PROGRAMS):
            continue
        for block in zip(*(code[shift:] for shift in range(MOST_EQUAL_LINES + 1)), strict=False):
            places[tuple(line for _, line in block)].append(f"{name}:{block[0][0]}")
    assert [where for where in places.values() if len(where) > 1] == []
