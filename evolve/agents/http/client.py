"""The verbs on a server: what an agent has that knows an address and a token, and no archive."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

import httpx2
from pydantic import BaseModel, ValidationError

from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.answers.measured import Listen, Measured
from nashforge.evolve.agents.answers.verbs import Asked, GivenUp, Notes, Standing, Told
from nashforge.evolve.agents.asking import AGAIN, Who
from nashforge.evolve.agents.core import Core
from nashforge.evolve.agents.http.addresses import is_loopback
from nashforge.evolve.agents.http.messages import (
    AskQuestion,
    ContextQuestion,
    GiveUpQuestion,
    Markdown,
    MeasureQuestion,
    NotesQuestion,
    Question,
    Refusal,
    TellQuestion,
)
from nashforge.evolve.agents.telling import WAIT_SECONDS, Bill

A = TypeVar("A", bound=BaseModel)

SLICE = 20.0
"""Seconds that a question waits at the server; a longer wait is several questions."""

PATIENCE = 120.0
"""Seconds in which a question must be answered, beyond what it waits."""

MEASURING = 3600.0
"""Seconds until an answer to what may take little processor time, but long on the busiest of machines."""

BUSY = 503
BUSY_SECONDS = 120.0
"""How long a server that has no time is asked again."""

LONGEST_PAUSE = 30.0

AWAY = 0.5
"""Seconds until a server that has gone is looked for again."""


class RemoteCore(Core):
    """The verbs on a server of `nashforge agent serve`.

    Parameters
    ----------
    address
        Its URL.
    secret
        The token that it asks for.
    who
        Who asks and tells.

    Raises
    ------
    AgentError
        If the address is none.
    """

    def __init__(self, address: str, secret: str, who: Who) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise AgentError(
                f"{address!r} is no address of a server; give one such as http://127.0.0.1:8765, "
                "and the token in a file"
            )
        self._address, self._who = address.rstrip("/"), who
        self._client = httpx2.Client(
            headers={"authorization": f"Bearer {secret}"},
            trust_env=not is_loopback(parts.hostname),
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

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

        def once(seconds: float) -> Asked:
            said = AskQuestion(
                **self._named(run), count=count, interface=interface, wait=seconds, full=full, look=look
            )
            return self._post("ask", said, Asked, seconds)

        return _patiently(once, 0.0 if look else wait, lambda answer: answer.state not in AGAIN)

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
        bill = bill or Bill()

        def once(seconds: float) -> Told:
            said = TellQuestion(
                **self._named("latest"),
                token=token,
                text=text,
                edits=edits,
                note=note,
                model=bill.model,
                input_tokens=bill.input_tokens,
                output_tokens=bill.output_tokens,
                usd=bill.usd,
                wait=seconds,
            )
            return self._post("tell", said, Told, seconds)

        # To tell again by a token does no harm, so a server that ends meanwhile is waited for.
        return _patiently(once, wait, lambda answer: answer.status != "evaluating", lost=True)

    def measure(
        self,
        token: str,
        programs: Mapping[str, str],
        *,
        games: Sequence[int] = (),
        iterations: int | None = None,
        listen: Listen = lambda name, game, reason: None,
    ) -> Measured:
        """Measure variants on training games; the results come at once, and nothing is told before."""
        said = MeasureQuestion(
            **self._named("latest"),
            token=token,
            programs=dict(programs),
            games=tuple(games),
            iterations=iterations,
        )
        return self._post("measure", said, Measured, MEASURING)

    def give_up(self, token: str) -> GivenUp:
        """Give a request back."""
        return self._post("give-up", GiveUpQuestion(**self._named("latest"), token=token), GivenUp)

    def notes(self, run: str, add: str | None = None) -> Notes:
        """Return the lab book of a run, after adding to it."""
        return self._post("notes", NotesQuestion(**self._named(run), add=add), Notes)

    def context(self, run: str, top: int = 5, *, task: int | None = None, interface: bool = False) -> str:
        """Return what is known of a run, as Markdown: all of it, or one task, or the interface."""
        said = ContextQuestion(**self._named(run), top=top, task=task, interface=interface)
        return self._post("context", said, Markdown).markdown

    def status(self, run: str) -> Standing:
        """Return where a run stands."""
        return self._post("status", Question(**self._named(run)), Standing)

    def _named(self, run: str) -> dict[str, str]:
        return {"author": self._who.author, "client": self._who.client, "run": run}

    def _post(self, verb: str, said: Question, kind: type[A], wait: float = 0.0) -> A:
        """Ask, and return the answer; again, where the server has no time.

        Raises
        ------
        Unreachable
            If there is no answer.
        AgentError
            If the server refuses, or does not speak as one.
        """
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            response = self._sent(verb, said, wait)
            if response.status_code != BUSY or time.monotonic() >= deadline:
                break
            time.sleep(_seconds_in(response.headers.get("retry-after")))
        try:
            if response.status_code != 200:
                kind_of_error = Unreachable if response.status_code == BUSY else AgentError
                raise kind_of_error(Refusal.model_validate_json(response.content).error)
            return kind.model_validate_json(response.content)
        except ValidationError as error:
            raise AgentError(
                f"what answers at {self._address} is no server of agents, or one of another version "
                f"(HTTP status {response.status_code})"
            ) from error

    def _sent(self, verb: str, said: Question, wait: float) -> httpx2.Response:
        try:
            return self._client.post(
                f"{self._address}/v1/{verb}",
                content=said.model_dump_json(),
                headers={"content-type": "application/json"},
                timeout=httpx2.Timeout(wait + PATIENCE, connect=10.0),
            )
        except httpx2.HTTPError as error:
            raise Unreachable(
                f"no server answers at {self._address} ({error or type(error).__name__}): either `nashforge "
                "agent serve` is not running there, or it still waits for its run, as its screen says then; "
                "start the server or the run, or check the address, and ask again",
                reached=not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout),
            ) from error


def _seconds_in(header: str | None) -> float:
    """Return when a server wants to be asked again, in seconds; a date, as proxies send it, is none."""
    told = header is not None and header.isascii() and header.isdigit()
    return min(float(header or 0), LONGEST_PAUSE) if told else 1.0


class Unreachable(AgentError):
    """There is no server at an address.

    Attributes
    ----------
    reached : bool
        Whether something may have heard the question nevertheless.
    """

    exit_code = 1

    def __init__(self, text: str, *, reached: bool = False) -> None:
        super().__init__(text)
        self.reached = reached


def _patiently(
    once: Callable[[float], A], wait: float, enough: Callable[[A], bool], *, lost: bool = False
) -> A:
    """Ask until there is an answer that is enough, or the wait is over.

    Parameters
    ----------
    lost
        Whether a server that has gone on the way is waited for, too: what it heard may be asked again. One
        that has not started is waited for in any case.
    """
    deadline = time.monotonic() + wait
    while True:
        left = max(deadline - time.monotonic(), 0.0)
        try:
            answer = once(min(left, SLICE))
        except Unreachable as error:
            if left <= 0 or (error.reached and not lost):
                raise
            time.sleep(AWAY)
            continue
        if enough(answer) or time.monotonic() >= deadline:
            return answer
