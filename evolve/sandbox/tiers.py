"""Isolation levels: the strictest that this machine offers, and the least that is required."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from nashforge.evolve.sandbox import kernel
from nashforge.evolve.sandbox.errors import SandboxUnavailable

FIRST_UID, LAST_UID = 61184, 65519
"""Users that programs run as when started as root: the range that systemd keeps for dynamic service users."""

_SET_IDS = 1 << 6 | 1 << 7  # CAP_SETGID, CAP_SETUID

REMEDY = "run Nashforge in a Linux container or virtual machine"


class Tier(StrEnum):
    """Strength of confinement, recorded with every evaluation.

    ``STRICT``: a process with no files, no network, no new processes, no signals to others, limited memory
    and time: Landlock, seccomp, resource limits and, when started as root, an unprivileged user of its own.
    ``NO_LANDLOCK``: the same without the second wall round files and sockets. ``NONE``: a separate process
    with a clean environment and resource limits; a hostile program can escape.
    """

    STRICT = "strict"
    NO_LANDLOCK = "no-landlock"
    NONE = "none"


_ORDER = (Tier.NONE, Tier.NO_LANDLOCK, Tier.STRICT)


@dataclass(frozen=True)
class Machine:
    """The means of confinement of this machine.

    Attributes
    ----------
    fork
        Whether processes can be forked and can share memory at all.
    seccomp
        Whether system calls can be filtered.
    landlock_abi
        Version of Landlock; 0 without it.
    uids
        Whether programs can run as users of their own (started as root, and those users exist here).
    reasons
        What is missing, in plain language; empty when nothing is.
    """

    fork: bool
    seccomp: bool
    landlock_abi: int
    uids: bool
    reasons: tuple[str, ...] = ()

    @property
    def tier(self) -> Tier | None:
        """The strongest tier that this machine offers; None if it cannot run programs apart at all."""
        if not self.fork:
            return None
        if not self.seccomp:
            return Tier.NONE
        return Tier.STRICT if self.landlock_abi >= 1 else Tier.NO_LANDLOCK

    def require(self, weakest: Tier) -> Tier:
        """Return the strongest tier offered.

        Parameters
        ----------
        weakest
            The weakest tier to accept.

        Raises
        ------
        SandboxUnavailable
            If this machine offers only less.
        """
        offered = self.tier
        why = " ".join(self.reasons)
        if offered is None:
            raise SandboxUnavailable(f"programs cannot be run apart on this machine; {REMEDY}. {why}")
        if _ORDER.index(offered) < _ORDER.index(weakest):
            raise SandboxUnavailable(
                f"this machine confines programs only at tier {offered.value!r}, but {weakest.value!r} is "
                f"required; {REMEDY}, or explicitly allow the weaker tier. {why}"
            )
        return offered


def probe() -> Machine:
    """Find out what this machine offers, without changing anything."""
    reasons = []
    fork = hasattr(os, "fork") and sys.platform != "win32"
    if not fork:
        reasons.append(f"This system ({sys.platform}) has no fork.")
    seccomp = kernel.seccomp_supported()
    if not seccomp:
        where = "this kernel or processor" if sys.platform == "linux" else f"this system ({sys.platform})"
        reasons.append(f"System-call filters (seccomp) do not exist on {where}.")
    abi = kernel.landlock_abi()
    if abi == 0:
        reasons.append(
            "Landlock is missing: it needs Linux 5.13 or later with 'landlock' among the security modules "
            "(the kernel parameter lsm=), and a container runtime that does not block it."
            if sys.platform == "linux"
            else "Landlock exists only on Linux."
        )
    uids = False
    if sys.platform == "linux" and os.geteuid() == 0:
        uids = _can_change_user()
        if not uids:
            reasons.append(
                f"Started as root, but without the right to become users {FIRST_UID}-{LAST_UID} "
                "(a restricted container or user namespace), so programs keep the user, not its privileges."
            )
    return Machine(fork, seccomp, abi, uids, tuple(reasons))


def _can_change_user() -> bool:
    try:
        status, *maps = (
            Path("/proc/self", name).read_text(encoding="ascii") for name in ("status", "uid_map", "gid_map")
        )
    except OSError:
        return False
    return may_set_ids(status) and all(map(covers_users, maps))


def may_set_ids(status: str) -> bool:
    """Return whether a ``/proc/PID/status`` shows the capabilities to change group and user."""
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(fields["CapEff"], 16) & _SET_IDS == _SET_IDS


def covers_users(id_map: str) -> bool:
    """Return whether a ``/proc/PID/uid_map`` has all users that programs may run as."""
    ranges = [tuple(int(x) for x in line.split()) for line in id_map.splitlines()]
    return any(first <= FIRST_UID and first + count > LAST_UID for first, _, count in ranges)
