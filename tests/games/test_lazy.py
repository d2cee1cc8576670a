"""Packages export what their source imports for type checkers, and load it on first use."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    folder = tmp_path / "exporting"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "from nashforge.games.lazy import exports\n"
        "if TYPE_CHECKING:\n"
        "    from exporting.heavy import number as number\n"
        "    from exporting.heavy import Thing as Thing\n"
        "__all__, __getattr__, __dir__ = exports(__name__)\n"
    )
    (folder / "heavy.py").write_text("number = 3\n\nclass Thing: pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "exporting"
    for name in ("exporting", "exporting.heavy"):
        sys.modules.pop(name, None)


def test_exports_are_listed_and_loaded_on_first_use(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__all__ == dir(module) == ["Thing", "number"]
    assert "exporting.heavy" not in sys.modules
    assert module.Thing.__module__ == "exporting.heavy"


def test_only_exports_are_found(package: str) -> None:
    with pytest.raises(AttributeError, match="module 'exporting' has no attribute 'missing'"):
        importlib.import_module(package).missing  # noqa: B018
