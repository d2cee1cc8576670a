"""All processes of one program that knows several players."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self, overload

from nashforge.evolve.sandbox.account import total_usage
from nashforge.evolve.sandbox.limits import Usage
from nashforge.evolve.sandbox.session import SandboxSession


class SessionGroup(Sequence[SandboxSession]):
    """The sessions of one program, each in a confined process of its own; made by ``Sandbox.sessions``.

    No process sees what another is given. Limits are on the program as a whole, and when one process ends or
    fails, all end, and the failure carries the usage and the log of all.

    Parameters
    ----------
    sessions
        At least one.
    """

    def __init__(self, sessions: Iterable[SandboxSession]) -> None:
        self._sessions = tuple(sessions)

    @overload
    def __getitem__(self, index: int) -> SandboxSession: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[SandboxSession]: ...
    def __getitem__(self, index: int | slice) -> SandboxSession | Sequence[SandboxSession]:
        return self._sessions[index]

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[SandboxSession]:
        return iter(self._sessions)

    @property
    def tier(self) -> str:
        """The tier at which the program is confined."""
        return self._sessions[0].tier

    @property
    def log(self) -> str:
        """The program's output, process by process; complete once the sessions are closed."""
        return "".join(session.log for session in self._sessions)

    @property
    def usage(self) -> Usage:
        """The program's usage in all; complete once the sessions are closed."""
        return total_usage(self._sessions)

    def close(self) -> None:
        """End the program. Harmless when repeated."""
        self._sessions[0].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
