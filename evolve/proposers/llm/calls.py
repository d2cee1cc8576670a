"""Calls under way: made in the background, settled in the ledger the moment they end.

One thread runs an event loop with all calls; the search never waits for a particular one. Every call has one
deadline on the wall clock, repetitions by the provider's library included. What became of it is committed
before anybody hears of it, so that an answer that was paid for is never lost with the process.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nashforge.archive import Archive, ArchiveError, CallStatus, Candidate, ModelCall, Run
from nashforge.evolve.config.model_names import without_keys
from nashforge.evolve.proposers.llm.prices import Price, Usage, most_tokens
from nashforge.evolve.proposers.llm.providers import wire
from nashforge.evolve.proposers.llm.providers.base import (
    Answer,
    CallFailed,
    Prompt,
    Provider,
    Refused,
    Unavailable,
    Uncertain,
    as_kept,
)
from nashforge.evolve.proposers.llm.providers.turns import calls_as_json, most_tokens_of, results_as_json
from nashforge.evolve.proposers.llm.replies.reading import READING

FRAME_TOKENS = 500
"""Tokens that a protocol may add to a prompt: roles, separators."""


@dataclass(frozen=True)
class Ended:
    """A call that ended.

    Attributes
    ----------
    index : int
        Position of the candidate that it was made for.
    text : str
        The answer, if there is one.
    failure : CallFailed or None
        Why there is none.
    """

    index: int
    call: ModelCall
    text: str = ""
    failure: CallFailed | None = None


def ended(index: int, call: ModelCall) -> Ended:
    """Return a settled call as it ended, from what is stored of it."""
    return Ended(index, call, str((call.response or {}).get("text", "")))


class Calls:
    """Makes calls in the background.

    Parameters
    ----------
    archive
        Where calls are settled.
    providers, prices
        By label of the model.
    deadline
        Seconds that a call may take in all.
    """

    def __init__(
        self,
        archive: Archive,
        providers: Mapping[str, Provider],
        prices: Mapping[str, Price],
        deadline: float,
    ) -> None:
        self._archive, self._providers, self._prices = archive, providers, prices
        self._deadline = deadline
        self._ended: deque[Ended | BaseException] = deque()
        self._bell = threading.Event()
        self._under_way: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.ring: Callable[[], None] = lambda: None
        """Called, from another thread, when a call has ended."""

    def __len__(self) -> int:
        return len(self._under_way)

    def reserve(
        self,
        run: Run,
        candidate: Candidate,
        label: str,
        prompt: Prompt,
        request: Mapping[str, Any],
        *,
        max_output: int,
        cap: float | None,
        token_cap: int | None = None,
    ) -> ModelCall:
        """Set the most that a call can cost aside, and store what is asked for.

        Parameters
        ----------
        label
            The model.
        request
            What is stored beside the user's part of the prompt and the limit of tokens.
        cap, token_cap
            US dollars and tokens that the run may spend in all; None: no limit.

        Raises
        ------
        nashforge.archive.BudgetExceeded
            If there is not so much left.
        """
        tokens = most_tokens(prompt.system) + most_tokens(prompt.user) + FRAME_TOKENS
        tokens += most_tokens_of(prompt.tools) + sum(turn.most_tokens for turn in prompt.turns)
        provider, _, model = label.partition(":")
        return self._archive.calls.reserve(
            run,
            provider=provider,
            model=model,
            request={
                **request,
                **_conversation(prompt),
                "max_output_tokens": max_output,
                "reading": READING,
            },
            reserved_cost=self._prices[label].most(tokens, max_output),
            cap=cap,
            input_tokens=tokens,
            output_tokens=max_output,
            token_cap=token_cap,
            candidate=candidate,
        )

    def start(self, index: int, call: ModelCall, prompt: Prompt, max_output: int) -> None:
        """Make a call whose costs are reserved."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="model calls", daemon=True)
            self._thread.start()
        self._under_way.add(call.token)
        self._loop.call_soon_threadsafe(self._begin, index, call, prompt, max_output)

    def _begin(self, index: int, call: ModelCall, prompt: Prompt, max_output: int) -> None:
        assert self._loop is not None
        task = self._loop.create_task(self._make(index, call, prompt, max_output))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _make(self, index: int, call: ModelCall, prompt: Prompt, max_output: int) -> None:
        began = time.monotonic()
        answer: Answer | None = None
        failure: CallFailed | None = None
        watched = wire.Wire()
        wire.current.set(watched)
        label = f"{call.provider}:{call.model}"
        try:
            async with asyncio.timeout(self._deadline):
                answer = await self._providers[label].ask(prompt, max_output)
            # A gateway may repeat what it was sent.
            answer = as_kept(replace(answer, text=without_keys(answer.text)))
        except TimeoutError:
            if watched.open:
                failure = Uncertain(f"no answer within {self._deadline:g} s")
            else:
                # It was turned away again and again, or waiting to be allowed to ask again.
                how = "not reached" if watched.status is None else f"turned away (status {watched.status})"
                failure = Unavailable(f"{how} for {self._deadline:g} s, in {watched.sent} requests")
        except asyncio.CancelledError:
            if not watched.open:
                # Given up between two attempts, or before the first: nobody has read it, so nobody charges.
                unsent = Unavailable("given up before anybody had it")
                self._settle(call, label, None, unsent, time.monotonic() - began, watched.sent)
            raise
        except CallFailed as error:
            failure = error
        except Exception as error:  # noqa: BLE001  a defect must end the run, not hang it
            self._report(call, error)
            return
        try:
            # Beside the event loop: a database that makes us wait must not delay other calls' deadlines.
            settled = await asyncio.to_thread(
                self._settle, call, label, answer, failure, time.monotonic() - began, watched.sent
            )
        except ArchiveError as error:
            self._report(call, error)
            return
        self._report(call, Ended(index, settled, "" if answer is None else answer.text, failure))

    def _report(self, call: ModelCall, what: Ended | BaseException) -> None:
        self._ended.append(what)
        self._under_way.discard(call.token)
        self._bell.set()
        self.ring()

    def _settle(
        self,
        call: ModelCall,
        label: str,
        answer: Answer | None,
        failure: CallFailed | None,
        latency: float,
        requests: int,
    ) -> ModelCall:
        if answer is not None:
            status, reason = answer.status, answer.reason
            response: dict[str, Any] = {"text": answer.text, "requests": requests, "raw": dict(answer.raw)}
            usage = answer.usage
            if answer.calls:
                # What is stored is what is sent back, so that a run that was killed goes on as if it was not.
                said = {"calls": calls_as_json(answer.calls), "said": answer.said}
                response |= json.loads(without_keys(json.dumps(said)))
            if usage is not None and usage.thinking:
                response["thinking_tokens"] = usage.thinking
        else:
            status = _status(failure)
            reason, response = str(failure), {"requests": requests}
            usage = None if isinstance(failure, Uncertain) else Usage()
        if usage is None:
            # Nobody said what it cost: the worst is assumed, as it was reserved.
            cost, usage = call.reserved_cost, Usage(input=call.input_tokens, output=call.output_tokens)
        else:
            cost = self._prices[label].cost(usage)
        return self._archive.calls.settle(
            call,
            status,
            cost=cost,
            response=response,
            reason=None if reason is None else without_keys(reason)[:1000],
            input_tokens=usage.input,
            cached_tokens=usage.cached,
            cache_write_tokens=usage.cache_write,
            output_tokens=usage.output,
            latency=latency,
        )

    def take(self) -> list[Ended]:
        """Return the calls that ended since the last time.

        Raises
        ------
        nashforge.archive.ArchiveError
            If a call could not be settled.
        """
        self._bell.clear()
        taken: list[Ended] = []
        while self._ended:
            what = self._ended.popleft()
            if isinstance(what, BaseException):
                raise what
            taken.append(what)
        return taken

    def wait(self, seconds: float) -> None:
        """Wait until a call ends, at most so long."""
        self._bell.wait(seconds)

    def close(self) -> None:
        """Give up what is under way, which stays reserved in the ledger, and close the connections."""
        if self._loop is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()
        self._loop = self._thread = None

    async def _shut(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for provider in self._providers.values():
            await provider.close()


def _conversation(prompt: Prompt) -> dict[str, Any]:
    """Return what is stored of a prompt besides its system part: of a conversation, what is new in it."""
    stored: dict[str, Any] = {"user": prompt.user}
    if prompt.tools:
        stored |= {"tools": [tool.name for tool in prompt.tools], "calling": prompt.calling}
    if prompt.turns:
        stored |= {"turn": len(prompt.turns), "results": results_as_json(prompt.turns[-1].results)}
    return stored


def _status(failure: CallFailed | None) -> CallStatus:
    if isinstance(failure, Uncertain):
        return CallStatus.TIMEOUT if "no answer" in str(failure) else CallStatus.INVALID
    return CallStatus.REFUSED if isinstance(failure, Refused) else CallStatus.ERROR
