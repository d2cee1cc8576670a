"""What a session with a program offers, however the program is run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from nashforge.evolve.sandbox.layout import AnyArray
from nashforge.evolve.sandbox.limits import Usage
from nashforge.solvers.programs import session


class Session(session.Session, Protocol):
    """One program, loaded behind a host: write ``inputs``, ``call``, read ``outputs``.

    Attributes
    ----------
    inputs
        Arrays that the trusted side writes in place and the program can only read.
    outputs
        Fresh, finite arrays from the last call that wrote them; they may be kept.
    tier
        How the program is confined: a value of ``Tier``, or ``"inline"``.
    log
        What the program printed; complete once the session is closed.
    usage
        What the program used; complete once the session is closed.
    """

    @property
    def tier(self) -> str: ...

    @property
    def log(self) -> str: ...

    @property
    def usage(self) -> Usage: ...

    def call(self, *numbers: int, expect: Iterable[str] | None = None) -> None:
        """Call the host once.

        Parameters
        ----------
        numbers
            Arguments of the host's ``call``; 64-bit integers.
        expect
            The outputs that this call must write (default: all of them). They are marked as missing before.

        Raises
        ------
        CandidateFailure
            The program failed; the session is closed.
        InfrastructureError
            The machine failed; the session is closed.
        """
        ...

    def close(self) -> None:
        """End the program and free what it used. Harmless when repeated."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Host(Protocol):
    """Trusted code next to the program that turns arrays into calls of the program and back.

    A host module defines a class ``Host`` with this shape, and may define ``IMPORTS``, the modules that its
    programs may import besides numpy and some of the standard library (default: ``interface`` beside it).
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        setup: Mapping[str, Any],
        inputs: Mapping[str, AnyArray],
        outputs: Mapping[str, AnyArray],
    ) -> None: ...

    def call(self, *numbers: int) -> None: ...
