"""Tasks on their way: when they are sent, and how often."""

from __future__ import annotations

from nashforge.evolve.evaluation.messages import Report, Stage, Task
from nashforge.evolve.executors.base import Lost
from nashforge.evolve.executors.dispatcher import ATTEMPTS, Dispatcher

STAGE = Stage(split="train", suite="none", trials=())


class Losing:
    """An executor that loses every task."""

    workers = 1

    def __init__(self, *, final: bool = False) -> None:
        self.submitted: list[Task] = []
        self._final = final
        self._lost: list[Report | Lost] = []

    def submit(self, task: Task) -> None:
        self.submitted.append(task)
        self._lost.append(Lost(task.token, "the machine is gone", self._final))

    def wait(self, timeout: float | None = None) -> list[Report | Lost]:
        lost, self._lost = self._lost, []
        return lost

    def close(self) -> None:
        pass


def test_nothing_is_submitted_before_it_is_waited_for():
    # What a task follows from may not be committed yet when it is sent.
    executor = Losing()
    dispatcher = Dispatcher(executor, "cfr", "none", tick=lambda: None, note=lambda text: None)
    sent = [dispatcher.send(source, (STAGE,)) for source in ("a", "b")]
    assert executor.submitted == []
    assert dispatcher.wait() == []
    assert [task.token for task in executor.submitted[:2]] == sent


def test_a_lost_task_is_submitted_again_and_given_up_in_the_end():
    executor = Losing()
    notes: list[str] = []
    dispatcher = Dispatcher(executor, "cfr", "none", tick=lambda: None, note=notes.append)
    token = dispatcher.send("a", (STAGE,))
    answers = [answer for _ in range(ATTEMPTS) for answer in dispatcher.wait()]
    assert answers == [Lost(token, "the machine is gone")]
    assert len(executor.submitted) == len(notes) == ATTEMPTS
    assert len(dispatcher) == 0


def test_what_is_lost_for_good_is_not_submitted_again():
    executor = Losing(final=True)
    dispatcher = Dispatcher(executor, "cfr", "none", tick=lambda: None, note=lambda text: None)
    dispatcher.send("a", (STAGE,))
    assert len(dispatcher.wait()) == len(executor.submitted) == 1
