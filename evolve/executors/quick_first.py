"""Many programs on the same games, within a time: the quick ones first, then those that need more."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from nashforge.archive import Program, Status
from nashforge.evolve.evaluation.messages import Report, Stage
from nashforge.evolve.executors.base import Lost
from nashforge.evolve.executors.dispatcher import ATTEMPTS, Dispatcher, SearchError

WITHIN_SECONDS = 120.0
"""After so long no more programs are begun: whoever writes waits for the first task meanwhile."""

FIRST_SECONDS, MOST_SECONDS = 20.0, 60.0
"""Processor time of a program in the first round, and in the second, of those that took more."""


def quick_first(
    dispatcher: Dispatcher,
    stage: Stage,
    programs: Sequence[Program],
    *,
    within: float = WITHIN_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[tuple[Program, Report]]:
    """Yield programs with their reports, as they come; those that are not reached are left out.

    What a program costs is not known before, so each is given a little at first; those for which that was too
    little are begun again, with more, when all have had their turn.

    Raises
    ------
    SearchError
        If one was lost for good.
    """
    end, todo = clock() + within, list(programs)
    for limit in (FIRST_SECONDS, MOST_SECONDS):
        short = stage.model_copy(update={"seconds": min(stage.seconds, limit)})
        queue, todo = deque(todo), []
        running: dict[str, Program] = {}
        while running or (queue and clock() < end):
            while queue and len(running) < dispatcher.workers and clock() < end:
                program = queue.popleft()
                running[dispatcher.send(program.source, (short,))] = program
            for answer in dispatcher.wait():
                if isinstance(answer, Lost):
                    raise SearchError(f"an evaluation was lost {ATTEMPTS} times: {answer.reason}")
                program = running.pop(answer.token)
                if answer.status is Status.TIMEOUT and limit < min(stage.seconds, MOST_SECONDS):
                    todo.append(program)
                else:
                    yield program, answer
        if queue:
            return
