"""Programs on the way: what models are asked first, and what becomes of their answers.

An answer is a program, or a memo before it, or asks for a measurement, or needs repair. Nothing is asked or
paid for here: whoever holds the orders does that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nashforge.archive import CallStatus, Candidate
from nashforge.evolve.config.model_names import CLI
from nashforge.evolve.config.parts import ModelOptions
from nashforge.evolve.evaluation.messages import Stage
from nashforge.evolve.proposers.base import Draft, Request
from nashforge.evolve.proposers.experiments import Experiment, Findings, Laboratory, asked_for
from nashforge.evolve.proposers.llm.memos import due
from nashforge.evolve.proposers.llm.orders import EXPERIMENT, MEMO, REPAIR, Order
from nashforge.evolve.proposers.llm.prompting import LONGEST_REPLY, Prompter, Repair, shortened
from nashforge.evolve.proposers.llm.providers.base import Prompt
from nashforge.evolve.proposers.llm.recordings.replay import RecordedCall, Recording
from nashforge.evolve.proposers.llm.replies.reading import ReplyError, read_reply
from nashforge.evolve.proposers.llm.tools.conversation import Conversation
from nashforge.evolve.proposers.llm.tools.measure import MEASURE, NAME

_WHY = {
    CallStatus.REFUSED: "the model refused",
    CallStatus.INVALID: "the answer could not be read",
    CallStatus.TIMEOUT: "there was no answer in time",
}

_AFTER = "there was no money left after an experiment"


@dataclass(frozen=True)
class Ask:
    """The next call for an order is to be made; ``otherwise`` is said where there is no money for it."""

    otherwise: str


def takes_tools(options: ModelOptions, prompter: Prompter, label: str) -> bool:
    """Whether a model has variants measured by a tool that it calls: where it may, and its provider can."""
    return options.tools and prompter.offers_experiments and label.partition(":")[0] != CLI


class Writing:
    """Says what models are asked for the programs that they write, and reads what they answer.

    Parameters
    ----------
    options
        Of the run.
    prompter, train
        Of the training stage of now, see `renew`.
    recording
        Answers that are already there.
    laboratory
        Measures experiments; None: they are not measured, as in a replay.
    memos, known
        The memos so far, and how many outcomes the last that was asked for knew.
    replaying
        Whether all answers are recorded.
    """

    def __init__(
        self,
        options: ModelOptions,
        prompter: Prompter,
        train: Stage,
        recording: Recording,
        laboratory: Laboratory | None,
        *,
        memos: Sequence[str] = (),
        known: int = 0,
        replaying: bool = False,
    ) -> None:
        self._options, self._recording, self._replaying = options, recording, replaying
        self._laboratory = laboratory
        self._memos, self._memo_asked = list(memos), known
        self._toolless: set[str] = set()
        self._measuring: dict[int, Order] = {}
        self._prompter, self._games = prompter, len(train.trials)

    def renew(self, prompter: Prompter, train: Stage) -> None:
        """Take another training stage."""
        self._prompter, self._games = prompter, len(train.trials)
        if self._laboratory is not None:
            self._laboratory.renew(train)

    def close(self) -> None:
        """Give up what is being measured."""
        if self._laboratory is not None:
            self._laboratory.close()

    # What is asked first.

    def begin(self, candidate: Candidate, request: Request, writer: str) -> Order:
        """Return the order of a program, with what is asked first: a memo, if one is due."""
        order = Order(candidate, request, writer, Prompt("", ""), "", self._options.repairs)
        order.seconds = self._options.experiment_seconds
        if self._memo_due(candidate.index, request):
            order.purpose = MEMO
            memo = self._prompter.memo(request, self._memos[-1] if self._memos else "")
            order.prompt = self._beside_tools(order, memo)
        else:
            self._write(order)
        return order

    def begun(self, order: Order) -> None:
        """Note that the first call of an order is paid for."""
        if order.purpose == MEMO:
            self._memo_asked = len(order.request.memory.ideas)

    def _memo_due(self, index: int, request: Request) -> bool:
        """Whether a memo is written before the program at a position; a recording knows."""
        purpose = self._recording.purpose(index)
        if purpose is not None or self._replaying:
            return purpose == MEMO
        return due(request.memory, self._memo_asked, self._options)

    def _write(self, order: Order) -> None:
        """Have the program itself written next."""
        order.purpose = order.request.operator
        memo = self._memos[-1] if self._memos else ""
        tool = self._has_tools(order)
        prompt = self._prompter.prompt(order.request, memo=memo, experiments=order.experiments, tool=tool)
        order.prompt = self._beside_tools(order, prompt, calling=order.request.failure is None)

    def _has_tools(self, order: Order) -> bool:
        return order.writer not in self._toolless and takes_tools(self._options, self._prompter, order.writer)

    def _beside_tools(self, order: Order, prompt: Prompt, calling: bool = False) -> Prompt:
        """Return a prompt with the tools: they stand before what is cached, so they are in all prompts."""
        return replace(prompt, tools=(MEASURE,), calling=calling) if self._has_tools(order) else prompt

    def without_tools(self, order: Order) -> bool:
        """Ask for the same in words, of a model that takes no tools; return whether it is the first time."""
        first = order.writer not in self._toolless
        self._toolless.add(order.writer)
        if order.purpose in (MEMO, REPAIR):
            order.prompt = replace(order.prompt, tools=(), calling=True)
        else:
            self._write(order)
        return first

    # What becomes of answers.

    def read(self, order: Order, recorded: RecordedCall) -> Draft | Ask | None:
        """Return the draft of an answer, or that more is to be asked; None while something is measured."""
        if order.purpose == MEMO:
            return self._remember(order, recorded)
        if recorded.status in _WHY:
            return order.finished(reason=f"{_WHY[recorded.status]}: {recorded.reason}")
        try:
            if recorded.calls:
                return self._turn(order, recorded)
            if (experiment := self._wanted(order, recorded)) is not None:
                return self._experiment(order, experiment)
            edited = read_reply(
                recorded.text, order.request.base, order.request.donors, reading=recorded.reading
            )
        except ReplyError as error:
            return self._repair(order, recorded, error)
        order.remarks += edited.remarks
        order.mechanisms = edited.mechanisms
        return order.finished(edited.source, edited.note or None)

    def _remember(self, order: Order, recorded: RecordedCall) -> Ask:
        """Keep a memo, and go on with the program that it was made for."""
        if recorded.status is CallStatus.OK and recorded.text.strip():
            self._memos.append(recorded.text.strip())
        self._write(order)
        return Ask("there was no money left after a memo")

    def _repair(self, order: Order, recorded: RecordedCall, error: ReplyError) -> Draft | Ask:
        cut = recorded.status is CallStatus.TRUNCATED
        reason = f"{error}; {recorded.reason}" if cut else str(error)
        useless = f"no usable answer: {reason}"
        if order.repairs <= 0:
            return order.finished(reason=useless)
        order.repairs -= 1
        order.purpose = REPAIR
        order.remarks.append(reason)
        answer = shortened(recorded.text, LONGEST_REPLY)
        prompt = self._prompter.prompt(order.request, Repair(order.request.base, reason, answer))
        order.prompt = self._beside_tools(order, prompt)
        return Ask(useless)

    # Measurements.

    def _turn(self, order: Order, recorded: RecordedCall) -> Ask | None:
        """Do what a model calls tools for; what it was told before an interruption it is told again."""
        if order.conversation is None and order.purpose != REPAIR:
            order.conversation = Conversation(self._options.experiments, order.seconds)
        talk = order.conversation
        if talk is None or order.purpose == REPAIR or not talk.is_open:
            raise ReplyError(f"it called the tool {NAME} where it could only answer", "")
        talk.hear(recorded)
        told = self._recording.told(order.index, len(talk.turns) + 1)
        if told is None:
            return self._measure_next(order, talk)
        talk.recall(told)
        return self._talk_on(order, talk)

    def _measure_next(self, order: Order, talk: Conversation) -> Ask | None:
        request = order.request
        experiment = talk.next_experiment(request.base, request.donors, self._games)
        if experiment is None:
            return self._talk_on(order, talk)
        if self._laboratory is None:
            return Ask(_AFTER)
        self._begin(order, experiment, talk.seconds)
        return None

    def _talk_on(self, order: Order, talk: Conversation) -> Ask:
        order.prompt = talk.prompt(order.prompt)
        order.purpose = EXPERIMENT
        return Ask(_AFTER)

    def _wanted(self, order: Order, recorded: RecordedCall) -> Experiment | None:
        """Return the experiment that an answer asks for in words, if there may be one more."""
        most = self._options.experiments
        if recorded.status is not CallStatus.OK or len(order.asked) >= most or order.purpose == REPAIR:
            return None
        return None if recorded.tools else asked_for(recorded.text)

    def _experiment(self, order: Order, experiment: Experiment) -> Ask | None:
        """Measure what a model asks for; what was found before an interruption it is told again."""
        order.asked.append(experiment)
        found = self._recording.found(order.index, len(order.asked))
        if found is not None or self._recording.knows(order.index) or self._laboratory is None:
            return self._answer(order, found)
        self._begin(order, experiment, order.seconds)
        return None

    def _begin(self, order: Order, experiment: Experiment, seconds: float) -> None:
        assert self._laboratory is not None
        self._measuring[order.index] = order
        self._laboratory.begin(order.index, experiment, order.request.parent.source, seconds)

    def measured(self) -> list[tuple[int, Ask | None]]:
        """Return what is to be done for the orders whose measurements are there, by their positions."""
        steps: list[tuple[int, Ask | None]] = []
        for index, found in () if self._laboratory is None else self._laboratory.take():
            order = self._measuring.pop(index)
            talk = order.conversation
            if talk is None:
                steps.append((index, self._answer(order, found)))
            else:
                talk.tell(self._prompter.findings(found), found.seconds)
                steps.append((index, self._measure_next(order, talk)))
        return steps

    def _answer(self, order: Order, found: Findings | None = None) -> Ask:
        """Have a model go on with what an experiment found."""
        if found is not None:
            order.experiments.append(found)
            order.seconds = max(order.seconds - found.seconds, 0.0)
        self._write(order)
        order.purpose = EXPERIMENT
        return Ask(_AFTER)
