"""A folder of programs, one file each: seeds of searches, baselines and documentation at once."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nashforge.errors import NashforgeError
from nashforge.games.naming import choice
from nashforge.solvers.programs.arguments import ArgumentError


class NotInLibraryError(NashforgeError, ValueError):
    """No program of the library has the name that was given."""

    exit_code = 2


@dataclass(frozen=True)
class Library:
    """The programs of one kind that come with Nashforge.

    Attributes
    ----------
    folder : Path
        Holds a file ``NAME.py`` a program, and nothing else but ``__init__.py``.
    kind : str
        What a program is called, such as ``rule``.
    hint : str
        Added to the error of an unknown name, in brackets; what else is possible.
    """

    folder: Path
    kind: str
    hint: str = ""

    def names(self) -> tuple[str, ...]:
        """Return the names of all programs, sorted."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.py") if path.stem != "__init__"))

    def source(self, name: str) -> str:
        """Return the source of a program.

        Raises
        ------
        NotInLibraryError
            If the library has none of that name.
        """
        if name not in self.names():
            hint = f" ({self.hint})" if self.hint else ""
            raise NotInLibraryError(
                f"there is no {self.kind} {name!r} in the library; {choice(name, self.names())}{hint}"
            )
        return (self.folder / f"{name}.py").read_text(encoding="utf-8")

    def title(self, name: str) -> str:
        """Return the first line of a program's documentation."""
        return (ast.get_docstring(ast.parse(self.source(name))) or "").splitlines()[0]

    def load(self, program: str | Path | type) -> tuple[str, dict[str, Any]]:
        """Return the name and the executed module of a program, which is trusted.

        Parameters
        ----------
        program
            Name of one of the library, path of a Python file that defines one, or the class itself.

        Raises
        ------
        NotInLibraryError
            If a name is neither a program of the library nor a file.
        nashforge.solvers.programs.arguments.ArgumentError
            If it is neither a name, a path nor a class, or the file holds no Python.
        """
        from nashforge.solvers.programs.session import (
            load_module,  # needs numpy, which names of programs must not load
        )

        check_program(program)
        if isinstance(program, type):
            return program.__name__, {"__name__": program.__module__, program.__name__: program}
        path, name = Path(program), str(program)
        if name not in self.names() and path.suffix == ".py" and path.is_file():
            return path.stem, load_file(path)
        return name, load_module(self.source(name), name)


def check_program(program: Any) -> None:
    """Make sure that something can name a program, or be one.

    Raises
    ------
    nashforge.solvers.programs.arguments.ArgumentError
        If it is neither a name, a path nor a class.
    """
    if not isinstance(program, str | os.PathLike | type):
        raise ArgumentError(
            "a program is the name of one of the library, the path of a Python file, or a class; got "
            f"{program!r}"
        )


def load_file(path: Path) -> dict[str, Any]:
    """Return the executed module of a file, which is trusted.

    Raises
    ------
    nashforge.solvers.programs.arguments.ArgumentError
        If it holds no Python.
    """
    from nashforge.solvers.programs.session import load_module

    try:
        return load_module(read_source(path), path.stem)
    except SyntaxError as error:
        raise ArgumentError(f"{path} is no Python ({error.msg} in line {error.lineno}); mend it") from error


def read_source(path: Path) -> str:
    """Return the text of a file; errors as for `load_file`."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{path} is no text in UTF-8 ({error.reason}); save it as such") from error
