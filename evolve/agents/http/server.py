"""The verbs as a Starlette application: one run, one path a verb, JSON in and out."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import anyio
import anyio.to_thread
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive

from nashforge.archive import Archive, DatabaseBusy, NotFound, Run
from nashforge.errors import NashforgeError
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.answers.verbs import Asked
from nashforge.evolve.agents.asking import Who
from nashforge.evolve.agents.core import Core, LocalCore
from nashforge.evolve.agents.http.guard import BodyTooLarge, Guard, refusal
from nashforge.evolve.agents.http.messages import (
    AskQuestion,
    ContextQuestion,
    GiveUpQuestion,
    Markdown,
    MeasureQuestion,
    NotesQuestion,
    Question,
    TellQuestion,
)
from nashforge.evolve.agents.telling import Bill
from nashforge.evolve.config.faults import fault_of

Q = TypeVar("Q", bound=Question)

BODY_SECONDS = 30.0
"""How long a body may take to arrive."""

BUSY_SECONDS = 8.0
"""How long is tried again what the archive has no time for; then whoever asked is told to ask again."""

DATABASE_SECONDS = 3.0
"""How long the archive of a server waits for other writers: clients wait for an answer, and not for ever."""

RETRY_SECONDS = 2.0

SHOWN = 5
"""Faults of a question that are told."""

MOST_WAITING = 64
"""Questions that are answered at a time; others wait for their turn."""


def _ask(core: Core, said: AskQuestion) -> Asked:
    return core.ask(
        said.run,
        count=said.count,
        interface=said.interface,
        wait=said.wait,
        full=said.full,
        look=said.look,
    )


def _tell(core: Core, said: TellQuestion) -> BaseModel:
    bill = Bill(said.model, said.input_tokens, said.output_tokens, said.usd)
    return core.tell(said.token, said.text, edits=said.edits, note=said.note, bill=bill, wait=said.wait)


def _measure(core: Core, said: MeasureQuestion) -> BaseModel:
    return core.measure(said.token, said.programs, games=said.games, iterations=said.iterations)


def _give_up(core: Core, said: GiveUpQuestion) -> BaseModel:
    return core.give_up(said.token)


def _notes(core: Core, said: NotesQuestion) -> BaseModel:
    return core.notes(said.run, said.add)


def _context(core: Core, said: ContextQuestion) -> BaseModel:
    return Markdown(markdown=core.context(said.run, said.top, task=said.task, interface=said.interface))


def _status(core: Core, said: Question) -> BaseModel:
    return core.status(said.run)


class _Server:
    """The run, and how many of its questions are answered at a time."""

    def __init__(self, archive: Archive, run: Run) -> None:
        self._archive, self._run = archive, run
        self._turns: anyio.CapacityLimiter | None = None

    def route(self, path: str, question: type[Q], verb: Callable[[Core, Q], BaseModel]) -> Route:
        return Route(path, partial(self._endpoint, question, verb), methods=["POST"])

    async def _endpoint(
        self, question: type[Q], verb: Callable[[Core, Q], BaseModel], request: Request
    ) -> Response:
        try:
            with anyio.fail_after(BODY_SECONDS):
                said = question.model_validate_json(await request.body())
        except TimeoutError:
            return refusal(408, f"the body did not arrive within {BODY_SECONDS:g} s")
        except BodyTooLarge as error:
            return refusal(error.status_code, error.detail)
        except ValidationError as error:
            return refusal(422, _sentence(error))
        gone = threading.Event()
        try:
            answer = await self._answered(partial(self._said, verb, said, gone), request, gone)
        except NotFound as error:
            return refusal(404, str(error))
        except DatabaseBusy:
            return refusal(
                503,
                f"others write to the archive now; nothing was done, ask again in {RETRY_SECONDS:g} s",
                retry_after=RETRY_SECONDS,
            )
        except NashforgeError as error:
            return refusal(400 if isinstance(error, AgentError) else 409, str(error))
        return Response(answer.model_dump_json(), media_type="application/json")

    def _said(self, verb: Callable[[Core, Q], BaseModel], said: Q, gone: threading.Event) -> BaseModel:
        who = Who(said.author, said.client)
        core = LocalCore(
            self._archive,
            who,
            only=self._run.id,
            still_there=lambda: not gone.is_set(),
            patience=BUSY_SECONDS,
        )
        answer = verb(core, said)
        if gone.is_set() and isinstance(answer, Asked):
            core.take_back(answer)
        return answer

    async def _answered(
        self, work: Callable[[], BaseModel], request: Request, gone: threading.Event
    ) -> BaseModel:
        """Do the work in a thread, which is told if whoever asked hangs up."""
        if self._turns is None:
            self._turns = anyio.CapacityLimiter(MOST_WAITING)
        watching = asyncio.create_task(_watch(request.receive, gone))
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._turns)
        finally:
            watching.cancel()


async def _watch(receive: Receive, gone: threading.Event) -> None:
    while not gone.is_set():
        if (await receive())["type"] == "http.disconnect":
            gone.set()


def _sentence(error: ValidationError) -> str:
    faults = []
    for fault in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in fault["loc"])
        faults.append(f"{place + ': ' if place else ''}{fault_of(fault)}")
    more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    return f"the question cannot be read: {'; '.join(faults[:SHOWN])}{more}"


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    texts = {404: "there is no such path here", 405: "verbs are asked by POST"}
    return refusal(error.status_code, texts.get(error.status_code, "this cannot be done"))


async def _failed(request: Request, error: Exception) -> Response:
    # Agents choose the path, and often what went wrong: nothing of it reaches a terminal as it is.
    print(f"{request.url.path!r}: {type(error).__name__}: {str(error)!r}", file=sys.stderr, flush=True)
    return refusal(500, "the server failed; its log says how")


def application(archive: Archive, run: Run, secret: str) -> Guard:
    """Return the application that serves the verbs of one run to those who have the token."""
    server = _Server(archive, run)
    app = Starlette(
        routes=[
            server.route("/v1/ask", AskQuestion, _ask),
            server.route("/v1/tell", TellQuestion, _tell),
            server.route("/v1/measure", MeasureQuestion, _measure),
            server.route("/v1/give-up", GiveUpQuestion, _give_up),
            server.route("/v1/notes", NotesQuestion, _notes),
            server.route("/v1/context", ContextQuestion, _context),
            server.route("/v1/status", Question, _status),
        ],
        exception_handlers={HTTPException: _http_error, Exception: _failed},
    )
    app.router.redirect_slashes = False
    return Guard(app, secret)
