"""The ``nashforge`` command: its subcommands, and the one place where errors become exit codes."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections import UserDict
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from keyword import iskeyword
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nashforge.cli.errors import exit_code_of, report
from nashforge.cli.interrupts import stopping
from nashforge.cli.options.numbers import Command
from nashforge.cli.pipes import reading, with_streams
from nashforge.cli.rendering.output import wants_json

_NEGATIVE_PAYOFFS = re.compile(r"-\s*[\d.][\d.eE+-]*[\s,/;][\d\s.,/;eE+-]*")


class Commands(TyperGroup):
    """The top level: takes ``--debug`` anywhere, and turns every error into a sentence and an exit code.

    It loads the command that a line names and no other: the fifty others take longer to load and to make than
    a look at a run takes.
    """

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.commands = _Loaded(dict.fromkeys(_NAMES))

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, in the order of help."""
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands below the titles of their groups."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                title = getattr(command, "rich_help_panel", None) or "Commands"
                groups.setdefault(title, []).append((name, command.get_short_help_str(limit=200)))
        for title, rows in groups.items():
            with formatter.section(title):
                formatter.write_dl(rows, col_max=12)

    def make_context(self, info_name: Any, args: list[str], *positional: Any, **keywords: Any) -> Any:
        """Parse a line, and print help where it asks for that."""
        # A leading space tells payoffs that begin with a minus from an option.
        args = [f" {word}" if _NEGATIVE_PAYOFFS.fullmatch(word) else word for word in args]
        with reading():
            return super().make_context(info_name, args, *positional, **keywords)

    def invoke(self, ctx: Any) -> Any:
        """Run the command of a parsed line."""
        with reading():
            return super().invoke(ctx)

    def main(self, args: Sequence[str] | None = None, *positional: Any, **keywords: Any) -> Any:
        """Run a command line and exit."""
        with_streams()
        words = list(sys.argv[1:] if args is None else args)
        end = words.index("--") if "--" in words else len(words)
        debug = "--debug" in words[:end] or bool(os.environ.get("NASHFORGE_DEBUG"))
        words = [word for word in words[:end] if word != "--debug"] + words[end:]
        as_json = wants_json("--json" in words[:end] or (False if "--no-json" in words[:end] else None))
        keywords["standalone_mode"] = False
        try:
            with stopping():
                code = super().main(words, *positional, **keywords)
        except KeyboardInterrupt:
            sys.exit(130)
        except Exception as error:  # noqa: BLE001  the one place where every error ends
            if debug:
                import traceback

                traceback.print_exception(error)
            with reading():
                report(error, as_json=as_json)
            sys.exit(exit_code_of(error))
        sys.exit(code if isinstance(code, int) else 0)


app = typer.Typer(
    name="nashforge",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,  # rich takes longer to load than a person should wait for help
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"nashforge {version('nashforge')}")
        except PackageNotFoundError:
            print("nashforge (not installed, running from its source)")
        raise typer.Exit


@app.callback()
def nashforge(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks of errors; may stand anywhere.")
    ] = False,
) -> None:
    """Discover game-theoretic algorithms by evolving their code.

    Start with: nashforge run cfr
    """
    # Thousands of rows are built at once, and none is garbage: at the usual threshold, looking for it takes a
    # third of the time of a lineage of 10,000 candidates.
    gc.set_threshold(50_000, 20, 100)


COMMANDS = {
    "Search": "run csro synthesize pause resume stop runs dashboard status best report costs",
    "Agents": "ask measure tell give_up notes context mcp",
    "Programs": "show watch lineage diff evaluate compare audit probe bench challenge distill export import",
    "Games and solving": "solve equilibrium humans risk games rules suites",
    "Service": "worker workers",
    "This machine": "doctor",
}
"""Modules of ``commands/``, each with a function of its name, by the titles that help shows them under."""

GROUPS = {"Service": "service", "Search": "calls prompt", "Agents": "agent", "This machine": "archive db"}
"""Modules with several commands, likewise."""


class _Loaded(UserDict[str, Any]):
    """The commands by their names: each is loaded and made when it is asked for, and then kept."""

    def __getitem__(self, name: str) -> Any:
        return _command(name) if name in self.data else super().__getitem__(name)


@cache
def _command(name: str) -> Any:
    """Return a command, or a group of commands, made of its module."""
    word = name.replace("-", "_")
    module = f"{word}_" if iskeyword(word) else word
    found = getattr(import_module(f"nashforge.cli.commands.{module}"), module)
    one = typer.Typer(add_completion=False, rich_markup_mode=None)
    if word in " ".join(GROUPS.values()).split():
        one.add_typer(found, name=name, rich_help_panel=_NAMES[name])
    else:
        one.command(name, cls=Command, rich_help_panel=_NAMES[name])(found)
    return typer.main.get_group(one).commands[name]


_NAMES = {
    name.replace("_", "-"): panel
    for table in (COMMANDS, GROUPS)
    for panel, names in table.items()
    for name in names.split()
}
"""The title that each command is shown under, in the order of help."""


def main() -> None:
    """Entry point of the ``nashforge`` command."""
    app(prog_name="nashforge")
