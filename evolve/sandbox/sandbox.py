"""Runs untrusted programs, each in a confined process of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from nashforge.evolve.sandbox.errors import ProgramRejected
from nashforge.evolve.sandbox.launch import Zygote, ZygoteLost
from nashforge.evolve.sandbox.limits import Limits
from nashforge.evolve.sandbox.pipes import require_descriptors
from nashforge.evolve.sandbox.tiers import Machine, Tier, probe
from nashforge.solvers.programs.session import ArraySpec

if TYPE_CHECKING:
    from nashforge.evolve.sandbox.group import SessionGroup
    from nashforge.evolve.sandbox.session import SandboxSession


class Sandbox:
    """Confines programs; one is enough for a worker, and its sessions may be used from several threads.

    Behind it is a zygote: a process with a clean environment that has numpy and the hosts in memory and
    forks a confined child for each session. It is started when first needed, and again if it was lost.

    Parameters
    ----------
    hosts
        Module names of the hosts that sessions may use, for example ``["nashforge.solvers.cfr.host"]``.
    tier
        The weakest tier to accept. The strongest that the machine offers is used.
    preload
        Further modules that programs' processes have in memory.
    machine
        What the machine offers (default: found out by ``probe``).

    Attributes
    ----------
    tier : Tier
        The tier in force.

    Raises
    ------
    SandboxUnavailable
        If this machine offers only a weaker tier.
    InfrastructureError
        If this process may open too few files.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        *,
        tier: Tier | str = Tier.STRICT,
        preload: Sequence[str] = (),
        machine: Machine | None = None,
    ) -> None:
        machine = machine or probe()
        self.tier = machine.require(Tier(tier))
        require_descriptors()
        self._own_uids = machine.uids
        self._machine = machine
        self._beside: dict[tuple[str, ...], Sandbox] = {}
        self._hosts = tuple(hosts)
        self._preload = tuple(preload)
        self._zygote: Zygote | None = None
        self._lock = threading.Lock()
        self._sessions: set[SandboxSession] = set()
        self._closed = False

    def session(
        self,
        source: str,
        *,
        host: str,
        setup: Mapping[str, Any],
        inputs: Sequence[ArraySpec],
        outputs: Sequence[ArraySpec],
        limits: Limits | None = None,
    ) -> SandboxSession:
        """Load a program in a new confined process.

        Parameters
        ----------
        source
            The program.
        host
            One of the sandbox's hosts.
        setup
            What the host needs to know; plain JSON values. The program can see them.
        inputs, outputs
            Names, shapes and dtypes of the shared arrays; outputs are floating-point.
        limits
            What the program may use (default: ``Limits()``).

        Raises
        ------
        CandidateFailure
            If the program cannot be loaded: ``ProgramRejected`` if it does not compile or does not define
            what the host asks for, and the other kinds if it fails while loading.
        InfrastructureError
            If the machine cannot run it.
        """
        arguments = {"host": host, "setup": setup, "inputs": inputs, "outputs": outputs}
        return self.sessions(source, [arguments], limits=limits)[0]

    def sessions(
        self, source: str, arguments: Sequence[Mapping[str, Any]], *, limits: Limits | None = None
    ) -> SessionGroup:
        """Load a program in several new confined processes, which know nothing of each other.

        Parameters
        ----------
        source
            The program.
        arguments
            ``host``, ``setup``, ``inputs`` and ``outputs`` of each process, as for `session`.
        limits
            What the program may use in all processes together (default: ``Limits()``).

        Raises
        ------
        CandidateFailure, InfrastructureError
            As for `session`.
        """
        limits = limits or Limits()
        for host in {each["host"] for each in arguments}.difference(self._hosts):
            raise ValueError(f"host {host!r} is not one of this sandbox's: {', '.join(self._hosts)}")
        size = len(source.encode("utf-8", "replace"))
        if size > limits.source_bytes:
            raise ProgramRejected(
                f"the program has {size} bytes, but programs may have at most {limits.source_bytes}"
            )
        try:
            return self._open(source, arguments, limits)
        except ZygoteLost:
            return self._open(source, arguments, limits)

    def beside(self, hosts: Sequence[str]) -> Sandbox:
        """Return another sandbox, as strict as this one, which is closed together with it.

        It has a zygote of its own, so that what its hosts have in memory, such as the opponents that programs
        are to meet, is not in the processes of this one's programs. Asked for the same hosts again, it is the
        same one.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("this sandbox is closed; make a new one")
            key = tuple(hosts)
            if key not in self._beside:
                self._beside[key] = Sandbox(key, tier=self.tier, machine=self._machine)
            return self._beside[key]

    def start(self) -> None:
        """Start the zygote now, rather than with the first session.

        Raises
        ------
        InfrastructureError
            If it does not start.
        """
        self._running_zygote()

    @property
    def zygote_pid(self) -> int | None:
        """Process id of the zygote; None while there is none."""
        return self._zygote.pid if self._zygote is not None and self._zygote.alive else None

    def close(self) -> None:
        """End all sessions and the zygote. Harmless when repeated."""
        self._closed = True
        for session in list(self._sessions):
            session.close()
        with self._lock:
            zygote, self._zygote = self._zygote, None
            beside, self._beside = self._beside, {}
        if zygote is not None:
            zygote.close()
        for other in beside.values():
            other.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, source: str, arguments: Sequence[Mapping[str, Any]], limits: Limits) -> SessionGroup:
        # Not at the top: it needs what Windows does not have, where making a sandbox must fail clearly.
        from nashforge.evolve.sandbox.account import Account
        from nashforge.evolve.sandbox.group import SessionGroup
        from nashforge.evolve.sandbox.session import SandboxSession

        zygote, account = self._running_zygote(), Account(limits)
        with ExitStack() as undo:
            # All are begun before the first is waited for: they load at the same time.
            for each in arguments:
                session = SandboxSession(
                    zygote,
                    source,
                    **each,
                    limits=limits.share(len(arguments)),
                    account=account,
                    tier=self.tier.value,
                    own_uid=self._own_uids,
                    on_close=self._sessions.discard,
                )
                account.sessions.append(session)
                undo.callback(session.close)
            group = SessionGroup(account.sessions)
            for session in group:
                session.wait_until_loaded()
            undo.pop_all()
        self._sessions.update(group)
        return group

    def _running_zygote(self) -> Zygote:
        with self._lock:
            if self._closed:
                raise RuntimeError("this sandbox is closed; make a new one")
            if self._zygote is not None and not self._zygote.alive:
                if self._zygote.owner == os.getpid():
                    self._zygote.close()
                self._zygote = None
            if self._zygote is None:
                self._zygote = Zygote(self._hosts, self._preload, self.tier)
            return self._zygote
