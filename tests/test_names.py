"""Names such as ``nashforge.games.compile`` in docs, docstrings, comments and tables stand for something."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from nashforge.evolve import domains
from nashforge.evolve.proposers import registry as proposers
from nashforge.solvers.metrics import registry as metrics
from tools.lines import PACKAGES, ROOT

NAME = re.compile(r"\bnashforge(?:\.[A-Za-z_]\w*)+")
OTHERS = {domains.ENTRY_POINTS, proposers.ENTRY_POINTS, metrics.ENTRY_POINTS, "nashforge.db"}
"""Groups of entry points, and the file of an archive."""


def pages() -> list[Path]:
    """Return the files whose names must hold; the changelog tells of former ones."""
    folders = (*PACKAGES, "benchmarks", "docs", "tools")
    code = [path for folder in folders for kind in ("*.py", "*.md") for path in (ROOT / folder).rglob(kind)]
    tables = [ROOT / "pyproject.toml", *(ROOT / "tools").glob("*.toml")]
    return [*code, *tables, ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "nashforge").glob("*.py")]


def exists(name: str) -> bool:
    """Whether a module has a name, or a class of it an attribute or field."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return part in getattr(found, "__annotations__", {})
            found = getattr(found, part)
        return True
    return False


def test_names_of_what_is_gone_do_not_exist() -> None:
    assert exists("nashforge.solvers.solving.solve")
    assert exists("nashforge.games.SequenceForm.players")
    assert not exists("nashforge.solvers.solving.solve_psro")
    assert not exists("nashforge.evolve.offline.mutate")


def test_every_name_is_that_of_something() -> None:
    places: dict[str, str] = {}
    for path in pages():
        for match in NAME.finditer(path.read_text(encoding="utf-8")):
            places.setdefault(match.group(), path.relative_to(ROOT).as_posix())
    assert len(places) > 300
    gone = {name: place for name, place in places.items() if name not in OTHERS and not exists(name)}
    assert gone == {}
