"""Declarations of options and arguments: what people read first, and what typer wants behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer


def option(
    metavar: str,
    help: str,
    *names: str,
    complete: Callable[[str], list[str]] | None = None,
    show_default: bool = False,
    **more: Any,
) -> Any:
    """Return an option with a value.

    Parameters
    ----------
    metavar
        What stands for the value.
    help
        One line, with the default where it is none of Python's.
    names
        Such as ``--output`` and ``-o``; none: the name of the parameter.
    show_default
        Whether Python's default is told.
    complete
        Completes it in a shell.
    more
        As for `typer.Option`.
    """
    return typer.Option(
        *names, metavar=metavar, help=help, autocompletion=complete, show_default=show_default, **more
    )


def flag(help: str, *names: str, show_default: bool = False) -> Any:
    """Return an option without a value, or one with a few values that typer names."""
    return typer.Option(*names, help=help, show_default=show_default)


def argument(
    metavar: str, help: str, complete: Callable[[str], list[str]] | None = None, show_default: bool = False
) -> Any:
    """Return an argument, with what completes it in a shell."""
    return typer.Argument(metavar=metavar, help=help, autocompletion=complete, show_default=show_default)
