"""Measuring variants before one is told: training games only, within the seconds of a request."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from nashforge.archive import Archive
from nashforge.archive.agents import AgentRequest, RequestState
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.answers.measured import Listen, Measured, MeasuredGame, MeasuredProgram
from nashforge.evolve.agents.busy import when_free
from nashforge.evolve.agents.comparing import best_of, less, start_of, threshold
from nashforge.evolve.agents.telling import require_held
from nashforge.evolve.agents.views import Desk
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.fitness import counted, joined
from nashforge.evolve.evaluation.messages import Stage
from nashforge.evolve.executors.base import Executor
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.archived import Archived
from nashforge.evolve.measurement.experiments import CURRENT, measure_variants
from nashforge.evolve.proposers.agents.payload import TRAIN
from nashforge.evolve.proposers.experiments import LEAST_SECONDS, Findings, Variant
from nashforge.evolve.proposers.llm.replies.files import read_given
from nashforge.evolve.proposers.llm.replies.reading import MAX_REPLY, ReplyError

MOST_PROGRAMS = 16
"""Programs that are measured at once, besides the current one."""


def measure(
    archive: Archive,
    token: str,
    programs: Mapping[str, str],
    *,
    games: Sequence[int] = (),
    iterations: int | None = None,
    executor: Callable[[], Executor] = lambda: LocalExecutor(1),
    listen: Listen = lambda name, game, reason: None,
) -> Measured:
    """Measure variants of the current program of a request, and the current program beside them.

    Nothing is evaluated: no unit of the budget is spent, and nothing becomes part of the run. What cannot be
    read is told as a variant that failed, and the others are measured.

    Parameters
    ----------
    token
        Of a request that is held.
    programs
        By what the answer calls them: whole programs, or SEARCH/REPLACE blocks for the current one.
    games
        Numbers of training games, as the task lists them, from 1; none: all of them.
    iterations
        At most so many; None: as many as in training.
    executor
        Makes what measures.
    listen
        Told each result when it comes: the name of a variant, and what it reached in a game or why it failed.

    Raises
    ------
    nashforge.archive.NotFound
        If there is no such token.
    AgentError
        If the token is not held, there is no such game, or no seconds are left.
    """
    request = archive.requests.get(token)
    desk = Desk(archive, archive.runs.get(request.run_id))
    if request.state is RequestState.TOLD:
        raise AgentError("a program was told by this token already; ask for another task")
    require_held(request)
    stage, work = _stage(desk, request), domain(desk.run.domain)
    numbers = _numbers(games, stage)
    if iterations is not None and iterations < 1:
        raise AgentError(f"iterations = {iterations}: measure 1 or more")
    sources, unread = _sources(request, programs)
    for name, reason in unread.items():
        listen(name, None, reason)
    purse = _Booked(archive, token, desk.measure_seconds)
    if not sources:
        return _answer(desk, request, stage, None, programs, unread, purse.left)
    if (left := purse.left) < LEAST_SECONDS * (len(sources) + 1):
        raise AgentError(
            f"{left:.1f} of the {purse.budget:g} seconds of processor time of this task are left, too few "
            f"for {len(sources)} programs beside the current one; measure fewer, or tell one"
        )
    made = executor()
    try:
        found = measure_variants(
            work,
            stage,
            made,
            list(sources.values()),
            str(request.payload["parent"]["source"]),
            games=numbers,
            iterations=iterations,
            seconds=purse,
            tier=str(desk.standing.settings.get("tier") or "strict"),
            known=Archived(archive, work, stage),
            listen=_telling(desk, stage, list(sources), listen),
        )
    finally:
        made.close()
        purse.close()
    return _answer(desk, request, stage, found, programs, unread, purse.left)


def _telling(
    desk: Desk, stage: Stage, names: Sequence[str], listen: Listen
) -> Callable[[Sequence[Variant], int, int], None]:
    """Return what tells each result of an experiment on, with its gain over the current program."""

    def tell(variants: Sequence[Variant], which: int, place: int) -> None:
        *_, current = variants
        variant, base = variants[which], _program(desk, stage, current, CURRENT, None)
        name = CURRENT if variant is current else names[which]
        if variant.reason:
            listen(name, None, desk.redaction(variant.reason))
        elif variant.curves.get(place):
            listen(name, _game(desk, stage, place, variant, None if variant is current else base), None)

    return tell


@dataclass
class _Booked:
    """The seconds of a request, booked in the archive as they are spent: a kill loses those of one game."""

    archive: Archive
    token: str
    budget: float
    taken: float = 0.0

    @property
    def left(self) -> float:
        return max(self.budget - self.archive.requests.get(self.token).measured, 0.0)

    def take(self, seconds: float) -> float:
        granted = when_free(lambda: self.archive.requests.reserve_seconds(self.token, self.budget, seconds))
        self.taken += granted
        return granted

    def settle(self, taken: float, used: float) -> None:
        self.taken -= taken
        when_free(lambda: self.archive.requests.return_seconds(self.token, taken - used))

    def close(self) -> None:
        """Give back what was set aside for measurements that an error has ended."""
        if self.taken > 0:
            self.settle(self.taken, 0.0)


def _stage(desk: Desk, request: AgentRequest) -> Stage:
    stored = desk.archive.runs.get_value(desk.run, f"{TRAIN} {request.payload.get(TRAIN)}")
    if stored is None:
        raise AgentError("this task was opened by a version that did not measure; tell a program instead")
    return Stage.model_validate(stored)


def _numbers(games: Sequence[int], stage: Stage) -> tuple[int, ...]:
    for number in games:
        if not 1 <= number <= len(stage.trials):
            known = "; ".join(f"{k} {trial.label}" for k, trial in enumerate(stage.trials, 1))
            raise AgentError(f"there is no training game {number}; choose of {known}")
    return tuple(dict.fromkeys(games))


def _sources(request: AgentRequest, programs: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the programs by name, and why the others cannot be read."""
    if not 1 <= len(programs) <= MOST_PROGRAMS:
        raise AgentError(f"{len(programs)} programs: between 1 and {MOST_PROGRAMS} can be measured at once")
    payload = request.payload
    found, unread = dict[str, str](), dict[str, str]()
    for name, text in programs.items():
        if len(text) > MAX_REPLY:
            unread[name] = f"it has {len(text)} characters; at most {MAX_REPLY} are read"
            continue
        try:
            edited = read_given(text, str(payload["base"]), [str(d) for d in payload["donors"]])
        except ReplyError as error:
            unread[name] = f"it cannot be read: {error}"
        else:
            found[name] = edited.source
    return found, unread


def _answer(
    desk: Desk,
    request: AgentRequest,
    stage: Stage,
    found: Findings | None,
    names: Iterable[str],
    unread: Mapping[str, str],
    left: float,
) -> Measured:
    *variants, current = [Variant(CURRENT)] if found is None else found.variants
    base, start, measured = _program(desk, stage, current, CURRENT, None), start_of(desk), iter(variants)
    programs = [
        MeasuredProgram(name=name, reason=unread[name])
        if name in unread
        else _program(desk, stage, next(measured), name, base)
        for name in names
    ]
    parent = base.fitness if base.fitness is not None else request.payload["parent"]["fitness"]
    message = "measure more, or tell the best of them by the same token; nothing was evaluated yet"
    if found is None:
        message = "none of them could be read, so nothing was measured and no time was spent; mend them"
    elif desk.archive.requests.get(request.token).state is not RequestState.CLAIMED:
        message = (
            "the token has run out meanwhile, and no more is measured by it; a program told by it counts "
            "only if nobody else has the request by now"
        )
    return Measured(
        token=request.token,
        run=desk.run.nickname,
        current=base,
        programs=[
            program.model_copy(
                update={
                    "over_parent": less(program.fitness, parent),
                    "over_start": None if start is None else less(program.fitness, start.fitness),
                }
            )
            for program in programs
        ],
        validated_from=threshold(desk, request.index),
        best=best_of(desk),
        seconds=0.0 if found is None else round(found.seconds, 3),
        seconds_left=round(left, 3),
        message=message,
    )


def _program(
    desk: Desk, stage: Stage, variant: Variant, name: str, base: MeasuredProgram | None
) -> MeasuredProgram:
    """Return the measurements of a program, with its gains over the current one."""
    reason = desk.redaction(variant.reason) if variant.reason else None
    labels = {place: trial.label for place, trial in enumerate(stage.trials, 1)}
    games = {
        labels[place]: _game(desk, stage, place, variant, base)
        for place, curve in sorted(variant.curves.items())
        if curve
    }
    gains = [game.gain for game in games.values() if game.gain is not None]
    parts = [game.fitness for game in games.values() if game.fitness is not None]
    whole = len(parts) == len(stage.trials) and reason is None
    return MeasuredProgram(
        name=name,
        reason=reason,
        unreached=list(variant.unreached),
        gain=sum(gains) / len(gains) if gains else None,
        fitness=joined(stage.fitness, parts) if whole else None,
        games=games,
    )


def _game(
    desk: Desk, stage: Stage, place: int, variant: Variant, base: MeasuredProgram | None
) -> MeasuredGame:
    trial, curve = stage.trials[place - 1], variant.curves[place]
    value = curve[-1][1]
    # The reference is known after as many iterations as training has, and after no fewer.
    whole = curve[-1][0] == trial.iterations
    counts = counted(stage.fitness, trial.label, value, stage.references, stage.floors) if whole else None
    return MeasuredGame(
        number=place,
        value=value,
        iterations=curve[-1][0],
        gain=_gain(desk, stage, trial.label, value, base),
        fitness=None if counts is None else counts[0],
        log_ratio=None if counts is None else counts[1],
        curve=list(curve),
        measures={what: list(by[place]) for what, by in variant.measures.items() if place in by},
    )


def _gain(desk: Desk, stage: Stage, label: str, value: float, base: MeasuredProgram | None) -> float | None:
    """Return how much better a value is: in orders of magnitude, where fitness counts these."""
    other = None if base is None else base.games.get(label)
    if other is None:
        return None
    work = domain(desk.run.domain)
    sign = 1.0 if work.metrics[work.metric].direction == "max" else -1.0
    if stage.fitness.kind != "log_ratio":
        return sign * (value - other.value)
    floor = stage.floors.get(label, stage.fitness.floor)
    return sign * math.log10(max(value, floor) / max(other.value, floor))
