"""Starts and talks to a zygote."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nashforge.evolve.sandbox import wire
from nashforge.evolve.sandbox.errors import InfrastructureError
from nashforge.evolve.sandbox.tiers import Tier

START_SECONDS = 60.0
"""How long a zygote may take to start on a busy machine with cold disks (usually well under a second)."""

ANSWER_SECONDS = 30.0

_USUAL_DEATH = 0.05

_CPUCLOCK_SCHED = 2  # linux/posix-timers.h

_BOOT = (
    "import sys; sys.path.extend(sys.argv[2:]); "
    "from nashforge.evolve.sandbox.zygote import main; main(int(sys.argv[1]))"
)

_ONE_THREAD = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

_KEPT = (
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PYTHONHOME",
    "NPY_DISABLE_CPU_FEATURES",
    "OPENBLAS_CORETYPE",
)
"""Needed to find the interpreter's libraries, or to compute the same digits as the trusted process."""


class Zygote:
    """A running zygote.

    Parameters
    ----------
    hosts
        Modules of hosts to import.
    preload
        Further modules to import.
    tier
        Which walls its children raise.

    Raises
    ------
    InfrastructureError
        If it does not start; with what it printed.
    """

    def __init__(self, hosts: Sequence[str], preload: Sequence[str], tier: Tier) -> None:
        if not sys.executable:
            raise InfrastructureError("sys.executable is empty, so the sandbox cannot start an interpreter")
        self.owner = os.getpid()
        self._lock = threading.Lock()
        self._lost = False
        self._channel, theirs = socket.socketpair()
        self._channel.settimeout(START_SECONDS)
        said, says = os.pipe()
        try:
            flags = ["-s", "-P", "-S", *(["-B"] if sys.dont_write_bytecode else [])]
            self._process = subprocess.Popen(
                [sys.executable, *flags, "-c", _BOOT, str(theirs.fileno()), *_places([*hosts, *preload])],
                env=_environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=says,
                stderr=says,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except OSError as error:
            os.close(said)
            raise InfrastructureError(f"the sandbox cannot start {sys.executable}: {error}") from error
        finally:
            theirs.close()
            os.close(says)
        order = {
            "parent": os.getpid(),
            "hosts": list(hosts),
            "preload": list(preload),
            "landlock": tier is Tier.STRICT,
            "seccomp": tier is not Tier.NONE,
        }
        try:
            wire.send(self._channel, order)
            wire.receive(self._channel)
        except (EOFError, OSError) as error:
            self.close()
            said_text = _read_all(said)
            detail = said_text.strip().splitlines()[-1:] or [str(error)]
            raise InfrastructureError(f"the sandbox's process did not start: {detail[0]}") from error
        finally:
            os.close(said)
        self._channel.settimeout(ANSWER_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether it is still running, and belongs to this process (not to one that forked it)."""
        return not self._lost and self.owner == os.getpid() and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def spawn(self, order: dict[str, Any], descriptors: Sequence[int]) -> Child:
        """Fork a child."""
        answer, received = self._ask({"spawn": order}, descriptors, 1)
        for descriptor in received:
            os.set_inheritable(descriptor, False)
        return Child(self, int(answer["child"]), received[0] if received else None)

    def reap(self, child: int) -> dict[str, Any]:
        """Return status, CPU seconds and peak memory of a child that was killed."""
        answer: dict[str, Any] = self._ask({"reap": child})[0]
        return answer

    def close(self) -> None:
        """End it, and with it all its children."""
        self._channel.close()
        if self.owner == os.getpid():
            self._process.kill()
            self._process.wait()

    def _ask(self, message: Any, descriptors: Sequence[int] = (), expected: int = 0) -> tuple[Any, list[int]]:
        with self._lock:
            try:
                wire.send(self._channel, message, descriptors)
                return wire.receive(self._channel, expected)
            except (EOFError, OSError) as error:
                # Half a conversation cannot be continued; the next session starts a new zygote.
                self._lost = True
                if self.owner == os.getpid():
                    self._process.kill()
                raise ZygoteLost(f"the sandbox's process has gone away: {error}") from error


class ZygoteLost(InfrastructureError):
    """The zygote ended or does not answer."""


class Child:
    """A program's process, as the trusted process holds it.

    It is addressed by a descriptor, not by its number, which could have gone to another process by the time
    of a kill; where there are no such descriptors the zygote, which does not reap unasked, keeps the number
    taken.
    """

    def __init__(self, zygote: Zygote, pid: int, handle: int | None) -> None:
        self.pid = pid
        self._zygote = zygote
        self._handle = handle
        # What clock_getcpuclockid(3) returns for a process; the number stays taken until it is reaped.
        self._clock = ~pid << 3 | _CPUCLOCK_SCHED

    def cpu_seconds(self) -> float | None:
        """Return the CPU time that it used so far; None where another process's clock cannot be read."""
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return None

    def delayed_seconds(self) -> float:
        """Return for how long it was ready to run and had no processor; 0 where that is not known."""
        try:
            return int(Path(f"/proc/{self.pid}/schedstat").read_bytes().split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return 0.0

    def wants_processor(self) -> bool:
        """Whether it computes, or would if it had a processor; False where that is not known."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"R"
        except (OSError, IndexError):
            return False

    def kill(self) -> None:
        """Kill it, whatever it does. Harmless if it is dead."""
        with contextlib.suppress(ProcessLookupError):
            if self._handle is not None:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            elif self._zygote.alive:
                os.kill(self.pid, signal.SIGKILL)

    def wait_dead(self, seconds: float) -> bool:
        """Wait until it is dead; False if it is not after so many seconds."""
        if self._handle is None:
            time.sleep(_USUAL_DEATH)  # there is no way to know
            return True
        waiting = select.poll()
        waiting.register(self._handle, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))

    def reap(self) -> dict[str, Any]:
        """Return its status, CPU seconds and peak memory; it must have been killed."""
        try:
            return self._zygote.reap(self.pid)
        finally:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None


def _environment() -> dict[str, str]:
    clean = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
    clean.update(dict.fromkeys(_ONE_THREAD, "1"))
    clean.update({name: os.environ[name] for name in _KEPT if name in os.environ})
    return clean


def _places(modules: Sequence[str]) -> list[str]:
    """Return the directories where this process finds what the zygote needs, however it is installed."""
    places: dict[str, None] = {}
    for name in ("nashforge", *modules, "numpy", "landlockpy", "seccompy"):
        top = name.partition(".")[0]
        spec = importlib.util.find_spec(top)
        if spec is None:
            if name in modules:
                raise InfrastructureError(f"module {name!r}, which the sandbox needs, cannot be found")
            continue  # the confinement libraries are installed only where they work
        if spec.submodule_search_locations is not None:
            places.update(
                {str(Path(path).resolve().parent): None for path in spec.submodule_search_locations}
            )
        elif spec.origin is not None and spec.has_location:
            places[str(Path(spec.origin).resolve().parent)] = None
    return list(places)


def _read_all(descriptor: int, limit: int = 1 << 16, seconds: float = 1.0) -> str:
    """Read what is left in a pipe whose writers have ended."""
    deadline = time.monotonic() + seconds
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    parts: list[bytes] = []
    while sum(map(len, parts)) < limit and waiting.poll(max(0.0, deadline - time.monotonic()) * 1000):
        part = os.read(descriptor, limit)
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")
