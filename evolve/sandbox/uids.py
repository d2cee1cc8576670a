"""Unprivileged users for programs when Nashforge is started as root: never the same for two at a time."""

from __future__ import annotations

import errno
import secrets
import socket

from nashforge.evolve.sandbox.errors import InfrastructureError
from nashforge.evolve.sandbox.tiers import FIRST_UID, LAST_UID


class UidLease:
    """A user id that no other running program on this machine has.

    The lease is the name of an abstract socket: taken atomically, across processes, and given back by the
    kernel even when the holder is killed.

    Attributes
    ----------
    uid : int
        The user id.

    Raises
    ------
    InfrastructureError
        If all are taken.
    """

    def __init__(self) -> None:
        count = LAST_UID - FIRST_UID + 1
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # From anywhere: ids in order would tell a program how many ran before it.
        first = secrets.randbelow(count)
        for offset in range(count):
            self.uid = FIRST_UID + (first + offset) % count
            try:
                self._socket.bind(f"\0nashforge-uid-{self.uid}")
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    self._socket.close()
                    raise
            else:
                return
        self._socket.close()
        raise InfrastructureError(f"all {count} users for sandboxed programs are in use; run fewer workers")

    def release(self) -> None:
        """Give the user id back; its process must be dead."""
        self._socket.close()
