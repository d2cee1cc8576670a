"""Proposers of other packages: at once or later, given to a run or found by name."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest

from nashforge.archive import Archive, Candidate, Role, Status
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.domains import domain
from nashforge.evolve.proposers import registry
from nashforge.evolve.proposers.base import (
    Draft,
    Halt,
    Immediate,
    Proposal,
    ProposalError,
    Proposer,
    Request,
)
from nashforge.evolve.proposers.ensemble import Ensemble
from nashforge.evolve.runs.run import resume_run, start_run
from nashforge.solvers.cfr.rules import rule_names, rule_source


def another(request: Request) -> str:
    """A program that differs from those at other positions."""
    names = [name for name in rule_names() if name != "cfr_plus"]
    return rule_source(names[request.index % len(names)])


class Tunes(Immediate):
    """Writes programs at once."""

    name = "tunes"

    def propose(self, request: Request) -> Proposal:
        return Proposal(another(request), "mutate", "another rule", ((request.parent, Role.PARENT),))


class Slow(Proposer):
    """Writes programs later and in reverse order, at most so many."""

    name = "slow"

    def __init__(self, most: int = 100) -> None:
        self.most, self.gains = most, dict[int, float]()
        self._requests: list[Request] = []

    def submit(self, request: Request) -> None:
        self._requests.append(request)

    def collect(self) -> list[Draft]:
        if self.most <= 0:
            raise Halt("tired")
        requests, self._requests = self._requests[::-1], []
        self.most -= len(requests)
        return [
            Draft(r.index, reason="nothing came to mind")
            if r.index % 3 == 0
            else Draft(r.index, another(r), "another rule")
            for r in requests
        ]

    @property
    def busy(self) -> int:
        return len(self._requests)

    def wait(self, seconds: float) -> None:
        pass

    def observe(self, candidate: Candidate, gain: float) -> None:
        self.gains[candidate.index] = gain


def test_programs_of_a_run_are_written_by_the_proposer_that_it_is_given(archive: Archive, tiny: Any) -> None:
    result = start_run(archive, tiny(max_evaluations=4), name="given", proposer=Tunes())
    written = archive.candidates.of(archive.runs.get("given"))[1:]
    assert {candidate.proposer for candidate in written} == {"tunes"}
    assert {candidate.note for candidate in written} == {"another rule"}
    assert result.stop_reason == "max_evaluations"


def in_other_words(request: Request) -> str:
    """Return the parent with an attribute more, that does nothing."""
    return request.parent.source + f"\n\nUNUSED_{request.index} = {request.index}\n"


class Rewords(Tunes):
    """Draws programs that act alike."""

    def propose(self, request: Request) -> Proposal:
        return Proposal(in_other_words(request), "mutate", "the same", ((request.parent, Role.PARENT),))


class Considers(Slow):
    """Means what it writes."""

    def collect(self) -> list[Draft]:
        requests, self._requests = self._requests, []
        return [Draft(r.index, in_other_words(r), "sets in later") for r in requests]


@pytest.mark.parametrize(("proposer", "status"), [(Rewords(), Status.DUPLICATE), (Considers(), Status.OK)])
def test_only_what_was_drawn_at_random_is_given_up_for_acting_alike_at_first(
    proposer: Proposer, status: Status, archive: Archive, tiny: Any
) -> None:
    start_run(archive, tiny(max_evaluations=3, final_test=False), name="alike", proposer=proposer)
    written = archive.candidates.of(archive.runs.get("alike"))[1:3]
    assert [candidate.status for candidate in written] == [status] * 2


def test_an_ensemble_asks_who_wrote(archive: Archive) -> None:
    run = archive.runs.create("cfr", {})
    both = Ensemble(archive, run, {"drawn": Tunes(), "written": Slow()})
    assert [both.deliberate(name) for name in ("drawn", "written", "somebody")] == [False, True, True]


class Refuses(Immediate):
    """Has nothing to say."""

    name = "refuses"

    def propose(self, request: Request) -> Proposal:
        raise ProposalError(f"{request.parent.nickname} has no number to change")


def test_a_run_tells_why_its_proposer_had_nothing(archive: Archive, tiny: Any) -> None:
    result = start_run(archive, tiny(max_evaluations=2, final_test=False), proposer=Refuses())
    assert result.stop_reason.startswith("exhausted: no new program in 10 draws: ")
    assert result.stop_reason.endswith(" has no number to change")


def test_a_proposer_may_answer_later_and_in_any_order(archive: Archive, tiny: Any) -> None:
    slow = Slow()
    start_run(archive, tiny(max_evaluations=5, lookahead=4), name="later", proposer=slow)
    candidates = archive.candidates.of(archive.runs.get("later"))
    assert [candidate.index for candidate in candidates] == list(range(len(candidates)))
    for candidate in candidates[1:]:
        assert candidate.proposer == "slow"
        if candidate.index % 3 == 0:
            assert (candidate.status, candidate.reason) == (Status.REJECTED, "nothing came to mind")
    assert sorted(slow.gains) == [candidate.index for candidate in candidates[1:]]


def test_a_proposer_that_gives_up_ends_the_run_with_its_reason(archive: Archive, tiny: Any) -> None:
    result = start_run(archive, tiny(max_evaluations=50, lookahead=2), name="ends", proposer=Slow(4))
    assert result.stop_reason == "tired"
    more = resume_run(archive, archive.runs.get("ends"), proposer=Slow(4))
    assert more.evaluations > result.evaluations


def test_what_answers_at_once_is_a_proposer_like_any_other() -> None:
    class Refuses(Tunes):
        def propose(self, request: Request) -> Proposal:
            from nashforge.evolve.proposers.base import ProposalError

            raise ProposalError("no idea")

    refuses = Refuses()
    refuses.submit(Request(7, "mutate", None, None))  # type: ignore[arg-type]
    assert refuses.busy == 1
    assert refuses.collect() == [Draft(7, reason="no idea")]
    assert refuses.collect() == []


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package's proposer, as its entry point tells."""
    found = EntryPoints([EntryPoint("tunes", f"{__name__}:tunes", registry.ENTRY_POINTS)])
    monkeypatch.setattr(registry, "entry_points", found.select)
    monkeypatch.setattr(EntryPoint, "load", lambda self: lambda work: Tunes())


@pytest.mark.usefixtures("installed")
def test_installed_proposers_are_found_by_name(archive: Archive, tiny: Any) -> None:
    assert registry.proposer_names() == ("agent", "offline", "tunes")
    start_run(archive, tiny(max_evaluations=3, proposer="tunes"), name="by-name")
    assert archive.candidates.of(archive.runs.get("by-name"))[1].proposer == "tunes"
    assert registry.named_proposer("offline", domain("cfr")) is not None


def test_an_unknown_proposer_is_told_with_the_known_ones(archive: Archive, tiny: Any) -> None:
    with pytest.raises(ConfigError, match=r"no proposer 'ofline'.*did you mean offline"):
        start_run(archive, tiny(proposer="ofline"))
