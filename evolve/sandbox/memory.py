"""Memory shared between the trusted process and a program's process."""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import sys
import tempfile

# Not yet in Python's fcntl and os (linux/fcntl.h, linux/memfd.h).
_F_SEAL_FUTURE_WRITE = 0x10
_MFD_NOEXEC_SEAL = 0x8


class SharedRegion:
    """A region that this process can write, and a descriptor through which another process maps it.

    Where the kernel has sealed memory (Linux), the region cannot be resized by anyone, so that a truncation
    cannot kill the reader; elsewhere it is an unlinked temporary file.

    Parameters
    ----------
    size
        In bytes, at least 1.
    readonly
        Seal it so that no further mapping or write through the descriptor can change it. (Linux only.)
    """

    def __init__(self, size: int, *, readonly: bool) -> None:
        self.descriptor = _sealable(size) if sys.platform == "linux" else _temporary(size)
        try:
            self.map = mmap.mmap(self.descriptor, size)
            if sys.platform == "linux":
                seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
                fcntl.fcntl(
                    self.descriptor, fcntl.F_ADD_SEALS, seals | _F_SEAL_FUTURE_WRITE if readonly else seals
                )
        except OSError:
            os.close(self.descriptor)
            raise

    def close_descriptor(self) -> None:
        """Close the descriptor once the other process has it; the map lives as long as views of it do."""
        os.close(self.descriptor)


def _sealable(size: int) -> int:
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        descriptor = os.memfd_create("nashforge", flags | _MFD_NOEXEC_SEAL)
    except OSError as error:
        if error.errno != errno.EINVAL:  # kernels before 6.3 do not know the flag
            raise
        descriptor = os.memfd_create("nashforge", flags)
    os.ftruncate(descriptor, size)
    return descriptor


def _temporary(size: int) -> int:
    with tempfile.TemporaryFile() as file:
        file.truncate(size)
        return os.dup(file.fileno())
