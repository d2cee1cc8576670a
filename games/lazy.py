"""Packages whose names are imported on first use, so that importing the package loads nothing heavy.

What a package exports is written once, for type checkers and for people: ``from module import name as name``
under ``if TYPE_CHECKING``. The attributes of the module (PEP 562) are read from there.
"""

from __future__ import annotations

import _ast  # the parser's own nodes: importing `ast` takes longer than all the rest
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any


def exports(package: str) -> tuple[list[str], Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__all__``, ``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package
        Its name, ``__name__``; its source has the exports under ``if TYPE_CHECKING``.
    """
    loader: Any = sys.modules[package].__loader__
    tree: Any = compile(loader.get_source(package), package, "exec", _ast.PyCF_ONLY_AST)
    homes: dict[str, str] = {
        alias.name: str(imported.module)
        for block in tree.body
        if isinstance(block, _ast.If)
        for imported in block.body
        if isinstance(imported, _ast.ImportFrom)
        for alias in imported.names
    }

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    names = sorted(homes)
    return names, find, lambda: names
