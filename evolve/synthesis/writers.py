"""Writers of policies in a refinement: a language model, its recorded answers, or the offline proposer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from nashforge.archive import Archive, CallStatus, Candidate, Run
from nashforge.evolve.proposers.base import Individual, ProposalError, Request
from nashforge.evolve.proposers.fragments.proposer import PolicyProposer
from nashforge.evolve.proposers.llm.recordings.systems import keep_system
from nashforge.evolve.proposers.llm.replies.reading import READING, ReplyError, read_reply

if TYPE_CHECKING:
    from nashforge.evolve.config.model_names import Model
    from nashforge.evolve.proposers.llm.prices import Price
    from nashforge.evolve.proposers.llm.recordings.replay import Recording

OUTPUT_TOKENS = 16_000
CALL_SECONDS = 600.0
RETRIES = 4


@dataclass(frozen=True)
class Wanted:
    """One program to be written.

    Attributes
    ----------
    system, user : str
        What a model is told.
    previous : str or None
        The program to refine; None for the first.
    repairs : bool
        Whether ``previous`` failed and is to be mended.
    """

    system: str
    user: str
    previous: str | None
    repairs: bool = False


class Writer(Protocol):
    """Writes programs."""

    name: str

    def write(
        self, wanted: Wanted, candidate: Candidate, rng: np.random.Generator, waiting: Callable[[], None]
    ) -> tuple[str, str]:
        """Return a program and a sentence about it.

        Parameters
        ----------
        waiting
            To be called once a second by who takes long.

        Raises
        ------
        nashforge.evolve.proposers.base.ProposalError
            If there is none.
        """

    def close(self) -> None:
        """Release what it holds."""


class OfflineWriter:
    """Recombines behaviours. It reads no feedback: only selection uses what is measured."""

    name = "offline"

    def __init__(self, game: str, seed_program: str) -> None:
        self._proposer = PolicyProposer(game)
        self._seed = seed_program

    def write(
        self, wanted: Wanted, candidate: Candidate, rng: np.random.Generator, waiting: Callable[[], None]
    ) -> tuple[str, str]:
        """Return a new combination at first, then edits of the last policy."""
        fresh = wanted.previous is None
        parent = Individual(-1, -1, "", "the last policy", wanted.previous or self._seed, 0.0)
        proposal = self._proposer.propose(Request(0, "rewrite" if fresh else "mutate", parent, rng))
        return proposal.source, proposal.description

    def close(self) -> None:
        """Nothing is held."""


class ReplayWriter:
    """Writes again what models answered in an earlier refinement.

    Parameters
    ----------
    recording
        Their answers.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.name = recording.writer(0) or "replay"

    def write(
        self, wanted: Wanted, candidate: Candidate, rng: np.random.Generator, waiting: Callable[[], None]
    ) -> tuple[str, str]:
        """Return the program of the answer that was recorded for this candidate."""
        call = self._recording.next_call(candidate.index)
        if call is None:
            raise ProposalError("the recording has no answer for this policy")
        if call.status is not CallStatus.OK:
            raise ProposalError(f"{call.label} gave no answer: {call.reason or call.status}")
        return program_in(call.text, wanted, call.label, call.reading)

    def close(self) -> None:
        """Nothing is held."""


class ModelWriter:
    """Asks a language model; every call is stored, and its costs are capped.

    Parameters
    ----------
    archive, run
        Where calls are stored.
    model, price
        Who is asked, and for what.
    budget
        US dollars that may be spent in all; None: no limit.
    """

    def __init__(self, archive: Archive, run: Run, model: Model, price: Price, budget: float | None) -> None:
        from nashforge.evolve.proposers.llm.calls import Calls
        from nashforge.evolve.proposers.llm.providers import connect

        self.name = model.label
        self._archive, self._run, self._budget = archive, run, budget
        providers = {model.label: connect(model, RETRIES)}
        self._calls = Calls(archive, providers, {model.label: price}, CALL_SECONDS)

    def write(
        self, wanted: Wanted, candidate: Candidate, rng: np.random.Generator, waiting: Callable[[], None]
    ) -> tuple[str, str]:
        """Return the program of the model's answer."""
        from nashforge.archive import BudgetExceeded
        from nashforge.evolve.proposers.llm.providers.base import Prompt

        prompt = Prompt(wanted.system, wanted.user)
        request = {
            "purpose": "repair" if wanted.repairs else "refine",
            "system": keep_system(self._archive, self._run, wanted.system),
        }
        try:
            call = self._calls.reserve(
                self._run,
                candidate,
                self.name,
                prompt,
                request,
                max_output=OUTPUT_TOKENS,
                cap=self._budget,
            )
        except BudgetExceeded as error:
            raise ProposalError(str(error)) from error
        self._calls.start(candidate.index, call, prompt, OUTPUT_TOKENS)
        while not (ended := self._calls.take()):
            self._calls.wait(1.0)
            waiting()
        answer = ended[0]
        if answer.failure is not None:
            raise ProposalError(f"{self.name} gave no answer: {answer.failure}")
        return program_in(answer.text, wanted, self.name)

    def close(self) -> None:
        """Give up what is under way."""
        self._calls.close()


def program_in(answer: str, wanted: Wanted, label: str, reading: int = READING) -> tuple[str, str]:
    """Return the program of a model's answer, and what it says about it.

    Raises
    ------
    nashforge.evolve.proposers.base.ProposalError
        If there is none.
    """
    try:
        edited = read_reply(answer, wanted.previous or "", reading=reading)
    except ReplyError as error:
        raise ProposalError(f"the answer of {label} cannot be used: {error}") from error
    return edited.source, edited.note
