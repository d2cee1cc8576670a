"""News of an archive: looked for once a second in one place, and passed on to everybody who looks."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import anyio
from starlette.concurrency import run_in_threadpool

from nashforge.archive import Archive
from nashforge.archive.errors import ArchiveError
from nashforge.archive.stores.views import Mark
from nashforge.evolve.executors.identity import has_ended

SECONDS = 1.0
"""Between two looks."""
MOST_OF_A_CORE = 0.1
"""What pages of a run that changes all the time may take of a processor: they are told of news less often."""
BYTES_KEPT = 20_000_000
"""Of pages that were made and have no news since."""


class News:
    """News as numbers that grow: one for each run, and one for the whole archive.

    Nobody asks the database while nobody looks. Pages are kept as long as their number stays. News
    after a pause are told at once, those of a stream as often as making the page may take (`MOST_OF_A_CORE`).
    """

    def __init__(self, archive: Archive, seconds: float = SECONDS) -> None:
        self._archive, self._seconds = archive, seconds
        self._mark = Mark({}, (), (), {})
        self._began = secrets.token_hex(4)
        self._looked = 0.0
        self._versions: dict[int | None, int] = {None: 0}
        self._costs: dict[int, tuple[float, float]] = {}
        self._offered: dict[int | None, tuple[int, float]] = {}
        self._listening = 0
        self._changed = asyncio.Event()
        self._look = asyncio.Lock()
        self._pages: dict[tuple[str, int | None], tuple[int, str]] = {}
        self._making: dict[tuple[str, int | None], asyncio.Lock] = {}
        self.error: str | None = None

    async def version(self, run: int | None) -> int:
        """Return the number of a run, or of the archive, after a look that is not older than a second."""
        if time.monotonic() - self._looked >= self._seconds:
            await self.look()
        return self._versions.get(run, 0)

    async def look(self, *, at_once: bool = False) -> None:
        """Look for news, and tell those who wait; unless the last look was just now, or ``at_once``."""
        async with self._look:
            if not at_once and time.monotonic() - self._looked < 0.5 * self._seconds:
                return
            known = self.error
            try:
                mark = await run_in_threadpool(self._marked)
                self.error = None
            except ArchiveError as error:
                # A server that is away comes back; pages say so meanwhile.
                self.error, mark = str(error), self._mark
            self._looked = time.monotonic()
            before, self._mark = self._mark, mark
            everywhere = before.rest != mark.rest or (known is None) != (self.error is None)
            changed = {
                run
                for run in before.runs.keys() | mark.runs.keys()
                if everywhere or before.runs.get(run) != mark.runs.get(run)
            }
            if not changed and not everywhere and before.ticks == mark.ticks:
                return
            for run in (None, *changed):
                self._versions[run] = self._versions.get(run, 0) + 1
        self._wake()

    def _wake(self) -> None:
        """Wake who waits now, and give the next who wait an event of their own.

        A condition would be wrong: who leaves while it takes back the lock fails to release it.
        """
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _marked(self) -> Mark:
        """Return the mark of the archive, and in it which processes of this machine have ended."""
        mark = self._archive.overview.mark()
        ended = {run: (*mark.runs[run], has_ended(owner)) for run, owner in mark.owners.items()}
        return mark._replace(runs=mark.runs | ended)

    def tag(self, number: int) -> str:
        """Return the entity tag of a page with this number: another server counts from the beginning."""
        return f'"{self._began}-{number}"'

    async def tell(self, *, everywhere: bool = False) -> None:
        """Count news that a look does not find; of the whole archive, or ``everywhere`` of every run, too."""
        for run in (None, *(self._mark.runs if everywhere else ())):
            self._versions[run] = self._versions.get(run, 0) + 1
        self._wake()

    async def follow(self, run: int | None, ending: anyio.Event | None = None) -> AsyncIterator[int]:
        """Yield the number of a run, or of the archive, whenever it has grown; until it is to end."""
        told = await self.version(run)
        yield told
        self._listening += 1
        try:
            while ending is None or not ending.is_set():
                early = self._offered.get(run, (0, 0.0))[1] - time.monotonic()
                if early > 0 and self._versions.get(run, 0) != told:
                    await asyncio.sleep(min(early, self._seconds))
                else:
                    # Not wait_for, which forgets that it was cancelled where there are news at the same time.
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._seconds):
                            await self._changed.wait()
                now = self._offer(run)
                if now > told:
                    told = now
                    yield told
        finally:
            self._listening -= 1

    def _offer(self, run: int | None) -> int:
        """Return the number of a run that is told now, to all who follow it, so that its page is made once.

        A new one is due some time after the last, by what pages of the run took lately: the lesser of two,
        since the first one loads what pages are made with.
        """
        number, due = self._offered.get(run, (0, 0.0))
        now = time.monotonic()
        if number == self._versions.get(run, 0) or now < due:
            return number
        took = 0.0 if run is None else min(self._costs.get(run, (0.0, 0.0)))
        self._offered[run] = self._versions[run], now + took / MOST_OF_A_CORE
        return self._versions[run]

    async def watch(self) -> None:
        """Look once a second as long as anybody follows; to be cancelled."""
        while True:
            await asyncio.sleep(self._seconds)
            if self._listening:
                await self.look()

    async def page(
        self, address: str, run: int | None, make: Callable[[], str], *, told: bool = False
    ) -> tuple[int, str]:
        """Return a page and its number: made once, however many look at it, until there are news.

        Parameters
        ----------
        told
            Whether it is asked for because of news: then news that were not told yet are not needed.
        """
        key = (address, run)
        lock = self._making.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                number = await self.version(run)
                known = self._pages.get(key)
                if known is not None and known[0] >= (self._offer(run) if told else number):
                    return known
                text, cost = await run_in_threadpool(_timed, make)
                if run is not None:
                    self._costs[run] = self._costs.get(run, (0.0, 0.0))[1], cost
                self._pages.pop(key, None)
                self._pages[key] = number, text
                self._forget()
                return number, text
        finally:
            if not lock.locked():
                self._making.pop(key, None)

    def _forget(self) -> None:
        """Forget the pages that were made first, of those that take more memory than they may."""
        size = sum(len(address) + len(text) for (address, _), (_, text) in self._pages.items())
        while size > BYTES_KEPT and len(self._pages) > 1:
            (address, _), (_, text) = oldest = next(iter(self._pages.items()))
            size -= len(address) + len(text)
            self._pages.pop(oldest[0])


def _timed(make: Callable[[], str]) -> tuple[str, float]:
    """Return a page, and the processor seconds of making it, which do not depend on what others do."""
    began = time.thread_time()
    return make(), time.thread_time() - began
