"""Errors as people see them: one sentence and a remedy on standard error, and an exit code.

Codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import json
import sys

import typer

from nashforge.errors import FAILED as FAILED
from nashforge.errors import USAGE as USAGE
from nashforge.errors import NashforgeError
from nashforge.extras import of as extra_of

INTERRUPTED = 130


class UsageProblem(NashforgeError):
    """A command line that cannot be done as written. The text is one sentence and a remedy."""

    exit_code = USAGE


class Failed(NashforgeError):
    """A command that was tried and failed. The text is one sentence and a remedy."""


def _remedy(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "choose smaller games or fewer workers"
    extra = extra_of(error) if isinstance(error, ImportError) else None
    if extra is not None and not isinstance(error, NashforgeError):
        return f"it is installed with nashforge[{extra}]"
    return error.remedy if isinstance(error, NashforgeError) else ""


def _is_usage_error(error: BaseException) -> bool:
    """Whether the command line's parser refused it."""
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _refused(error: BaseException) -> str:
    """Return the value that was refused, where the parser of values, which leaves it out, says which."""
    faults = getattr(error.__cause__, "errors", None)
    return f" {str(faults()[0]['input'])[:60]!r}" if faults is not None else ""


def is_known(error: BaseException) -> bool:
    """Whether an error is told in a sentence; otherwise it is a defect of this program."""
    if isinstance(error, typer.Abort) or _is_usage_error(error):
        return True
    if isinstance(error, ImportError) and extra_of(error) is not None:
        return True
    return isinstance(error, NashforgeError | OSError | MemoryError)


def exit_code_of(error: BaseException) -> int:
    """Return the exit code that an error ends the program with."""
    if isinstance(error, typer.Abort):
        return INTERRUPTED
    if _is_usage_error(error):
        return USAGE
    return error.exit_code if isinstance(error, NashforgeError) else FAILED


def message_of(error: BaseException) -> str:
    """Return the sentence for people."""
    if _is_usage_error(error):
        text = " ".join(str(error.format_message()).split())  # type: ignore[attr-defined]
        text = text.replace("Invalid value for", f"Invalid value{_refused(error)} for", 1)
        context = getattr(error, "ctx", None)
        command = getattr(context, "command_path", None) or "nashforge"
        link = "" if text.endswith("?") else ";"
        return f"{text.rstrip('.')}{link} see `{command} --help`"
    text = " ".join(str(getattr(error, "anywhere", error)).split()) or type(error).__name__
    if not is_known(error):
        return (
            f"this is a defect of Nashforge ({type(error).__name__}: {text}); run the command again with "
            "--debug and report what it prints"
        )
    remedy = _remedy(error)
    return f"{text.rstrip('.')}; {remedy}" if remedy else text


def report(error: BaseException, *, as_json: bool) -> None:
    """Print an error to standard error: a line of text, or an object with ``--json``."""
    if isinstance(error, typer.Abort):
        return
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message(), file=sys.stderr)  # type: ignore[attr-defined]
        return
    text = message_of(error)
    if as_json:
        value = {"error": {"type": type(error).__name__, "message": text, "exit_code": exit_code_of(error)}}
        print(json.dumps(value), file=sys.stderr)
        return
    from nashforge.cli.rendering.output import console, plain

    console(stderr=True).print(f"[bold red]Error:[/] {plain(text)}", soft_wrap=not sys.stderr.isatty())
