"""Loads a program's source behind a host and explains its failures."""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from nashforge.evolve.sandbox.errors import Status, bounded
from nashforge.evolve.sandbox.layout import AnyArray

FILENAME = "<program>"

STANDARD_IMPORTS = (
    "__future__",
    "abc",
    "bisect",
    "cmath",
    "collections",
    "dataclasses",
    "enum",
    "functools",
    "heapq",
    "itertools",
    "math",
    "numbers",
    "numpy",
    "operator",
    "typing",
    "warnings",
)
"""Modules that every program may import; nothing here reads clocks, files, the network or random bits."""

_NOT_DETERMINISTIC = "numpy.random"

NUMPY_PARTS = ("numpy.linalg", "numpy.fft", "numpy.polynomial", "numpy.ma")
"""Parts that numpy loads only when they are used; a confined program could not load them any more."""

COMPILER_PARTS = ("unicodedata",)
"""What Python loads when it compiles names beyond ASCII, such as γ, or characters by their names."""

_SHOWN_FRAMES = 6


class Host(Protocol):
    """Trusted code next to the program that turns arrays into calls of the program and back.

    A host module defines a class ``Host`` with this shape, and may define ``IMPORTS``, the modules that its
    programs may import besides numpy and some of the standard library (default: ``interface`` beside it).
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        setup: Mapping[str, Any],
        inputs: Mapping[str, AnyArray],
        outputs: Mapping[str, AnyArray],
    ) -> None: ...

    def call(self, *numbers: int) -> None: ...


class ForbiddenImport(ImportError):
    """A program imported a module that programs may not import."""


def host_imports(host: str) -> tuple[str, ...]:
    """Return the modules that programs of a host may import, besides ``STANDARD_IMPORTS``."""
    module = importlib.import_module(host)
    declared = getattr(module, "IMPORTS", None)
    return tuple(declared) if declared is not None else (f"{host.rpartition('.')[0]}.interface",)


def start(
    host: str,
    source: str,
    module: str,
    setup: Mapping[str, Any],
    inputs: Mapping[str, AnyArray],
    outputs: Mapping[str, AnyArray],
    names: dict[str, Any] | None = None,
) -> Host:
    """Execute a program as a module of the given name and put its host in front of it.

    Parameters
    ----------
    names
        ``builtin_names(host)`` where they are at hand; the program can change them.

    Raises
    ------
    BaseException
        Whatever the program raises; ``explain`` makes sense of it.
    """
    namespace = execute(source, module, builtin_names(host) if names is None else names)
    made: Host = importlib.import_module(host).Host(namespace, setup, inputs, outputs)
    return made


def execute(source: str, module: str, names: dict[str, Any]) -> dict[str, Any]:
    """Execute a program as a module of the given name, with these built-in names; return its namespace."""
    code = _compile(source)
    program = ModuleType(module)
    # Some of the standard library (dataclasses) looks a class's module up by name.
    sys.modules[module] = program
    program.__dict__["__builtins__"] = names
    exec(code, program.__dict__)
    return program.__dict__


def builtin_names(host: str) -> dict[str, Any]:
    """Return Python's built-in names as programs of a host see them."""
    allowed = STANDARD_IMPORTS + host_imports(host)
    return {**vars(builtins), "__import__": _guarded_import(allowed)}


def forget_randomness() -> None:
    """Make numpy's random numbers unavailable in this process, where something has loaded them."""
    vars(np).pop("random", None)
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{_NOT_DETERMINISTIC}.")]:
        del sys.modules[name]


def _compile(source: str) -> Any:
    try:
        return compile(source, FILENAME, "exec", dont_inherit=True)
    except (RecursionError, MemoryError, OverflowError) as error:
        # What the compiler raises on absurdly deep nesting.
        raise SyntaxError(f"the program is nested too deeply to compile ({type(error).__name__})") from None


def _guarded_import(allowed: Sequence[str]) -> Any:
    """Return an ``__import__`` with a clear message. A convenience: confinement does not depend on it."""
    original = builtins.__import__
    former = {name.removeprefix("nashforge.") for name in allowed if name.startswith("nashforge.")}
    packages = tuple(f"{name}." for name in allowed)

    def guarded(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> ModuleType:
        if name == _NOT_DETERMINISTIC or name.startswith(f"{_NOT_DETERMINISTIC}."):
            raise ForbiddenImport(f"programs may not import {name!r}: their results must be repeatable")
        if name in former and fromlist and not level:
            name = f"nashforge.{name}"  # as older programs call it
        if level or not (name in allowed or name.startswith(packages)):
            raise ForbiddenImport(
                f"programs may not import {'.' * level + name!r}; they may import only {', '.join(allowed)}"
            )
        return original(name, globals, locals, fromlist, level)

    return guarded


def explain(error: BaseException, source: str, loading: bool) -> tuple[Status, str]:
    """Turn an exception of a program, or of its host about the program, into a status and a reason.

    Parameters
    ----------
    error
        The exception, with its traceback.
    source
        The program, to quote its lines.
    loading
        Whether it was raised while loading, or else by a call.
    """
    if isinstance(error, MemoryError):
        return Status.MEMORY, "the program ran out of memory"
    message = _message(error)
    if isinstance(error, ForbiddenImport):
        return Status.REJECTED, bounded(str(error))
    frames = _program_frames(error)
    if not frames:
        # Nothing of the program was running: the compiler or the host refused what the program is or
        # returned; hosts say so in a sentence.
        if type(error) is ValueError:
            message = bounded(str(error))
        return (Status.REJECTED, message) if loading else (Status.INVALID_OUTPUT, message)
    lines = source.splitlines()
    shown = [
        f"  line {number}, in {function}: {lines[number - 1].strip() if 0 < number <= len(lines) else ''}"
        for number, function in frames[-_SHOWN_FRAMES:]
    ]
    if len(frames) > _SHOWN_FRAMES:
        shown.insert(0, f"  ... {len(frames) - _SHOWN_FRAMES} more calls")
    return Status.CRASHED, bounded("\n".join([message, "In the program (most recent call last):", *shown]))


def _message(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename == FILENAME:
        quoted = f": {error.text.strip()}" if error.text else ""
        return bounded(f"{type(error).__name__} on line {error.lineno}: {error.msg}{quoted}")
    try:
        text = str(error)
    except Exception as other:  # noqa: BLE001 - the program's own __str__ may raise anything
        text = f"(its message cannot be shown: {type(other).__name__})"
    return bounded(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _program_frames(error: BaseException) -> list[tuple[int, str]]:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename == FILENAME:
            frames.append((trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    return frames
