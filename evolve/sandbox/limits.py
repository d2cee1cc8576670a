"""Resource limits of a program, and its usage."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

BURST_SECONDS = 0.05
"""CPU time beyond `Limits.call_cpu_seconds` that calls may take at once: page faults, coarse accounting."""


@dataclass(frozen=True)
class Limits:
    """Limits on one program, in all its processes together.

    Attributes
    ----------
    wall_seconds
        Total time that may be spent waiting for the program (loading and all calls). Time spent elsewhere, in
        the engine for example, is not counted against the program; nor is time for which the machine was
        frozen, or for which the program waited for a processor that was busy with other things.
    cpu_seconds
        Total CPU time of the program; enforced by the kernel in whole seconds, rounded up.
    memory_bytes
        Memory that the program may allocate on top of the interpreter, numpy and the shared arrays.
    call_seconds
        Time that loading, or any one call, may take, counted likewise.
    call_cpu_seconds
        CPU time that a call may take on average (default: any). ``BURST_SECONDS`` are allowed on top, and
        what a call leaves of its time counts for later ones up to so much, so that neither a rare expensive
        call nor a busy machine fails a program, while none can save for a long computation.
    log_bytes
        How much of what the program prints is kept, at most 1 MiB.
    source_bytes
        Longest accepted source, in bytes of UTF-8.
    """

    wall_seconds: float = 120.0
    cpu_seconds: float = 120.0
    memory_bytes: int = 1 << 30
    call_seconds: float = 10.0
    call_cpu_seconds: float = math.inf
    log_bytes: int = 1 << 16
    source_bytes: int = 1 << 17

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"{field.name} is {value!r} but must be positive")
        if self.log_bytes > 1 << 20:
            raise ValueError(f"log_bytes is {self.log_bytes} but may be at most {1 << 20} (1 MiB)")

    def share(self, processes: int) -> Limits:
        """Return the limits of each of a program's processes: equal parts of the memory and of the log.

        Time is not divided: one process may need what another does not.
        """
        return replace(
            self,
            memory_bytes=max(1, self.memory_bytes // processes),
            log_bytes=max(1, self.log_bytes // processes),
        )


@dataclass(frozen=True)
class Usage:
    """The usage of one session; complete once the session is closed.

    Attributes
    ----------
    cpu_seconds
        User and system time of the process that ran the program (in-process: of the calls).
    wall_seconds
        Time spent waiting for the program.
    peak_memory_bytes
        Largest resident set, including the interpreter and numpy; 0 in-process, where it is not known.
    calls
        Completed calls.
    """

    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    peak_memory_bytes: int = 0
    calls: int = 0
