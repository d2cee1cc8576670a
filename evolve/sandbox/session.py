"""The trusted side of a conversation with a confined program."""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import signal
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, NoReturn, Self

from nashforge.evolve.sandbox import wire
from nashforge.evolve.sandbox.account import Account, Excuses, total_usage
from nashforge.evolve.sandbox.errors import (
    FAILURES,
    CandidateFailure,
    InfrastructureError,
    InvalidOutput,
    ProgramCrashed,
    ProgramOutOfMemory,
    ProgramTimeout,
    Status,
)
from nashforge.evolve.sandbox.launch import START_SECONDS, Child, Zygote, ZygoteLost
from nashforge.evolve.sandbox.layout import AnyArray, Layout, Outbox, require_floats
from nashforge.evolve.sandbox.limits import BURST_SECONDS, Limits, Usage
from nashforge.evolve.sandbox.memory import SharedRegion
from nashforge.evolve.sandbox.pipes import drain, pipe, printable, read_soon, resize_pipe, signal_name
from nashforge.evolve.sandbox.uids import UidLease
from nashforge.solvers.programs.session import ArraySpec
from nashforge.solvers.sequence_form import kernels

_CHECK_EVERY = 8
"""Calls after which the CPU time of a process is looked at; that costs a tenth of a call."""

_WATCH_SECONDS = 1.0
_LEAST_WAIT = 0.001

_NOT_READING = (BrokenPipeError, BlockingIOError)
_now, _read, _write = time.monotonic, os.read, os.write
_FORMATS = [struct.Struct(f"<{count}q") for count in range(wire.MAX_NUMBERS + 2)]


class SandboxSession:
    """One program in a confined process of its own; made by ``Sandbox.session``.

    Write ``inputs``, which the program can only read, ``call``, and read ``outputs``. A session belongs to
    one thread at a time; a failure closes it. What several processes of a program use counts together.

    Attributes
    ----------
    shared_memory : int
        Bytes of the peak memory that the process had from the zygote; known once the session is closed.
    """

    def __init__(
        self,
        zygote: Zygote,
        source: str,
        *,
        host: str,
        setup: Mapping[str, Any],
        inputs: Sequence[ArraySpec],
        outputs: Sequence[ArraySpec],
        limits: Limits,
        account: Account,
        tier: str,
        own_uid: bool,
        on_close: Callable[[SandboxSession], None],
    ) -> None:
        require_floats(outputs)
        self._limits = limits
        self._call_seconds = limits.call_seconds
        self._allowance = min(limits.call_cpu_seconds, limits.cpu_seconds)
        self._credit = self._allowance + BURST_SECONDS
        # A call that takes less time than that cannot have used more CPU time than it may.
        self._unwatched = min(self._credit, limits.call_seconds, _WATCH_SECONDS)
        self._cpu, self._checked = 0.0, 0
        self._tier = tier
        self._on_close = on_close
        self._failure: Exception | None = None
        self._child: Child | None = None
        self._closing = threading.Lock()
        self._log = ""
        self._usage = Usage()
        self.shared_memory = 0
        self.waited = 0.0  # seconds, without those for which the program had no processor
        self._account = account
        self._serial = 0
        self._outputs: dict[str, AnyArray] = {}
        # The source and the setup travel at the head of the sealed map: no size limit, no copy in the zygote.
        payload = json.dumps(
            {"source": source, "host": host, "setup": setup, "inputs": list(inputs), "outputs": list(outputs)}
        ).encode()
        layout, written = Layout(inputs, len(payload)), Layout(outputs, packed=True)
        with contextlib.ExitStack() as descriptors, contextlib.ExitStack() as undo:
            self._lease = UidLease() if own_uid else None
            if self._lease is not None:
                undo.callback(self._lease.release)
            inbox = SharedRegion(layout.size, readonly=True)
            outbox = SharedRegion(written.size, readonly=False)
            descriptors.callback(inbox.close_descriptor)
            descriptors.callback(outbox.close_descriptor)
            inbox.map[: len(payload)] = payload
            self.inputs: Mapping[str, AnyArray] = layout.views(inbox.map)
            self._outbox = Outbox(written.views(outbox.map), written.block(outbox.map), kernels.finite)
            theirs_in, self._requests = pipe(undo, descriptors, mine=1)
            self._replies, theirs_out = pipe(undo, descriptors, mine=0)
            self._log_pipe, theirs_log = pipe(undo, descriptors, mine=0)
            # A program that does not read must not block us; a full log must not block the program.
            os.set_blocking(self._requests, False)
            os.set_blocking(theirs_log, False)
            resize_pipe(theirs_log, limits.log_bytes)
            order = {
                "payload": len(payload),
                "uid": None if self._lease is None else self._lease.uid,
                "cpu_seconds": max(1, math.ceil(limits.cpu_seconds)),
                "memory_bytes": limits.memory_bytes,
                "log_bytes": limits.log_bytes,
            }
            self._child = zygote.spawn(
                order, [theirs_in, theirs_out, theirs_log, inbox.descriptor, outbox.descriptor]
            )
            self.excuses = Excuses(self._child)
            undo.pop_all()
        self._poll = select.poll()
        self._poll.register(self._replies, select.POLLIN)

    @property
    def outputs(self) -> Mapping[str, AnyArray]:
        """Fresh, finite arrays from the last call that wrote them."""
        return self._outputs

    @property
    def tier(self) -> str:
        """The tier at which the program is confined."""
        return self._tier

    @property
    def log(self) -> str:
        """The program's output; complete once the session is closed."""
        return self._log

    @property
    def usage(self) -> Usage:
        """The program's usage; complete once the session is closed."""
        return self._usage

    @property
    def pid(self) -> int | None:
        """Process id of the program; None once the session is closed."""
        return None if self._child is None else self._child.pid

    def call(self, *numbers: int, expect: Iterable[str] | None = None) -> None:
        """Call the host once, with 64-bit integers; it must write the expected outputs (default: all)."""
        if self._child is None:
            raise self._failure or RuntimeError(
                "this session is closed; open a new one to run the program again"
            )
        # Nothing here may cost more than it must: a call takes some ten microseconds in all.
        slots = self._outbox.slots(expect)
        self._outbox.clear(slots)
        self._serial = serial = self._serial + 1
        try:
            message = _FORMATS[len(numbers) + 1].pack(serial, *numbers)
        except (IndexError, struct.error) as error:
            self._serial -= 1
            raise ValueError(
                f"calls take at most {wire.MAX_NUMBERS} 64-bit integers; got {numbers!r}"
            ) from error
        account = self._account
        unwatched = self._unwatched if self._unwatched < account.wall_seconds else account.wall_seconds
        began = _now()
        try:
            try:  # noqa: SIM105 - a context manager costs as much as the write
                _write(self._requests, message)
            except _NOT_READING:  # dead, or too busy forging replies: the reply, or its absence, says which
                pass
            replied = self._poll.poll(unwatched * 1000 if unwatched > 0 else 0)
            elapsed = min(_now() - began, _WATCH_SECONDS)  # nobody waits longer: else the machine was frozen
            if not replied:
                elapsed = self._wait(f"call {serial}", elapsed)
            reply = _read(self._replies, 8)
            self.waited += elapsed
            account.wall_seconds -= elapsed
            if reply != message[:8]:
                self._misbehaved(reply)
            if serial % _CHECK_EVERY == 0:
                self._check_cpu()
        except BaseException:
            # Also when interrupted: a reply still to come must not be taken for that of another call.
            self.close()
            raise
        wrong = self._outbox.collect(slots, self._outputs)
        if wrong is not None:
            self._fail(InvalidOutput, wrong)

    def close(self) -> None:
        """Kill the program's processes, and note what they used. Harmless when repeated."""
        self._end_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def wait_until_loaded(self) -> None:
        """Wait until the process is confined, then until the program is loaded.

        Raises
        ------
        CandidateFailure
            If the program cannot be loaded.
        InfrastructureError
            If the process cannot be confined.
        """
        if not self._poll.poll(START_SECONDS * 1000):
            self._fail_infrastructure(f"a sandboxed process was not ready within {START_SECONDS:g} s")
        number = self._read_number(os.read(self._replies, 8))
        kind, length = wire.unpack_reply(number) if number is not None else (0, 0)
        if kind != wire.Kind.READY:
            text = self._read_text(length) if kind == wire.Kind.INFRASTRUCTURE else "it ended without a word"
            self._fail_infrastructure(f"a process could not be confined: {text}")
        self._charge(self._wait("loading"))
        reply = os.read(self._replies, 8)
        if reply != wire.NUMBER.pack(0):
            self._misbehaved(reply)
        assert self._child is not None
        self._cpu = self._child.cpu_seconds() or 0.0  # loading is no call, but counts as a whole
        self._account.cpu_seconds -= self._cpu

    def _wait(self, what: str, waited: float = 0.0) -> float:
        """Wait for a reply that takes long, unless it takes too much time of one kind; return what counts.

        That is the time which this process was awake to see pass, and for which the program did not wait for
        a processor: a machine that is frozen, or busy with other things, fails no program.
        """
        asked = waited
        new = sum(each.excuses.of(asked if each is self else 0.0) for each in self._account.sessions)
        waited = max(waited - new, 0.0)
        self._account.excuse(new - (asked - waited))  # of earlier calls, which nobody looked at then
        asked, computed = 0.0, self.excuses.cpu
        while True:
            if self._serial:
                self._check_cpu()
            left = self._account.wall_seconds
            if waited >= min(self._call_seconds, left):
                waited -= self.excuses.of(asked)
                waited = max(waited, self.excuses.cpu - computed)  # for which nothing is an excuse
            remaining = min(self._call_seconds, left) - waited
            if remaining <= 0:
                self._charge(waited)
                self._too_slow(what, left)
            # CPU time passes no faster than time: before that, no limit can have been reached.
            credit = max(min(self._credit, self._account.cpu_seconds), _LEAST_WAIT)
            asked, began = min(remaining, credit, _WATCH_SECONDS), _now()
            replied = self._poll.poll(asked * 1000)
            waited += min(_now() - began, asked)
            if replied:
                return waited

    def _check_cpu(self) -> None:
        """Fail a program that used more CPU time than it may, in calls or behind their back.

        Its clock is read, not the time that calls took: a process may reply and go on computing.
        """
        cpu = None if self._child is None else self._child.cpu_seconds()
        if cpu is None:
            return
        used, calls = cpu - self._cpu, self._serial - self._checked
        self._cpu, self._checked = cpu, self._serial
        self._account.cpu_seconds -= used
        credit = self._credit + calls * self._allowance - used
        self._credit = min(credit, self._allowance + BURST_SECONDS)
        if self._account.cpu_seconds < 0:
            self._fail(ProgramTimeout, f"the program used up its {self._limits.cpu_seconds:g} s of CPU time")
        if self._credit < 0:
            self._fail(
                ProgramTimeout,
                f"calls took more CPU time than the {1000 * self._allowance:.3g} ms that a call may take on "
                f"average (up to call {self._serial})",
            )

    def _charge(self, seconds: float) -> None:
        self.waited += seconds
        self._account.wall_seconds -= seconds

    def _too_slow(self, what: str, left: float) -> NoReturn:
        if left <= self._limits.call_seconds:
            reason = f"the program used up its {self._limits.wall_seconds:g} s of wall time (in {what})"
        else:
            reason = f"{what} took longer than the {self._limits.call_seconds:g} s that a call may take"
        self._fail(ProgramTimeout, reason)

    def _misbehaved(self, reply: bytes) -> NoReturn:
        """Find out why the reply was not the expected number."""
        number = self._read_number(reply)
        if number is None:
            self._died()
        kind, length = wire.unpack_reply(number)
        status = wire.STATUS_OF_KIND.get(kind)
        if status is None or status is Status.INFRASTRUCTURE:
            self._fail(ProgramCrashed, "the program wrote to the sandbox's own channel")
        reason = printable(self._read_text(length))
        self._fail(FAILURES[status], reason)

    def _died(self) -> NoReturn:
        """Explain the end of a process that gave no reason."""
        by_itself = self._child is not None and self._child.wait_dead(1.0)
        exit_report = self._end()
        limits, usage = self._limits, self._usage
        if exit_report is None:
            raise self._failure or InfrastructureError("a sandboxed process was lost")
        status = int(exit_report["status"])
        if not os.WIFSIGNALED(status):
            code = os.waitstatus_to_exitcode(status)
            self._fail(ProgramCrashed, f"the program ended its process without a result (exit status {code})")
        number = os.WTERMSIG(status)
        if number == signal.SIGSYS:
            self._fail(ProgramCrashed, "the program made a system call that programs may not make")
        if not by_itself:
            self._fail(ProgramCrashed, "the program closed the sandbox's own channel")
        # Where the kernel counts time in ticks, its limit and the time reported afterwards differ a little.
        if number == signal.SIGXCPU or (
            number == signal.SIGKILL and usage.cpu_seconds >= 0.8 * max(1, math.ceil(limits.cpu_seconds))
        ):
            self._fail(ProgramTimeout, f"the program used up its {limits.cpu_seconds:g} s of CPU time")
        if number == signal.SIGKILL:
            self._fail_infrastructure(
                "a sandboxed process was killed from outside (an operator? the kernel, for want of memory?)"
            )
        if exit_report["baseline"] + 0.9 * limits.memory_bytes < usage.peak_memory_bytes:
            self._fail(ProgramOutOfMemory, f"the program died for want of memory ({signal_name(number)})")
        self._fail(ProgramCrashed, f"the program's process died of {signal_name(number)}")

    def _read_number(self, first: bytes) -> int | None:
        data = first + read_soon(self._replies, self._poll, 8 - len(first)) if first else b""
        return wire.NUMBER.unpack(data)[0] if len(data) == 8 else None

    def _read_text(self, length: int) -> str:
        return read_soon(self._replies, self._poll, length).decode("utf-8", "replace")

    def _fail(self, kind: type[CandidateFailure], reason: str) -> NoReturn:
        sessions = self._end_all()
        log = "".join(session.log for session in sessions)
        self._raise(kind(reason, log, total_usage(sessions)), sessions)

    def _fail_infrastructure(self, reason: str) -> NoReturn:
        self._raise(InfrastructureError(reason), self._end_all())

    @staticmethod
    def _raise(failure: Exception, sessions: Sequence[SandboxSession]) -> NoReturn:
        for session in sessions:
            session._failure = failure
        raise failure

    def _end_all(self) -> Sequence[SandboxSession]:
        """End all sessions of the program and return them."""
        sessions = (*self._account.sessions,) or (self,)
        for session in sessions:
            session._end()
        # Sessions that know each other would keep their maps until the garbage is collected.
        self._account.sessions.clear()
        return sessions

    def _end(self) -> dict[str, Any] | None:
        """Kill and reap the process once; return the exit report, or None if it is gone."""
        with self._closing:
            child, self._child = self._child, None
        if child is None:
            return None
        os.close(self._requests)
        child.kill()
        exit_report = None
        try:
            exit_report = child.reap()
        except ZygoteLost as error:
            self._failure = error
        finally:
            os.close(self._replies)
            self._log = printable(drain(self._log_pipe, self._limits.log_bytes))
            os.close(self._log_pipe)
            if self._lease is not None:
                self._lease.release()
            self._on_close(self)
        if exit_report is None:
            self._usage = Usage(0.0, self.waited, 0, self._serial)
        else:
            self._usage = Usage(exit_report["cpu"], self.waited, exit_report["memory"], self._serial)
            self.shared_memory = min(exit_report["memory"], exit_report["baseline"])
        return exit_report
