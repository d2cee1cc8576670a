"""The process that forks one confined child per program.

It is exec'd with a clean environment and no inherited descriptors, imports numpy and the hosts once, and
holds no key, no game and no program. Its one thread waits for the trusted process to ask for a child or to
ask for the exit report of one, and ends when the trusted process does.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib
import io
import json
import linecache
import mmap
import os
import resource
import select
import signal
import socket
import struct
import sys
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from nashforge.evolve.sandbox import program, wire
from nashforge.evolve.sandbox.confinement import ConfinementFailed, Terms, confine, limit_for_children
from nashforge.evolve.sandbox.kernel import Confinement
from nashforge.evolve.sandbox.layout import Layout

REQUESTS, REPLIES = 3, 4
"""A child's descriptors besides standard input (nothing), output and error (the log)."""

_LOADED_FOR_MESSAGES = (linecache, tracemalloc)
"""Python loads these when it shows a warning, which a confined program could not do."""


def main(control: int) -> None:
    """Serve the trusted process at the other end of a socket until it ends."""
    channel = socket.socket(fileno=control)
    order, _ = wire.receive(channel)
    parent = _watch(order["parent"])
    _leave_children_alone()
    parts = (*program.STANDARD_IMPORTS, *program.NUMPY_PARTS, *program.COMPILER_PARTS)
    for name in (*parts, *order["hosts"], *order["preload"]):
        importlib.import_module(name)
    for host in order["hosts"]:
        for name in program.host_imports(host):
            importlib.import_module(name)
        getattr(importlib.import_module(host), "warm_up", lambda: None)()
    program.forget_randomness()
    np.array2string(np.zeros(2))
    np.seterr(all="ignore")
    _keep_free(REPLIES)
    walls = Confinement(landlock=order["landlock"], seccomp=order["seccomp"])
    limit_for_children()
    _prefer_for_killing()
    template = _ChildTemplate(walls, {host: program.builtin_names(host) for host in order["hosts"]})
    _warm_up(order["hosts"])
    threads = _threads()
    if threads != 1:
        sys.exit(f"the zygote has {threads} threads but must have one, or forked children could hang")
    # Nothing is loaded any more, and where Nashforge is installed names its user.
    for words in (sys.argv, sys.path, sys.orig_argv):
        words.clear()
    gc.collect()
    gc.freeze()
    wire.send(channel, {"zygote": os.getpid()})
    try:
        _serve(channel, parent, template)
    except EOFError:
        return


@dataclass(frozen=True)
class _ChildTemplate:
    """A template of children, made once: what a child touches, or makes, is memory to copy for each.

    Attributes
    ----------
    names
        Python's built-in names as programs see them, by host.
    """

    walls: Confinement
    names: dict[str, dict[str, Any]]


def _serve(channel: socket.socket, parent: int | None, template: _ChildTemplate) -> None:
    waiting = select.poll()
    waiting.register(channel, select.POLLIN)
    if parent is not None:
        waiting.register(parent, select.POLLIN)
    children: set[int] = set()
    zygote = os.getpid()
    while True:
        ready = {descriptor for descriptor, _ in waiting.poll()}
        if parent in ready:
            return
        message, descriptors = wire.receive(channel, 5)
        if "spawn" in message:
            child = os.fork()
            if child == 0:
                os.close(channel.detach())
                _run(template, zygote, message["spawn"], descriptors)
            children.add(child)
            for descriptor in descriptors:
                os.close(descriptor)
            handle = os.pidfd_open(child) if hasattr(os, "pidfd_open") else None
            wire.send(channel, {"child": child}, [] if handle is None else [handle])
            if handle is not None:
                os.close(handle)
        else:
            # The trusted process asks only after it killed the child, so this does not wait long.
            child = int(message["reap"])
            children.remove(child)
            _, status, used = os.wait4(child, 0)
            scale = 1 if sys.platform == "darwin" else 1024
            exit_report = {
                "status": status,
                "cpu": used.ru_utime + used.ru_stime,
                "memory": used.ru_maxrss * scale,
                "baseline": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale,
            }
            wire.send(channel, exit_report)


def _watch(parent: int) -> int | None:
    """Return a descriptor that becomes readable when the trusted process ends, where there is such a thing.

    More exact than a parent-death signal, which is sent when the *thread* that started the zygote ends.
    """
    descriptor = os.pidfd_open(parent) if hasattr(os, "pidfd_open") else None
    if os.getppid() != parent:
        sys.exit("the process that started the zygote has ended")
    return descriptor


def _threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except FileNotFoundError:
        return 1


_TRIVIAL = """
import math

import numpy as np


class Trivial:
    def value(self):
        return np.zeros(1)
"""


def _warm_up(hosts: Sequence[str]) -> None:
    """Do what children do, as often as it takes until Python changes nothing any more when it is done again.

    Python rewrites functions while they are called for the first times and remembers where it found names:
    here once, in memory that all children share, instead of in each child.
    """
    arrays = [["x", [3], "<f8"], ["y", [2, 2], "<f8"]]
    work = json.dumps({"source": _TRIVIAL, "setup": {"start": [list(range(40))]}, "arrays": arrays}).encode()
    ends = os.pipe()
    for _ in range(_UNTIL_WARM):
        read = json.loads(bytes(memoryview(work)[: len(work)]))
        views = Layout(read["arrays"], len(work)).views(bytearray(4096))
        views["x"][...] = views["x"].copy()
        for host in hosts:
            program.execute(read["source"], "nashforge_program", program.builtin_names(host))
        os.write(ends[1], wire.NUMBER.pack(0))
        os.read(ends[0], wire.NUMBER.size)
        _Log(0).write("")
        wire.pack_reply(wire.Kind.READY)
        _address_space()
    del sys.modules["nashforge_program"]
    for end in ends:
        os.close(end)


_UNTIL_WARM = 20


def _keep_free(last: int) -> None:
    """Take the descriptors up to one that will have a use in the children, so that nothing else has them."""
    while (taken := os.open(os.devnull, os.O_RDONLY)) <= last:
        pass
    os.close(taken)


def _leave_children_alone() -> None:
    """Have children begin as they are to be, so that none has to change it, and to copy memory for that.

    Signals end a process, as they do where Python has not been (this process, too: none is sent to it but to
    end it). And modules have nothing done in each child after the fork, be it to draw a new random seed or to
    mend locks that other threads held: there are no other threads, and no randomness.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    usual = (signal.SIG_DFL, None)
    for number in range(1, signal.NSIG):
        if signal.getsignal(number) not in usual:
            signal.signal(number, signal.SIG_DFL)
    os.register_at_fork = lambda **hooks: None


def _prefer_for_killing() -> None:
    """If the machine runs out of memory, end programs (and this process, if need be) before anything else."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def _address_space() -> int:
    """Return the size of this process's address space in bytes."""
    try:
        file = os.open("/proc/self/statm", os.O_RDONLY)
    except FileNotFoundError:
        return 1 << 30
    try:
        return int(os.read(file, 100).split()[0]) * mmap.PAGESIZE
    finally:
        os.close(file)


def _run(
    template: _ChildTemplate, zygote: int, order: dict[str, Any], descriptors: Sequence[int]
) -> NoReturn:
    """Be the child: prepare, confine, load the program, serve calls until there are no more."""
    try:
        requests, replies, log, inbox, outbox = (
            fcntl.fcntl(descriptor, fcntl.F_DUPFD, 64) for descriptor in descriptors
        )
        for mine, fixed in ((log, 1), (log, 2), (requests, REQUESTS), (replies, REPLIES)):
            os.dup2(mine, fixed)
        readable = mmap.mmap(inbox, os.fstat(inbox).st_size, prot=mmap.PROT_READ)
        writable = mmap.mmap(outbox, os.fstat(outbox).st_size)
        # The maps keep descriptors of their own, which close with all others here.
        kept = template.walls.descriptor or REPLIES
        os.closerange(REPLIES + 1, kept)
        os.closerange(kept + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        sys.stdout = sys.stderr = _Log(order["log_bytes"])
        space = _address_space() + order["memory_bytes"]
        confine(template.walls, Terms(zygote, order["uid"], order["cpu_seconds"], space))
    except (OSError, ValueError, ConfinementFailed) as error:
        os.write(REPLIES, wire.pack_reply(wire.Kind.INFRASTRUCTURE, f"{type(error).__name__}: {error}"))
        os._exit(1)
    os.write(REPLIES, wire.pack_reply(wire.Kind.READY))
    sys.meta_path[:] = [_NothingToLoad()]
    source = ""
    loading = True
    try:
        work = json.loads(bytes(memoryview(readable)[: order["payload"]]))
        source = work["source"]
        host = program.start(
            work["host"],
            source,
            "nashforge_program",
            work["setup"],
            Layout(work["inputs"], order["payload"]).views(readable),
            Layout(work["outputs"], packed=True).views(writable),
            template.names[work["host"]],
        )
        os.write(REPLIES, wire.NUMBER.pack(0))
        loading = False
        _answer(host)
    except MemoryError:
        os.write(REPLIES, _OUT_OF_MEMORY)  # made beforehand: there may be no memory left for it
    except BaseException as error:  # noqa: BLE001 - whatever a program raises must become a reply
        status, reason = program.explain(error, source, loading)
        os.write(REPLIES, wire.pack_reply(wire.KIND_OF_STATUS[status], reason))
    finally:
        os._exit(1)


_OUT_OF_MEMORY = wire.pack_reply(wire.Kind.MEMORY, "the program ran out of memory")


def _answer(host: Any) -> None:
    read, write, call, size = os.read, os.write, host.call, wire.NUMBER.size
    formats = [struct.Struct(f"<{count}q") for count in range(wire.MAX_NUMBERS + 2)]
    longest = size * len(formats)
    while message := read(REQUESTS, longest):
        call(*formats[len(message) // size].unpack(message)[1:])
        write(REPLIES, message[:size])


class _NothingToLoad:
    """Explains why a module cannot be loaded; without it Python would search the disk."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        raise program.ForbiddenImport(f"module {name!r} is not available to programs, which cannot load code")


class _Log(io.TextIOBase):
    """Standard output and error: written at once, never blocking, silently ending at the limit."""

    encoding = "utf-8"

    def __init__(self, limit: int) -> None:
        self._left = limit

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._left > 0:
            data = text[: self._left].encode("utf-8", "replace")[: self._left]
            self._left -= len(data)
            try:
                os.write(1, data)
            except OSError:  # the pipe is full
                self._left = 0
        return len(text)
