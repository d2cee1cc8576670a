"""Tasks on their way: sent to an executor, sent again when a machine loses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from nashforge.archive.records import new_token
from nashforge.errors import NashforgeError
from nashforge.evolve.evaluation.messages import Report, Stage, Task
from nashforge.evolve.executors.base import Executor, Lost

ATTEMPTS = 3
"""How often a task is tried when machines fail."""

POLL_SECONDS = 0.5


def default_lookahead(workers: int) -> int:
    """Return how far to ask ahead so that no worker waits for the oldest outcome."""
    return 1 if workers == 1 else 2 * workers


class SearchError(NashforgeError, RuntimeError):
    """The run cannot go on; it can be resumed when the cause is gone."""

    remedy = "mend the cause, then continue with `nashforge resume`"


class Dispatcher:
    """Keeps track of tasks until each is answered or was lost too often.

    Parameters
    ----------
    executor
        Where tasks run.
    domain, tier
        Name of the domain, and the weakest sandbox tier to accept.
    tick
        Called a few times a second while waiting; may raise.
    note
        Called with a text when a task is lost.
    """

    def __init__(
        self,
        executor: Executor,
        domain: str,
        tier: str,
        tick: Callable[[], None],
        note: Callable[[str], None],
    ) -> None:
        self._executor, self._domain, self._tier = executor, domain, tier
        self._tick, self._note = tick, note
        self._tasks: dict[str, tuple[Task, int]] = {}
        self._unsent: list[Task] = []

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def workers(self) -> int:
        """The number of tasks that run at the same time."""
        return self._executor.workers

    @property
    def running(self) -> int:
        """The number of tasks that workers have in hand."""
        return min(len(self._tasks), self._executor.workers)

    def send(self, source: str, stages: tuple[Stage, ...], known: dict[str, str] | None = None) -> str:
        """Send a program to be evaluated, when `wait` is next called; return the token of its task.

        So it may be called before what the task follows from is committed, and `wait` not.
        """
        task = Task(
            token=new_token(),
            domain=self._domain,
            source=source,
            stages=stages,
            known=known or {},
            tier=self._tier,
        )
        self._tasks[task.token] = (task, 1)
        self._unsent.append(task)
        return task.token

    def wait(self, seconds: float = POLL_SECONDS) -> list[Report | Lost]:
        """Return what was answered, or lost for good, since the last call; wait a little for some."""
        while self._unsent:
            self._executor.submit(self._unsent.pop(0))
        self._tick()  # first: it may raise, and no answer may be lost
        ended: list[Report | Lost] = []
        for answer in self._executor.wait(seconds):
            task, attempt = self._tasks.pop(answer.token)
            if isinstance(answer, Lost):
                self._note(f"attempt {attempt} of an evaluation was lost: {answer.reason}")
                if attempt < ATTEMPTS and not answer.final:
                    self._tasks[task.token] = (task, attempt + 1)
                    self._executor.submit(task)
                    continue
            ended.append(answer)
        return ended

    def gather(self, tokens: Iterable[str]) -> Iterator[Report]:
        """Yield the reports of some tasks as they come, while no others are under way.

        Raises
        ------
        SearchError
            If one was lost for good.
        """
        missing = set(tokens)
        while missing:
            for answer in self.wait():
                missing.discard(answer.token)
                if isinstance(answer, Lost):
                    raise SearchError(f"an evaluation was lost {ATTEMPTS} times: {answer.reason}")
                yield answer
