"""The one place that knows landlockpy, seccompy and the kernel calls behind confinement.

Both libraries are young and pinned; should one be replaced, only this module changes. Everything that loads
code (the libraries themselves, libc, which they look up lazily by running a linker) happens in ``prepare``,
before any confinement.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import sys
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_GET_DUMPABLE = 3
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_PR_GET_NO_NEW_PRIVS = 39
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_PROT_EXEC = 0x4

ALLOWED_CALLS = (
    "brk",
    "close",
    "exit",
    "exit_group",
    "fstat",
    "getcpu",
    "getrandom",
    "getrusage",
    "gettimeofday",
    "lseek",
    "mremap",
    "munmap",
    "nanosleep",
    "poll",
    "ppoll",
    "read",
    "readv",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sched_yield",
    "set_robust_list",
    "sigaltstack",
    "time",
    "times",
    "write",
    "writev",
)
"""Calls that computing in Python on memory and pipes needs; those below, too; all others fail.

Among these the ids of process and user: they count the programs that ran before, and so, where games come in
a known order, would tell which game it is. The C library returns -1 for them.
"""

_INT = 0xFFFFFFFF
"""The kernel looks at so many bits of an ``int``; those above may hold anything."""

RESTRICTED_CALLS: dict[str, tuple[int, int, tuple[int, ...]]] = {
    # Fixed clocks, below 16. Negative numbers are the processor clocks of other processes, by their ids.
    "clock_getres": (0, _INT & ~0xF, (0,)),
    "clock_gettime": (0, _INT & ~0xF, (0,)),
    "clock_nanosleep": (0, _INT & ~0xF, (0,)),
    # Waiting and waking (WAIT, WAKE, WAIT_BITSET, WAKE_BITSET). The operations with inheritance of priority
    # look another thread up by its id.
    "futex": (1, 0x7F, (0, 1, 9, 10)),
    # What allocators give back and ask for (NORMAL, WILLNEED, DONTNEED, FREE, HUGEPAGE, NOHUGEPAGE). Pages
    # that the kernel merges with those of others (MERGEABLE) tell by their timing what others hold.
    "madvise": (2, _INT, (0, 3, 4, 8, 14, 15)),
    # No memory that can be executed. What can be, stays as it is: there is no mprotect.
    "mmap": (2, _PROT_EXEC, (0,)),
    # Of this process only.
    "sched_getaffinity": (0, _INT, (0,)),
}
"""Calls that are allowed with some arguments: position, the bits that count, and their values."""

FATAL_CALLS = (
    "add_key",
    "bpf",
    "execve",
    "execveat",
    "fsopen",
    "init_module",
    "finit_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "kexec_load",
    "keyctl",
    "mount",
    "move_mount",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pidfd_getfd",
    "pivot_root",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "request_key",
    "setns",
    "umount2",
    "unshare",
    "userfaultfd",
)
"""Calls that no honest program makes: the process is killed at once."""


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class Confinement:
    """Everything prepared to confine forked children of this process.

    Parameters
    ----------
    landlock, seccomp
        Which walls to raise. Without them this class only offers the process attributes.
    """

    def __init__(self, *, landlock: bool, seccomp: bool) -> None:
        self.landlock = landlock
        self.seccomp = seccomp
        self._libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
        if self._libc is not None:
            self._libc.prctl.argtypes = (ctypes.c_int, *4 * (ctypes.c_ulong,))
        self._filter: Any = None
        self._ruleset: Any = None
        self.abi = 0
        if landlock:
            import landlockpy

            self.abi = landlock_abi()
            # Its descriptor is inherited: every child restricts itself by the same empty set of rules.
            self._ruleset = landlockpy.Ruleset(scoped=landlockpy.scope_for_abi(self.abi))
        if seccomp:
            import seccompy

            seccompy.supported()
            self._filter = _build_filter()
            assert self._filter.program  # compiled here, once, for all children

    def die_with(self, parent: int) -> None:
        """Have this process killed when its parent ends, or end now if it has. A change of uid clears it."""
        self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    def forbid_inspection(self) -> None:
        """No core dumps; no tracing and no reading of memory by processes of the same user."""
        self._prctl(_PR_SET_DUMPABLE, 0)

    def forbid_privileges(self) -> None:
        """Give up all capabilities, and the possibility of gaining any."""
        if self._libc is None:
            return
        self._prctl(_PR_SET_NO_NEW_PRIVS, 1)
        try:
            self._prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
        except OSError as error:
            if error.errno != errno.EINVAL:  # kernels before 4.3 have no ambient capabilities
                raise
        header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
        nothing = (ctypes.c_uint32 * 6)()
        if self._libc.capset(ctypes.byref(header), ctypes.byref(nothing)) != 0:
            raise OSError(ctypes.get_errno(), "capset: cannot give up capabilities")

    def holds_privileges(self) -> str | None:
        """Return what this process could still do, or None if the calls above took effect."""
        if self._libc is None:
            return None
        if self._prctl(_PR_GET_NO_NEW_PRIVS) != 1:
            return "no_new_privs is not set"
        if self._prctl(_PR_GET_DUMPABLE) != 0:
            return "the process is dumpable"
        header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
        data = (ctypes.c_uint32 * 6)()
        if self._libc.capget(ctypes.byref(header), ctypes.byref(data)) != 0:
            raise OSError(ctypes.get_errno(), "capget: cannot read capabilities")
        return "capabilities are left" if any(data) else None

    @property
    def descriptor(self) -> int | None:
        """The descriptor that `raise_landlock` needs, and closes."""
        return None if self._ruleset is None else int(self._ruleset.fileno())

    def raise_landlock(self) -> None:
        """Deny all files, all TCP, and signals and abstract sockets across the wall."""
        if self.landlock:
            self._ruleset.restrict(no_new_privs=False)  # it is set already, see forbid_privileges
            self._ruleset.close()

    def raise_seccomp(self) -> None:
        """Deny all system calls but ``ALLOWED_CALLS`` and, as far as they go, ``RESTRICTED_CALLS``."""
        if self.seccomp:
            self._filter.load()

    def _prctl(self, option: int, value: int = 0) -> int:
        if self._libc is None:
            return 0
        result: int = self._libc.prctl(option, value, 0, 0, 0)
        if result < 0:
            raise OSError(ctypes.get_errno(), f"prctl({option}, {value}) failed")
        return result


def landlock_abi() -> int:
    """Return the kernel's Landlock version; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    import landlockpy

    try:
        return int(landlockpy.abi_version())
    except landlockpy.LandlockError:  # a container runtime forbids even the question
        return 0


def seccomp_supported() -> bool:
    """Return whether system-call filters work here (kernel and processor type)."""
    if sys.platform != "linux":
        return False
    import seccompy

    try:
        seccompy.audit_arch()
        return bool(seccompy.supported())
    except seccompy.SeccompError:  # also: no table for this processor
        return False


def _build_filter() -> Any:
    import seccompy

    # An allow-list: unknown calls, and those of the x32 ABI, which have other numbers, fail with EPERM.
    rules = seccompy.Filter(default=int(seccompy.Action.ERRNO) | errno.EPERM)
    for name in ALLOWED_CALLS:
        if _known(name):
            rules.allow(name)
    for name, (position, bits, values) in RESTRICTED_CALLS.items():
        for value in values:
            rules.allow(name, args=[(position, seccompy.CmpOp.MASKED_EQ, value, bits)])
    # The C library falls back to clone (which is denied) only when clone3 seems not to exist.
    rules.errno("clone3", errno.ENOSYS)
    for name in FATAL_CALLS:
        if _known(name):
            rules.kill(name)
    return rules


def _known(name: str) -> bool:
    import seccompy

    try:
        seccompy.syscall_nr(name)
    except ValueError:  # not every call exists on every processor (time, poll)
        return False
    return True
