"""Telling a program: read, compared with what is known, handed to the run, and told what became of it.

A token has one outcome: to tell it again, with whatever text, answers what became of the first text that
could be taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from nashforge.archive import Archive, CallStatus, Candidate, Status
from nashforge.archive.agents import AgentRequest, RequestState
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.answers.verbs import GivenUp, Told
from nashforge.evolve.agents.asking import POLL_SECONDS, RETRY_SECONDS, Who
from nashforge.evolve.agents.comparing import best_of, better_since, over, start_of, threshold
from nashforge.evolve.agents.pace import queue_of
from nashforge.evolve.agents.views import Desk
from nashforge.evolve.config.parts import ModelOptions
from nashforge.evolve.domains import domain
from nashforge.evolve.proposers.agents.proposer import NOBODY
from nashforge.evolve.proposers.llm.replies.files import as_answer, has_blocks, read_given
from nashforge.evolve.proposers.llm.replies.reading import MAX_REPLY, READING, Edited, ReplyError
from nashforge.evolve.proposers.registry import AGENT
from nashforge.evolve.results.run_status import is_alive
from nashforge.evolve.search.novelty import ast_fingerprint
from nashforge.evolve.search.population.ranking import merit, ranked
from nashforge.prompts import families

WAIT_SECONDS = 300.0
"""How long is waited for the outcome, if nobody says otherwise."""

REPAIR_SECONDS = 3.0
"""How long is waited for the request to mend a program that failed."""

LONGEST_NOTE = 2000
_MENDABLE = (Status.CRASHED, Status.INVALID_OUTPUT, Status.REJECTED)


@dataclass(frozen=True)
class Bill:
    """The price of writing a program, as its author says.

    Attributes
    ----------
    model : str or None
        Name of the model that wrote it.
    input_tokens, output_tokens : int
        Read and written.
    usd : float
        US dollars.
    """

    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0

    def __post_init__(self) -> None:
        if self.model is not None and not (0 < len(self.model) <= 128 and self.model.isprintable()):
            raise AgentError(f"model = {self.model[:40]!r}: it is a name of 1 to 128 printable characters")
        if not (0 <= self.input_tokens < 2**53 and 0 <= self.output_tokens < 2**53):
            raise AgentError(
                f"tokens = {self.input_tokens}/{self.output_tokens}: give IN/OUT, each from 0 to below 2^53"
            )
        if not 0 <= self.usd < 1e9:
            raise AgentError(f"usd = {self.usd}: give an amount of dollars, from 0 to below a billion")


def tell(
    archive: Archive,
    token: str,
    text: str | None,
    who: Who,
    *,
    edits: bool = False,
    note: str | None = None,
    bill: Bill | None = None,
    wait: float = WAIT_SECONDS,
    still_there: Callable[[], bool] = lambda: True,
) -> Told:
    """Hand a program over, and return what became of it.

    Parameters
    ----------
    token
        Of the request, from `ask`.
    text
        A whole program, SEARCH/REPLACE blocks, or an answer that holds either, as a model writes it; None:
        only ask what became of what was told.
    edits
        Whether it must be blocks.
    note
        What was changed and why; without, the first sentences of the text outside its code.
    wait
        Seconds to wait for the outcome.
    still_there
        Whether whoever tells still waits for the answer.

    Raises
    ------
    nashforge.archive.NotFound
        If there is no such token.
    AgentError
        If it is not held any more, or the text is too long.
    """
    request = archive.requests.get(token)
    desk = Desk(archive, archive.runs.get(request.run_id))
    if request.state is not RequestState.TOLD:
        if text is None:
            require_held(request)
            raise AgentError("nothing was told by this token yet; give the program")
        given = bill or Bill()
        refused = _take(desk, request, text, who, edits=edits, note=note, bill=given)
        if refused is not None:
            return refused
        request = archive.requests.get(token)
    told = _outcome(desk.now(), request, wait, still_there)
    if text is None:
        return told
    if as_answer(text) == (request.answer or {}).get("text"):
        return told.model_copy(update={"taken": True})
    said = "the program given now was not taken: this is the outcome of the one told by this token before"
    return told.model_copy(
        update={"taken": False, "warning": said, "message": f"{told.message}; this program was not taken"}
    )


def give_up(archive: Archive, token: str, reason: str = "its agent gave it up") -> GivenUp:
    """Give a request back, so that others may claim it at once.

    Raises
    ------
    nashforge.archive.NotFound
        If there is no such token.
    """
    request = archive.requests.get(token)
    freed = archive.requests.give_up(token, reason)
    desk = Desk(archive, archive.runs.get(request.run_id))
    said = "others may claim it now" if freed else f"the token was not held any more ({request.state})"
    return GivenUp(token=token, run=desk.run.nickname, freed=freed, budget=desk.budget(), message=f"{said}")


def require_held(request: AgentRequest) -> None:
    """Refuse a token that was given up or has run out."""
    why = {
        RequestState.GIVEN_UP: "was given up, so nothing can be told by it",
        RequestState.EXPIRED: "has run out, so that a program told by it counts only if nobody else has the "
        "request by now",
    }.get(request.state)
    if why is not None:
        raise AgentError(f"the token {request.token} {why}; ask again")


def _take(
    desk: Desk, request: AgentRequest, text: str, who: Who, *, edits: bool, note: str | None, bill: Bill
) -> Told | None:
    """Store what was told; or return why it cannot be taken, and the token is still held."""
    archive = desk.archive
    if request.state is not RequestState.EXPIRED:
        require_held(request)
    if len(text) > MAX_REPLY:
        raise AgentError(f"the text has {len(text)} characters; at most {MAX_REPLY} are read")
    if note is not None and len(note) > LONGEST_NOTE:
        raise AgentError(f"the note has {len(note)} characters; write at most {LONGEST_NOTE}")
    payload = request.payload
    try:
        if edits and not has_blocks(text):
            raise ReplyError("there are no SEARCH/REPLACE blocks in it", text)
        edited = read_given(text, str(payload["base"]), [str(donor) for donor in payload["donors"]])
    except ReplyError as error:
        return _refused(desk, request, "unreadable", str(error))
    twin = _twin(desk, edited)
    if twin is not None:
        reason = f"it is the program {twin} of this run but for names and layout"
        return _refused(desk, request, "known", reason)
    text = as_answer(text)
    label = f"{AGENT}:{bill.model or who.author}"
    answer = {
        "text": text,
        "note": note or edited.note or None,
        "reading": READING,
        "author": who.author,
        "client": who.client,
        "model": label,
        "calls": 1,
        "cost": bill.usd,
    }
    with archive.database.transaction():
        if archive.requests.tell(request.token, answer):
            _record(desk, request, text, note, label.partition(":")[2], bill)
            return None
    current = archive.requests.get(request.token)
    if current.state is not RequestState.TOLD:
        require_held(current)
    return None


def _record(desk: Desk, request: AgentRequest, text: str, note: str | None, model: str, bill: Bill) -> None:
    """Keep the answer with those of models: it is counted with them, exported, and replayed."""
    payload = request.payload
    call = desk.archive.calls.reserve(
        desk.run,
        provider=AGENT,
        model=NOBODY + "?" if model == NOBODY else model,
        request={
            "index": request.index,
            "purpose": request.kind,
            "system": payload["system"],
            "user": payload["user"],
            "reading": READING,
        },
        reserved_cost=bill.usd,
        candidate=request.candidate_id,
        token=request.token,
    )
    desk.archive.calls.settle(
        call,
        CallStatus.OK,
        cost=bill.usd,
        response={"text": text, **({"note": note} if note else {})},
        input_tokens=bill.input_tokens,
        output_tokens=bill.output_tokens,
    )


def _twin(desk: Desk, edited: Edited) -> str | None:
    """Return the nickname of a program of the run that differs in nothing but names and layout."""
    mark = ast_fingerprint(edited.source, domain(desk.run.domain).grammar())
    for program in desk.archive.programs.of(desk.run).values():
        if program.ast_hash == mark:
            return program.nickname
    return None


def _refused(desk: Desk, request: AgentRequest, status: str, reason: str) -> Told:
    desk.archive.requests.refuse(request.token, f"{status}: {reason}")
    return Told(
        token=request.token,
        run=desk.run.nickname,
        index=request.index,
        status=status,
        reason=reason,
        taken=False,
        parent_fitness=request.payload["parent"]["fitness"],
        parent_validation=request.payload["parent"].get("validation"),
        validated_from=threshold(desk, request.index),
        best=best_of(desk),
        better_since=better_since(desk, request),
        budget=desk.budget(),
        message="it cost nothing and the token is still yours: tell another program by it, or give it up",
    )


def _outcome(
    desk: Desk, request: AgentRequest, wait: float, still_there: Callable[[], bool] = lambda: True
) -> Told:
    """Wait until the candidate is finished, and return what became of it."""
    deadline = time.monotonic() + wait
    candidate = desk.archive.candidates.get(request.candidate_id)
    while not candidate.status.finished and time.monotonic() < deadline and still_there():
        if not is_alive(desk.archive, desk.run):
            break
        time.sleep(min(POLL_SECONDS, max(deadline - time.monotonic(), 0.0)))
        desk = desk.now()
        candidate = desk.archive.candidates.get(request.candidate_id)
    if not candidate.status.finished:
        return _open(desk, request)
    return _closed(desk.now(), request, candidate, min(REPAIR_SECONDS, wait))


def _open(desk: Desk, request: AgentRequest) -> Told:
    alive = desk.standing.alive
    if alive:
        message = "it is being evaluated; ask for its outcome by the same token"
    elif desk.is_over:
        message = (
            f"it is kept, but the run has finished ({desk.ending}): it is "
            f"evaluated only if {desk.resumed_by} continues it with a larger limit"
        )
    else:
        why = f" ({desk.interruption})" if desk.interruption else ""
        message = (
            f"it is kept, but nobody works on the run{why}: it is evaluated when {desk.resumed_by} "
            "continues it"
        )
    return Told(
        token=request.token,
        run=desk.run.nickname,
        index=request.index,
        status="evaluating" if alive else "stored",
        parent_fitness=request.payload["parent"]["fitness"],
        parent_validation=request.payload["parent"].get("validation"),
        best=best_of(desk),
        better_since=better_since(desk, request),
        budget=desk.budget(),
        queue=queue_of(desk) if alive else None,
        retry_seconds=RETRY_SECONDS if alive else None,
        message=message,
    )


def _warning(desk: Desk, mechanisms: list[str]) -> str | None:
    """Return what to say of a program that is counted in no family of mechanisms, where there are any."""
    known = families(desk.run.domain)
    if mechanisms or not known:
        return None
    return (
        "it is counted in no family of mechanisms, so later tasks do not know what was tried; next time, end "
        f'the note with "Mechanisms: ...", of {", ".join(known)}, or a word of your own'
    )


def _closed(desk: Desk, request: AgentRequest, candidate: Candidate, patience: float) -> Told:
    good, parent, start = candidate.status is Status.OK, request.payload["parent"], start_of(desk)
    best_first = ranked(desk.archive, desk.run)
    order = [found.program for found in best_first]
    rank = order.index(candidate.program) + 1 if candidate.program in order else None
    mechanisms = [str(name) for name in candidate.data.get("mechanisms", ())]
    repair = None
    if candidate.status in _MENDABLE and candidate.program is not None:
        repair = _repair(desk, request, candidate, patience)
    return Told(
        token=request.token,
        run=desk.run.nickname,
        index=candidate.index,
        status=str(candidate.status),
        program=candidate.nickname,
        reason=None if candidate.reason is None else desk.redaction(candidate.reason),
        fitness=candidate.train,
        validation=candidate.validation,
        parent_fitness=parent["fitness"],
        parent_validation=parent.get("validation"),
        over_parent=over(candidate, parent["fitness"], parent.get("validation")),
        over_start=None if start is None else over(candidate, start.fitness, start.validation),
        validated_from=threshold(desk, candidate.index),
        best=best_of(desk),
        better_since=better_since(desk, request),
        games=desk.games(candidate) if good else {},
        families=desk.families(candidate) if good else {},
        mechanisms=mechanisms,
        warning=_warning(desk, mechanisms),
        rank=rank,
        of=len(order),
        behind=_behind(candidate, best_first[0]) if rank is not None else None,
        noise=desk.noise,
        new_best=rank == 1,
        repair_token=None if repair is None else repair.token,
        budget=desk.budget(),
        message=_next(desk, candidate, rank, repair),
    )


def _behind(candidate: Candidate, best: Candidate) -> float | None:
    """Return how much lower a candidate ranks than the best, where both ranks are of one kind."""
    (verified, value), (best_verified, best_value) = merit(candidate), merit(best)
    return best_value - value if verified == best_verified and candidate.train is not None else None


def _next(desk: Desk, candidate: Candidate, rank: int | None, repair: AgentRequest | None) -> str:
    if repair is not None:
        return "it failed by an error of its own: mend it and tell the whole program by the repair token"
    said = "it did not work"
    if candidate.status is Status.OK:
        said = "the best so far" if rank == 1 else "measured"
    if desk.is_over:
        return said
    if desk.interruption is not None:
        return f"{said}; nobody works on the run now ({desk.interruption}); ask again after {desk.resumed_by}"
    return f"{said}; ask again"


def _repair(desk: Desk, request: AgentRequest, failed: Candidate, patience: float) -> AgentRequest | None:
    """Claim the request to mend a failure for the agent whose it is, if the run asks for that."""
    if request.author is None or request.client is None:
        return None
    deadline = time.monotonic() + patience
    seconds = float(desk.standing.settings.get("agent_lease") or ModelOptions().agent_lease)
    while True:
        for wanted in desk.archive.requests.of(desk.run):
            mends = (wanted.payload.get("failure") or {}).get("candidate") == failed.id
            if not mends:
                continue
            if wanted.state is RequestState.CLAIMED and wanted.author == request.author:
                return wanted
            claimed = desk.archive.requests.claim(
                desk.run,
                author=request.author,
                client=request.client,
                seconds=seconds,
                candidate=wanted.candidate_id,
            )
            if claimed:
                return claimed[0]
        if time.monotonic() >= deadline or not is_alive(desk.archive, desk.run):
            return None
        time.sleep(POLL_SECONDS)
        desk = desk.now()
