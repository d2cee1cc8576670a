"""The structure of the package, measured from its imports: rooms, floors, arrows and cycles.

A *room* of a package is a module or sub-package directly inside it; an *arrow* leads from a room to one that
it imports when it is imported itself; a room's *floor* is one above the highest room that it needs. Imports
inside functions (lazy) and under ``TYPE_CHECKING`` (typing) are counted apart: they order nothing at import
time, but an upward one of them is a dependency all the same.

    python -m tools.structure            a line for every package with rooms
    python -m tools.structure evolve     its rooms by floor, and all upward lazy and typing imports
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("games", "solvers", "archive", "prompts", "evolve", "cli")

Arrows = Mapping[str, set[str]]


@dataclass(frozen=True)
class Structure:
    """The modules of the repository and what they import.

    Attributes
    ----------
    files : dict
        Path of every module, by its name without ``nashforge.``.
    top, late : dict
        What every module imports at the top, and inside functions or for types only.
    """

    files: dict[str, Path]
    top: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    late: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def packages(self) -> list[str]:
        """Return all packages that have rooms, outermost first."""
        names = {name.rpartition(".")[0] for name in self.files} - {""}
        return sorted(names, key=lambda name: (name.count("."), name))

    def room(self, module: str, package: str) -> str | None:
        """Return the room of a package that a module belongs to, if any."""
        inside = module.removeprefix(f"{package}.")
        return inside.split(".")[0] if inside != module else None

    def rooms(self, package: str) -> set[str]:
        """Return the rooms of a package."""
        return {room for name in self.files if (room := self.room(name, package))}

    def arrows(self, package: str, *, late: bool = False) -> dict[str, set[str]]:
        """Return which rooms of a package each of its rooms imports, at the top or late."""
        found: dict[str, set[str]] = {room: set() for room in self.rooms(package)}
        for module, imported in (self.late if late else self.top).items():
            for other in imported:
                here, there = self.room(module, package), self.room(other, package)
                if here and there and here != there:
                    found[here].add(there)
        return found

    def flat_files(self, package: str) -> int:
        """Return how many modules lie beside the sub-packages of a package; 0 if it has no sub-packages."""
        rooms = self.rooms(package)
        folders = {room for room in rooms if self.files[f"{package}.{room}"].name == "__init__.py"}
        return len(rooms - folders) if folders else 0


def read(root: Path = ROOT) -> Structure:
    """Read all modules of the repository."""
    files = {}
    for package in PACKAGES:
        for path in (root / package).rglob("*.py"):
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            files[name.removesuffix(".__init__")] = path
    structure = Structure(files)
    for module, path in files.items():
        for target, is_late in _imports(ast.parse(path.read_text(encoding="utf-8"))):
            if target in files and target != module:
                (structure.late if is_late else structure.top)[module].add(target)
            elif (parent := target.rpartition(".")[0]) in files and parent != module:
                (structure.late if is_late else structure.top)[module].add(parent)
    return structure


def _imports(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Yield what a module imports of ours, each with whether it does so late."""
    at_top = set(tree.body)
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("nashforge."):
                yield name.removeprefix("nashforge."), node not in at_top


def cycle(arrows: Arrows) -> list[str] | None:
    """Return rooms that import each other in a circle, or None."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(error.args[1])
    return None


def floors(arrows: Arrows) -> dict[str, int]:
    """Return the floor of every room, from 1; the arrows must have no cycle."""
    found: dict[str, int] = {}
    for room in TopologicalSorter(arrows).static_order():
        found[room] = 1 + max((found[below] for below in arrows[room]), default=0)
    return found


def main(packages: list[str]) -> None:
    """Print the structure."""
    structure = read()
    print(f"{'package':40} rooms floors arrows cycle  beside  late up")
    for package in packages or [name for name in structure.packages() if len(structure.rooms(name)) > 1]:
        arrows, late = structure.arrows(package), structure.arrows(package, late=True)
        circle = cycle(arrows)
        level = {} if circle else floors(arrows)
        upward = {
            (here, there)
            for here in late
            for there in late[here]
            if level.get(there, 0) >= level.get(here, 0)
        }
        print(
            f"{package:40} {len(arrows):5} {max(level.values(), default=0):6} "
            f"{sum(map(len, arrows.values())):6} {'yes' if circle else 'no':>5} "
            f"{structure.flat_files(package):7} {len(upward):8}"
        )
        if packages:
            for room in sorted(level, key=lambda room: (level[room], room)):
                print(f"  {level[room]} {room:20} {' '.join(sorted(arrows[room]))}")
            for here, there in sorted(upward):
                print(f"    late, upwards: {here} -> {there}")


if __name__ == "__main__":
    main(sys.argv[1:])
