"""The verbs of agents in one place: on an archive of this machine, or on a server."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from nashforge.archive import Archive
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.answers.measured import Listen, Measured
from nashforge.evolve.agents.answers.verbs import Asked, GivenUp, Notes, Standing, Told
from nashforge.evolve.agents.asking import Who, again, ask
from nashforge.evolve.agents.bundle import bundle, told_once
from nashforge.evolve.agents.busy import BUSY_SECONDS, when_free
from nashforge.evolve.agents.telling import WAIT_SECONDS, Bill, give_up, tell
from nashforge.evolve.agents.views import open_desk

LONGEST_NOTE = 4000
"""Characters of an entry of the lab book."""


class Core(ABC):
    """The verbs, wherever the run is."""

    @abstractmethod
    def ask(
        self,
        run: str,
        *,
        count: int = 1,
        interface: str | None = None,
        wait: float = 0.0,
        full: bool = False,
        look: bool = False,
    ) -> Asked:
        """Claim requests of a run, or only look; see `nashforge.evolve.agents.asking.ask`."""

    @abstractmethod
    def tell(
        self,
        token: str,
        text: str | None,
        *,
        edits: bool = False,
        note: str | None = None,
        bill: Bill | None = None,
        wait: float = WAIT_SECONDS,
    ) -> Told:
        """Hand a program over; see `nashforge.evolve.agents.telling.tell`."""

    @abstractmethod
    def measure(
        self,
        token: str,
        programs: Mapping[str, str],
        *,
        games: Sequence[int] = (),
        iterations: int | None = None,
        listen: Listen = lambda name, game, reason: None,
    ) -> Measured:
        """Measure variants on training games; see `nashforge.evolve.agents.measuring.measure`."""

    @abstractmethod
    def give_up(self, token: str) -> GivenUp:
        """Give a request back."""

    @abstractmethod
    def notes(self, run: str, add: str | None = None) -> Notes:
        """Return the lab book of a run, after adding to it."""

    @abstractmethod
    def context(self, run: str, top: int = 5, *, task: int | None = None, interface: bool = False) -> str:
        """Return what is known of a run, as Markdown: all of it, or one task, or the interface."""

    @abstractmethod
    def status(self, run: str) -> Standing:
        """Return where a run stands."""


class LocalCore(Core):
    """The verbs on an archive.

    Parameters
    ----------
    archive
        Where the runs are.
    who
        Who asks and tells.
    only
        The only run that is served; None: all.
    still_there
        Whether whoever asks or tells still waits for the answer.
    patience
        Seconds for which is tried again what the archive has no time for, as others write to it.
    """

    def __init__(
        self,
        archive: Archive,
        who: Who,
        *,
        only: int | None = None,
        still_there: Callable[[], bool] = lambda: True,
        patience: float = BUSY_SECONDS,
    ) -> None:
        self._archive, self._who = archive, who
        self._only, self._still_there = only, still_there
        self._patience = patience

    def ask(
        self,
        run: str,
        *,
        count: int = 1,
        interface: str | None = None,
        wait: float = 0.0,
        full: bool = False,
        look: bool = False,
    ) -> Asked:
        """Claim requests of a run, or only look."""
        run, deadline = self._named(run), time.monotonic() + wait

        def once() -> Asked:
            return ask(
                self._archive,
                run,
                self._who,
                count=count,
                interface=interface,
                wait=max(deadline - time.monotonic(), 0.0),
                full=full,
                look=look,
                still_there=self._still_there,
            )

        return when_free(once, self._patience)

    def tell(
        self,
        token: str,
        text: str | None,
        *,
        edits: bool = False,
        note: str | None = None,
        bill: Bill | None = None,
        wait: float = WAIT_SECONDS,
    ) -> Told:
        """Hand a program over."""
        self._check_token(token)
        deadline = time.monotonic() + wait

        def once() -> Told:
            return tell(
                self._archive,
                token,
                text,
                self._who,
                edits=edits,
                note=note,
                bill=bill,
                wait=max(deadline - time.monotonic(), 0.0),
                still_there=self._still_there,
            )

        return when_free(once, self._patience)

    def measure(
        self,
        token: str,
        programs: Mapping[str, str],
        *,
        games: Sequence[int] = (),
        iterations: int | None = None,
        listen: Listen = lambda name, game, reason: None,
    ) -> Measured:
        """Measure variants on training games."""
        from nashforge.evolve.agents.measuring import measure  # executors are wanted by this verb alone

        self._check_token(token)
        return measure(self._archive, token, programs, games=games, iterations=iterations, listen=listen)

    def give_up(self, token: str) -> GivenUp:
        """Give a request back."""
        self._check_token(token)
        return when_free(lambda: give_up(self._archive, token), self._patience)

    def notes(self, run: str, add: str | None = None) -> Notes:
        """Return the lab book of a run, after adding to it."""
        run = self._named(run)
        desk = open_desk(self._archive, run)
        if add is not None:
            text = add.strip()
            if not 0 < len(text) <= LONGEST_NOTE:
                raise AgentError(f"the note has {len(text)} characters; write 1 to {LONGEST_NOTE}")
            when_free(
                lambda: self._archive.notes.add(desk.run, text, author=self._who.author), self._patience
            )
        return Notes(run=desk.run.nickname, notes=desk.notes(None))

    def context(self, run: str, top: int = 5, *, task: int | None = None, interface: bool = False) -> str:
        """Return what is known of a run, as Markdown: all of it, or one task, or the interface."""
        desk = open_desk(self._archive, self._named(run))
        if task is not None or interface:
            return told_once(desk, task, interface=interface)
        return bundle(desk, top)

    def status(self, run: str) -> Standing:
        """Return where a run stands."""
        run = self._named(run)
        return open_desk(self._archive, run).stand()

    def again(self, run: str, task: int) -> Asked:
        """Tell a task again that the agent holds; see `nashforge.evolve.agents.asking.again`."""
        return again(self._archive, self._named(run), self._who, task)

    def take_back(self, answer: Asked) -> None:
        """Undo the claims of an answer that did not arrive, so that nobody holds or knows its tasks."""
        for task in answer.tasks:
            when_free(partial(self._archive.requests.take_back, task.token), self._patience)

    def _named(self, run: str) -> str:
        """Return which run is meant; of others than the served one, not even their being is told."""
        if self._only is None:
            return run
        served = self._archive.runs.get(self._only).nickname
        if run.strip().lower() in ("latest", "") or served.startswith(run.strip()):
            return served
        raise AgentError(f"there is no run {run[:80]!r} here; this server serves {served}")

    def _check_token(self, token: str) -> None:
        if self._only is not None and self._archive.requests.get(token).run_id != self._only:
            raise AgentError("no request of this server's run has that token; ask for one")
