"""Models asked by workers: those who hold the keys need not be those who run the search.

A request to a model is queued like an evaluation, of the kind ``propose``; what it may cost was reserved
before, by the run. A request is made once: what was sent may be charged, so an attempt that is lost is not
repeated, and the run counts its reservation as spent.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from pydantic import Field, ValidationError

from nashforge.archive import Archive, CallStatus, Run
from nashforge.archive.work import Attempt, AttemptState
from nashforge.evolve.config.model_names import CLI, Key, Model, ModelError, parse_model, without_keys
from nashforge.evolve.evaluation.messages import Message
from nashforge.evolve.proposers.llm.prices import Usage
from nashforge.evolve.proposers.llm.providers import connect, connect_with, wire
from nashforge.evolve.proposers.llm.providers.base import (
    Answer,
    CallFailed,
    NoTools,
    Prompt,
    Provider,
    Refused,
    Unavailable,
    Uncertain,
    as_kept,
)
from nashforge.evolve.proposers.llm.providers.turns import Tool, Turn, calls_of
from nashforge.evolve.service.broker import Broker
from nashforge.evolve.service.claims import GiveUp
from nashforge.evolve.service.settings import ServiceSettings

KIND = "propose"
LOOK_SECONDS = 0.25
_FAILURES = {kind.__name__: kind for kind in (NoTools, Unavailable, Uncertain)}


class Ask(Message):
    """A request to a model; ``model`` as `nashforge.evolve.config.model_names.parse_model` reads it."""

    model: str
    retries: int = Field(ge=0)
    system: str
    user: str
    max_output: int = Field(ge=1)
    seconds: float = Field(gt=0)
    tools: tuple[Tool, ...] = ()
    turns: tuple[Turn, ...] = ()
    calling: bool = True

    @property
    def prompt(self) -> Prompt:
        """The prompt that the model is sent."""
        return Prompt(self.system, self.user, self.tools, self.turns, self.calling)


class QueuedProvider:
    """A model that is asked by workers which take the queue ``propose``.

    Parameters
    ----------
    archive, settings, run
        Of the service and of the run that asks.
    model
        Which model.
    retries, seconds
        How often its library repeats a request that was turned away, and how long it may take in all.
    weight
        The run's share of the workers.
    """

    def __init__(
        self,
        archive: Archive,
        settings: ServiceSettings,
        run: Run,
        model: Model,
        *,
        retries: int,
        seconds: float,
        weight: float = 1.0,
    ) -> None:
        self._archive, self._run, self._weight = archive, run, weight
        self._broker = Broker(settings, archive.database.uid)
        self._stale = settings.stale_seconds
        self._under_way: set[str] = set()
        self._ask: dict[str, Any] = {"model": model.text, "retries": retries, "seconds": seconds}

    async def ask(self, prompt: Prompt, max_output: int) -> Answer:
        """Queue a prompt and return the answer.

        Raises
        ------
        CallFailed
            If there is none.
        """
        ask = Ask(**vars(prompt), max_output=max_output, **self._ask)
        # Workers of an earlier version know nothing of tools, and are asked what has none.
        payload = ask.model_dump(mode="json", exclude_defaults=True)
        key = self._key(payload)
        self._under_way.add(key)
        try:
            return await self._answered(key, payload)
        except asyncio.CancelledError:
            self._archive.queue.cancel(self._run, [key])
            raise
        finally:
            self._under_way.discard(key)

    def _key(self, payload: dict[str, Any]) -> str:
        """Return the request's identity: asked before an interruption, it is not asked again on resuming.

        The same prompt may be under way several times, and then is as many requests.
        """
        number = 0
        while True:
            text = json.dumps([self._run.uid, KIND, payload, number], sort_keys=True)
            key = hashlib.sha256(text.encode()).hexdigest()
            if key not in self._under_way:
                return key
            number += 1

    async def _answered(self, key: str, payload: dict[str, Any]) -> Answer:
        await asyncio.to_thread(self._queue, key, payload)
        watched = wire.current.get()
        while True:
            attempts = await asyncio.to_thread(self._archive.queue.attempts, key=key, limit=1)
            (attempt,) = attempts
            if watched is not None and attempt.state is AttemptState.RUNNING:
                watched.open = True
            if not attempt.state.open:
                await asyncio.to_thread(self._archive.queue.forget, [key])
                return _read(attempt, watched)
            await asyncio.to_thread(self._archive.queue.sweep, self._stale, max_attempts=1)
            await asyncio.sleep(LOOK_SECONDS)

    def _queue(self, key: str, payload: dict[str, Any]) -> None:
        attempt = self._archive.queue.add(key, KIND, payload, run=self._run, weight=self._weight)
        if attempt.state is AttemptState.QUEUED:
            self._broker.wake(KIND, 1, {"run": self._run.nickname, "token": attempt.token})

    async def close(self) -> None:
        """Close the connection to the broker."""
        self._broker.close()


def _read(attempt: Attempt, watched: wire.Wire | None) -> Answer:
    """Return the answer of an attempt that ended, or raise what became of it."""
    if attempt.state is AttemptState.CANCELLED:
        raise Unavailable("the request was cancelled before a worker took it")
    if attempt.result is None:
        raise Uncertain(f"no answer: {attempt.reason or 'the worker was lost'}")
    result = attempt.result
    if watched is not None:
        watched.sent = int(result.get("requests", 0))
    failure = result.get("failure")
    if failure is not None:
        if failure["kind"] == "Refused":
            raise Refused(str(failure["message"]), bool(failure["fatal"]))
        raise _FAILURES.get(failure["kind"], Uncertain)(str(failure["message"]))
    answer = result["answer"]
    return Answer(
        status=CallStatus(answer["status"]),
        text=str(answer["text"]),
        usage=None if answer["usage"] is None else Usage(**answer["usage"]),
        reason=answer["reason"],
        raw=answer["raw"],
        calls=calls_of(answer.get("calls") or ()),
        said=answer.get("said"),
    )


class ModelRequests:
    """Asks models on behalf of runs. It needs their keys, and gives them to nobody but their providers."""

    def __call__(self, attempt: Attempt, lost: threading.Event) -> tuple[Mapping[str, Any], str]:
        """Make the attempt's request."""
        try:
            ask = Ask.model_validate(attempt.payload)
            model = parse_model(ask.model)
            provider = _connect(model, ask.retries)
        except (ValidationError, ModelError) as error:
            failure = {"kind": "Refused", "message": f"on the worker: {error}", "fatal": True}
            return {"failure": failure, "requests": 0}, "refused"
        return asyncio.run(self._made(provider, ask, lost))

    async def _made(self, provider: Provider, ask: Ask, lost: threading.Event) -> tuple[dict[str, Any], str]:
        watched = wire.Wire()
        wire.current.set(watched)
        request = asyncio.create_task(_asked(provider, ask, watched))
        while not request.done():
            await asyncio.wait([request], timeout=LOOK_SECONDS)
            if lost.is_set() and not request.done():
                request.cancel()
                await asyncio.gather(request, return_exceptions=True)
                if not watched.open:  # nobody has it, so another worker may ask
                    raise GiveUp("the worker was shut down before anybody had the request", counts=False)
                told = {
                    "kind": "Uncertain",
                    "message": "no answer before the worker was shut down",
                    "fatal": False,
                }
                return {"failure": told, "requests": watched.sent}, "uncertain"
        return request.result()


async def _asked(provider: Provider, ask: Ask, watched: wire.Wire) -> tuple[dict[str, Any], str]:
    try:
        async with asyncio.timeout(ask.seconds):
            answer = await provider.ask(ask.prompt, ask.max_output)
    except TimeoutError:
        kind = "Uncertain" if watched.open else "Unavailable"
        failure: dict[str, Any] = {"kind": kind, "message": f"no answer within {ask.seconds:g} s"}
    except CallFailed as error:
        failure = {"kind": type(error).__name__, "message": without_keys(str(error))}
        failure["fatal"] = getattr(error, "fatal", False)
    else:
        answer = as_kept(replace(answer, text=without_keys(answer.text)))
        told = asdict(answer) | {"raw": dict(answer.raw)}
        if not answer.calls:
            told = {name: value for name, value in told.items() if name not in ("calls", "said")}
        return {"answer": told, "requests": watched.sent}, answer.status.value
    finally:
        await provider.close()
    return {"failure": {"fatal": False, **failure}, "requests": watched.sent}, failure["kind"].lower()


def _connect(model: Model, retries: int) -> Provider:
    """Return a connection: with this worker's key only to where this worker itself says that models are."""
    if model.provider == CLI:
        raise ModelError(f"{model.label} is a command, and workers run none that comes with the work")
    if model.address is None:
        return connect(model, retries)
    # The address comes with the work, from whoever may write to the queue: it gets no key.
    return connect_with(model, Key("", ""), retries)
