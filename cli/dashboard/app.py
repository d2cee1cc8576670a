"""The application: addresses, and what answers them."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from anyio import Event, to_thread
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from nashforge.archive import Archive, DatabaseUnavailable, NotFound
from nashforge.cli.dashboard.actions import ACTIONS, Action
from nashforge.cli.dashboard.guard import Door, form_token, is_form_token
from nashforge.cli.dashboard.jobs.episodes import Episodes
from nashforge.cli.dashboard.jobs.queue import Jobs
from nashforge.cli.dashboard.live import News
from nashforge.cli.dashboard.rendering import STATIC, VENDORED, environment, render, static_file
from nashforge.cli.dashboard.views.addresses import PAGES, TABLES
from nashforge.cli.dashboard.views.base import Asked, View
from nashforge.errors import NashforgeError

GRACE_SECONDS = 2.0
"""A stream of news has so long to end when the server does."""

THREADS = 4
"""Pages that are made at the same time."""

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

LARGEST_FORM = 1_000_000
"""Bytes of a form; a program of the longest kind fits in."""

MOST_FIELDS = 200
"""Of an address or a form."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Names of this machine for itself."""

Viewer: TypeAlias = Callable[[Asked], View]


class Application:
    """The dashboard of one archive.

    Parameters
    ----------
    secret
        The token that is asked for.
    hosts
        Names by which it may be called.
    can_control
        Whether runs may be changed, and work be asked for.
    tier
        Weakest sandbox tier that such work accepts; None: the strict one.
    """

    def __init__(
        self,
        archive: Archive,
        secret: str,
        hosts: Iterable[str],
        *,
        can_control: bool = False,
        tier: str | None = None,
    ) -> None:
        self._archive, self._secret, self._control = archive, secret, can_control
        self._hosts = tuple(hosts)
        self._confinement = () if tier is None else ("--allow-weaker-sandbox", tier)
        self._news: News | None = None
        self._naming = asyncio.Lock()
        self._numbers: tuple[int, dict[str, int]] = (-1, {})
        self._jobs: Jobs | None = None
        self._episodes: Episodes | None = None

    def build(self) -> ASGIApp:
        """Return the application, its door included."""
        routes = [
            Route("/", lambda _request: RedirectResponse("/runs", 303)),
            Route("/events", self._events),
            Route("/static/{name}", self._static),
            Route("/episodes/{name}.json", self._episode),
            *(Route(address, self._page(view)) for address, view in PAGES.items()),
            *(Route(address, self._table(rows)) for address, rows in TABLES.items()),
            *(Route(address, self._action(action), methods=["POST"]) for address, action in ACTIONS.items()),
        ]
        app = Starlette(
            routes=routes,
            lifespan=self._lifespan,
            exception_handlers={NashforgeError: self._wrong, 404: self._nothing},
        )
        return Door(app, self._secret, self._hosts, control=self._control)

    @property
    def news(self) -> News:
        """The news of the archive; made with the loop that they belong to."""
        if self._news is None:
            self._news = News(self._archive)
        return self._news

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        # Every thread keeps memory of the largest page that it has made.
        to_thread.current_default_thread_limiter().total_tokens = THREADS

        def queue() -> Jobs:
            return Jobs(self._archive.database.url, self.news.tell, self._confinement)

        # Who looks at an episode does not wait for what takes minutes.
        looked_at, self._jobs = queue(), queue() if self._control else None
        self._episodes = Episodes(looked_at)
        working = [jobs.work() for jobs in (looked_at, self._jobs) if jobs is not None]
        tasks = [asyncio.create_task(task) for task in (self.news.watch(), *working)]
        yield
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._episodes.close()

    def _asked(self, request: Request) -> Asked:
        path, query = dict(request.path_params), _fields(request.url.query)
        return Asked(self._archive, path, query, self._control, self._jobs, self._episodes)

    def _page(self, viewer: Viewer) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            asked = self._asked(request)
            run = await self._run_number(asked)

            def make() -> str:
                return render(viewer(asked), asked, **self._around(run))

            address, told = str(request.url.path) + "?" + request.url.query, "hx-request" in request.headers
            number, text = await self.news.page(address, run, make, told=told)
            mark = self.news.tag(number)
            if told and request.headers.get("if-none-match") == mark:
                return Response(status_code=304)
            return HTMLResponse(text, headers={"etag": mark})

        return answer

    async def _run_number(self, asked: Asked) -> int | None:
        """Return the number of the run that an address names; asked once between news, however many look."""
        if "run" not in asked.path:
            return None
        name, version = asked.path["run"], await self.news.version(None)
        async with self._naming:
            if self._numbers[0] != version:
                self._numbers = version, {}
            known = self._numbers[1]
            if name not in known:
                known[name] = await run_in_threadpool(lambda: self._archive.runs.get(name).id)
            return known[name]

    def _around(self, run: int | None, *, live: bool = True) -> dict[str, Any]:
        """Return what every page needs besides its own data; the answer to a form is not made again."""
        return {
            "live": live,
            "form_token": form_token(self._secret),
            "news_of": "" if run is None else run,
            "location": self._archive.database.location,
            "trouble": self.news.error,
        }

    def _table(self, rows: Callable[[Asked], Iterable[dict[str, Any]]]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            asked = self._asked(request)
            found = list(await run_in_threadpool(lambda: list(rows(asked))))
            headers = {"content-disposition": 'attachment; filename="programs.csv"'}
            return StreamingResponse(
                table_lines(found), media_type="text/csv; charset=utf-8", headers=headers
            )

        return answer

    def _action(self, action: Action) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            body = b""
            async for part in request.stream():
                body += part
                if len(body) > LARGEST_FORM:
                    return self._problem("The form is too large.", 413)
            form = dict(_fields(body.decode("utf-8", "replace"), blank=True))
            if not is_form_token(form.pop("form_token", ""), self._secret):
                return self._problem("The form does not come from a page of this server; load it again.", 403)
            asked = self._asked(request)
            found = await run_in_threadpool(action, asked, form)
            await self.news.look(at_once=True)
            await self.news.tell(everywhere=True)  # a look finds neither jobs nor claims
            if isinstance(found, View):
                page = await run_in_threadpool(render, found, asked, **self._around(None, live=False))
                return HTMLResponse(page, 409)
            return RedirectResponse(found, 303)

        return answer

    async def _events(self, request: Request) -> Response:
        wanted = request.query_params.get("run", "")
        run = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else None

        ending = Event()

        async def events() -> AsyncIterator[ServerSentEvent]:
            async for number in self.news.follow(run, ending):
                yield ServerSentEvent(str(number), event="news")

        # With an end of its own, a stream is a whole answer when the server is told to end.
        return EventSourceResponse(
            events(), ping=30, shutdown_event=ending, shutdown_grace_period=GRACE_SECONDS
        )

    async def _episode(self, request: Request) -> Response:
        name = request.path_params["name"]
        data = None if self._episodes is None else await run_in_threadpool(self._episodes.data, name)
        if data is None:
            raise NotFound("the pictures of this episode are gone; load its page again")
        headers = {"cache-control": "private, max-age=31536000, immutable"}
        return Response(data, media_type="application/json", headers=headers)

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        kind = {**STATIC, **VENDORED}.get(name)
        if kind is None:
            raise NotFound(f"there is no file {name!r} here; go back to the runs")
        headers = {"cache-control": "private, max-age=31536000, immutable"}
        return Response(static_file(name), media_type=kind, headers=headers)

    async def _wrong(self, request: Request, error: Exception) -> Response:
        away = isinstance(error, DatabaseUnavailable)
        status = 404 if isinstance(error, NotFound) else 503 if away else 409
        return self._problem(str(error), status, self._asked(request) if away else None)

    async def _nothing(self, _request: Request, _error: Exception) -> Response:
        return self._problem("There is no such page; choose one from the menu.", 404)

    def _problem(self, text: str, status: int, asked: Asked | None = None) -> Response:
        """Return a page about what went wrong; the page that was ``asked`` for comes with the next news."""
        live = asked is not None
        asked = asked or Asked(self._archive, control=self._control)
        view = View("problem.html.jinja", "Not found" if status == 404 else "Not done", {"text": text})
        return HTMLResponse(render(view, asked, **self._around(None, live=live)), status)


def application(
    archive: Archive,
    secret: str,
    hosts: Iterable[str] = LOOPBACK,
    *,
    can_control: bool = False,
    tier: str | None = None,
) -> ASGIApp:
    """Return the dashboard of an archive as an application; parameters as of `Application`."""
    environment()  # templates that are missing are missed at the start
    return Application(archive, secret, hosts, can_control=can_control, tier=tier).build()


class TooManyFields(NashforgeError, ValueError):
    """An address or a form with more fields than any page of ours has."""

    exit_code = 2


def _fields(text: str, *, blank: bool = False) -> tuple[tuple[str, str], ...]:
    """Return the fields of an address or a form; with ``blank``, those that are empty, too."""
    try:
        return tuple(parse_qsl(text, keep_blank_values=blank, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise TooManyFields(f"there are more than {MOST_FIELDS} fields; leave some out") from error


def table_lines(rows: list[dict[str, Any]]) -> Iterable[str]:
    """Return rows as lines of CSV; what a spreadsheet would take for a formula is a text."""
    if not rows:
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for row in ([*rows[0]], *(list(row.values()) for row in rows)):
        writer.writerow(
            f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULAS) else cell for cell in row
        )
        yield text.getvalue()
        text.seek(0)
        text.truncate()
