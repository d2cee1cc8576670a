"""Runs a program in this process, unconfined: for trusted programs, tests and measurements."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, NoReturn, Self

import numpy as np

from nashforge.evolve.sandbox import program
from nashforge.evolve.sandbox.errors import FAILURES, InvalidOutput
from nashforge.evolve.sandbox.layout import AnyArray, Layout, Outbox, require_floats
from nashforge.evolve.sandbox.limits import Usage
from nashforge.solvers.programs.session import ArraySpec

_serial = itertools.count(1)


class InlineSession:
    """A session with the same arrays, host, checks and results as in the sandbox, but no protection.

    Results are bit-identical to the sandbox's as long as the program does not call multi-threaded BLAS on
    long vectors (the sandbox has one thread). What the program prints is not captured.

    Parameters
    ----------
    source
        The program.
    host
        Module name of the host, for example ``"nashforge.solvers.cfr.host"``.
    setup
        What the host needs to know; plain JSON values.
    inputs, outputs
        Names, shapes and dtypes of the arrays.

    Raises
    ------
    CandidateFailure
        The program cannot be loaded.
    """

    def __init__(
        self,
        source: str,
        *,
        host: str,
        setup: Mapping[str, Any],
        inputs: Sequence[ArraySpec],
        outputs: Sequence[ArraySpec],
    ) -> None:
        require_floats(outputs)
        self._source = source
        self._failure: Exception | None = None
        self._closed = False
        self._wall = 0.0
        self._cpu = 0.0
        self._calls = 0
        layout = Layout(inputs)
        buffer = np.zeros(layout.size, np.uint8)
        self.inputs: Mapping[str, AnyArray] = layout.views(buffer)
        readonly = buffer.view()
        readonly.flags.writeable = False
        written = Layout(outputs, packed=True)
        room = np.zeros(written.size, np.uint8)
        results = written.views(room)
        self._outbox = Outbox(results, written.block(room))
        self._outputs: dict[str, AnyArray] = {}
        self._module = f"nashforge_program_{next(_serial)}"
        self._begin()
        try:
            with np.errstate(all="ignore"):
                self._host = program.start(host, source, self._module, setup, layout.views(readonly), results)
        except (Exception, SystemExit, GeneratorExit) as error:  # noqa: BLE001 - a program may raise anything
            self._fail(error, loading=True)
        self._end()

    @property
    def outputs(self) -> Mapping[str, AnyArray]:
        """Fresh, finite arrays from the last call that wrote them."""
        return self._outputs

    @property
    def tier(self) -> str:
        """``"inline"``: not confined."""
        return "inline"

    @property
    def log(self) -> str:
        """Empty: in-process, programs print where the process prints."""
        return ""

    @property
    def usage(self) -> Usage:
        """Time used by the program so far; memory is not known in-process."""
        return Usage(self._cpu, self._wall, 0, self._calls)

    def call(self, *numbers: int, expect: Iterable[str] | None = None) -> None:
        """Call the host once; see ``Session.call``."""
        if self._failure is not None:
            raise self._failure
        if self._closed:
            raise RuntimeError("this session is closed; open a new one to run the program again")
        slots = self._outbox.slots(expect)
        self._outbox.clear(slots)
        self._begin()
        try:
            # As in the sandbox: numerical trouble shows as a result that is not finite, not as a warning.
            with np.errstate(all="ignore"):
                self._host.call(*numbers)
        except (Exception, SystemExit, GeneratorExit) as error:  # noqa: BLE001 - a program may raise anything
            self._fail(error, loading=False)
        self._end()
        wrong = self._outbox.collect(slots, self._outputs)
        if wrong is not None:
            self._failure = InvalidOutput(wrong, "", self.usage)
            self.close()
            raise self._failure
        self._calls += 1

    def close(self) -> None:
        """Forget the program."""
        self._closed = True
        sys.modules.pop(self._module, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> None:
        self._started = (time.monotonic(), time.process_time())

    def _end(self) -> None:
        self._wall += time.monotonic() - self._started[0]
        self._cpu += time.process_time() - self._started[1]

    def _fail(self, error: BaseException, loading: bool) -> NoReturn:
        self._end()
        status, reason = program.explain(error, self._source, loading)
        self.close()
        self._failure = FAILURES[status](reason, "", self.usage)
        raise self._failure from error
