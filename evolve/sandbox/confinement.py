"""Confinement of a program's process by itself, before the first byte of the program is compiled."""

from __future__ import annotations

import os
import resource
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

from nashforge.evolve.sandbox.kernel import Confinement

_ENDLESS = resource.RLIM_INFINITY
_SIGNALS_ABI = 6


class ConfinementFailed(RuntimeError):
    """A wall could not be raised, or does not hold: a fault of the machine, never of the program."""


@dataclass(frozen=True)
class Terms:
    """The terms on which one child is confined.

    Attributes
    ----------
    parent
        Process id of the parent, with which the child must die.
    uid
        User and group to become; None to stay (when not started as root).
    cpu_seconds
        CPU time after which the kernel kills the process.
    address_space
        Bytes of address space in all.
    """

    parent: int
    uid: int | None
    cpu_seconds: int
    address_space: int


def confine(walls: Confinement, terms: Terms) -> None:
    """Give up everything but computing on memory and open descriptors, then verify that it is gone.

    The parent has called `limit_for_children`. Every object that is touched here is a page of memory to copy.

    Raises
    ------
    ConfinementFailed
        If a check shows a hole.
    OSError
        If the kernel refuses a step.
    """
    walls.die_with(terms.parent)
    if os.getsid(0) != os.getpid():
        os.setsid()
    _limit("RLIMIT_NPROC", 0)
    _limit("RLIMIT_NOFILE", 16)
    # Processor time ends with a signal of its own (SIGXCPU), and for those that block it with SIGKILL.
    _limit("RLIMIT_CPU", terms.cpu_seconds, terms.cpu_seconds + 1)
    _limit("RLIMIT_AS", terms.address_space)
    if terms.uid is not None:
        os.setgroups([])
        os.setresgid(terms.uid, terms.uid, terms.uid)
        os.setresuid(terms.uid, terms.uid, terms.uid)
        walls.die_with(terms.parent)
    walls.forbid_inspection()
    walls.forbid_privileges()
    _verify_identity(walls, terms)
    walls.raise_landlock()
    if walls.landlock:
        _verify_landlock(walls)
    walls.raise_seccomp()
    if walls.seccomp:
        _verify_seccomp(terms.parent)


def limit_for_children() -> None:
    """Set the limits that the zygote can live with, too: its children inherit them."""
    for name in ("CORE", "FSIZE", "MEMLOCK", "MSGQUEUE", "RTPRIO", "NICE"):
        _limit(f"RLIMIT_{name}", 0)


def _limit(name: str, value: int, last: int | None = None) -> None:
    """Set a limit, and the one that it can be raised to (by default the same)."""
    number = getattr(resource, name, None)  # not every system has every limit
    if number is None:
        return
    last = value if last is None else last
    hard = resource.getrlimit(number)[1]
    value, last = (value, last) if hard == _ENDLESS else (min(value, hard), min(last, hard))
    try:
        resource.setrlimit(number, (value, last))
    except ValueError:
        if sys.platform == "linux":  # elsewhere (macOS: RLIMIT_AS) some limits are refused
            raise


def _verify_identity(walls: Confinement, terms: Terms) -> None:
    if terms.uid is not None:
        if set(os.getresuid() + os.getresgid()) != {terms.uid} or os.getgroups():
            raise ConfinementFailed(f"the process did not become user {terms.uid}")
        _must_fail("become root again", lambda: os.setresuid(0, 0, 0))
    left = walls.holds_privileges()
    if left is not None:
        raise ConfinementFailed(left)


def _verify_landlock(walls: Confinement) -> None:
    _must_fail("list the root directory (Landlock)", lambda: os.close(os.open("/", os.O_RDONLY)))
    if walls.abi >= _SIGNALS_ABI:
        _must_fail("signal its parent (Landlock)", lambda: os.kill(os.getppid(), 0))


def _verify_seccomp(parent: int) -> None:
    _must_fail("open a file (seccomp)", lambda: os.close(os.open("/dev/null", os.O_RDONLY)))
    _must_fail("look at a file (seccomp)", lambda: os.stat("/"))
    _must_fail("open a socket (seccomp)", lambda: socket.socket().close())
    _must_fail("signal itself (seccomp)", lambda: os.kill(0, 0))
    _must_fail("make a process (seccomp)", _fork)
    _must_fail("look at its parent's processors (seccomp)", lambda: os.sched_getaffinity(parent))
    if os.getpid() != -1 or os.getuid() != -1:
        raise ConfinementFailed("the confined process can still see its number (seccomp)")


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _must_fail(what: str, attempt: Callable[[], object]) -> None:
    try:
        attempt()
    except OSError:
        return
    raise ConfinementFailed(f"the confined process can still {what}")
