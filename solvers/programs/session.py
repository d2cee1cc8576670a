"""Sessions between an engine and a program that it does not trust: flat arrays in, flat arrays out.

The sandbox offers the same protocol from a confined process; `InlineSession` serves it in this one, for
library use and tests, with identical results.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

Program = TypeVar("Program")

_now = time.perf_counter
_finite = np.isfinite
_every = np.logical_and.reduce
"""What the method ``all`` calls, at half the cost."""

ArraySpec = tuple[str, tuple[int, ...], str]
"""Name, shape and numpy dtype string of one shared array."""


class Session(Protocol):
    """One program in one game."""

    @property
    def inputs(self) -> Mapping[str, npt.NDArray[Any]]:
        """Arrays that the engine writes before a call."""

    @property
    def outputs(self) -> Mapping[str, npt.NDArray[Any]]:
        """Arrays that the program wrote in the last call; copy what is kept."""

    @property
    def waited(self) -> float:
        """Seconds that the program took so far, without those for which it had no processor."""

    def call(self, *arguments: int, expect: Iterable[str] | None = None) -> None:
        """Let the program work once; ``expect`` names the outputs to write (default: all), all finite."""


class NonFiniteOutputError(ValueError):
    """A program returned NaN or infinity where a number was due."""


def load_module(source: str, name: str = "candidate") -> dict[str, Any]:
    """Execute a program's source and return its namespace. It is trusted: no sandbox here."""
    module = ModuleType(name)
    exec(compile(source, f"<{name}>", "exec"), module.__dict__)
    return module.__dict__


def find_class(namespace: Mapping[str, Any], base: type[Program]) -> type[Program]:
    """Return the one subclass of ``base`` that a program's module defines.

    Parameters
    ----------
    namespace
        The executed module.
    base
        The interface of its kind of programs.

    Raises
    ------
    ValueError
        Unless the module defines exactly one (imported ones do not count).
    """
    module = namespace.get("__name__")
    found = [
        value
        for value in namespace.values()
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == module
    ]
    if len(found) != 1:
        names = ", ".join(cls.__name__ for cls in found) or "none"
        raise ValueError(f"a program must define exactly one subclass of {base.__name__}; found {names}")
    return found[0]


class InlineSession:
    """Serve a program in this process, without confinement: for the library's own and the user's programs.

    Parameters
    ----------
    namespace
        The executed module of the program, see `load_module`.
    host
        Name of the module whose ``Host`` runs the program, such as ``nashforge.solvers.cfr.host``.
    setup, inputs, outputs
        As the host documents them.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        *,
        host: str,
        setup: Mapping[str, Any],
        inputs: Iterable[ArraySpec],
        outputs: Iterable[ArraySpec],
    ) -> None:
        self.inputs = {name: np.zeros(shape, dtype) for name, shape, dtype in inputs}
        self.outputs = {name: np.full(shape, np.nan, dtype) for name, shape, dtype in outputs}
        self.waited = 0.0
        self._names = tuple(self.outputs)
        self._host = import_module(host).Host(namespace, setup, self.inputs, self.outputs)

    def call(self, *arguments: int, expect: Iterable[str] | None = None) -> None:
        """Run the host once and check the expected outputs."""
        began = _now()
        self._host.call(*arguments)
        self.waited += _now() - began
        for name in self._names if expect is None else expect:
            if not _every(_finite(self.outputs[name]), axis=None):
                raise NonFiniteOutputError(f"the program's output {name!r} has NaN or infinite entries")


def inline_sessions(
    load: Callable[[], Mapping[str, Any]], arguments: Iterable[Mapping[str, Any]]
) -> list[InlineSession]:
    """Serve a program in this process to several players, each by an instance of its own.

    Parameters
    ----------
    load
        Executes the program's module and returns its namespace; called for each player, so that instances
        share no module, as they share none in the sandbox.
    arguments
        Of each player's session.
    """
    return [InlineSession(load(), **each) for each in arguments]
