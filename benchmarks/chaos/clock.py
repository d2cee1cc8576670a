"""A server whose clock can be moved while it works: a library that it is started with adds an offset."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

from nashforge.evolve.service.servers import PostgreSQL

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static volatile const long long *offset;

__attribute__((constructor)) static void map_offset(void) {
    const char *path = getenv("CHAOS_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *mapped = file < 0 ? MAP_FAILED : mmap(0, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) offset = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && offset && clock == CLOCK_REALTIME) now->tv_sec += *offset;
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int (*real)(struct timeval *, void *) = dlsym(RTLD_NEXT, "gettimeofday");
    int failed = real(now, zone);
    if (!failed && offset) now->tv_sec += *offset;
    return failed;
}

time_t time(time_t *stored) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (stored) *stored = now.tv_sec;
    return now.tv_sec;
}
"""


class MovablePostgreSQL(PostgreSQL):
    """PostgreSQL with a clock that can be moved, where there is a C compiler."""

    @property
    def movable(self) -> bool:
        """Whether the clock can be moved here."""
        return shutil.which("cc") is not None

    def move_clock(self, seconds: int) -> None:
        """Have the clock be wrong by so many seconds from now on."""
        with self._offset.open("r+b") as file:
            file.write(struct.pack("q", seconds))

    @property
    def _offset(self) -> Path:
        return self.folder / "clock"

    def _options(self) -> dict[str, Any]:
        options = super()._options()
        if not self.movable:
            return options
        library = self.folder / "clock.so"
        if not library.exists():
            self._offset.write_bytes(struct.pack("q", 0))
            command = ["cc", "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", str(library), "-ldl"]
            subprocess.run(command, input=_SOURCE.encode(), check=True)
        environment = {**os.environ, "LD_PRELOAD": str(library), "CHAOS_CLOCK": str(self._offset)}
        return {**options, "env": environment}
