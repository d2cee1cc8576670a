"""A relay between programs and a server, whose connections can fall silent or be cut while new ones work."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class _Line:
    """One connection through the relay: two sockets, and whether what comes is swallowed."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near, self.far, self.silent = near, far, False

    def close(self) -> None:
        for end in (self.near, self.far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Relay:
    """Listens on a port of this machine and passes on what comes to another port of it.

    Parameters
    ----------
    target
        The port of the server.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._lines: list[_Line] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def silence(self) -> int:
        """Swallow all that comes over the connections there are, without closing them; return how many."""
        for line in self._lines:
            line.silent = True
        return len(self._lines)

    def close(self) -> None:
        """End it, with all connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in list(self._lines):
            line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target), 5.0)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            line = _Line(near, far)
            self._lines.append(line)
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(line, *ends), daemon=True).start()

    def _pass_on(self, line: _Line, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if not line.silent:
                    sink.sendall(data)
        # Who is silent does not even say that the other side has gone.
        if not line.silent or source is line.near:
            line.close()
            with contextlib.suppress(ValueError):
                self._lines.remove(line)
