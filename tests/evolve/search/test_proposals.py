"""How a run gets its candidates: repetitions, order, money that is not there."""

from __future__ import annotations

from collections import deque

import pytest

from nashforge.archive import BudgetExceeded, Status
from nashforge.archive.errors import TokensExceeded
from nashforge.evolve.domains import domain
from nashforge.evolve.proposers.base import Draft, Halt, Immediate, Ledger, Proposal, ProposalError, Proposer
from nashforge.evolve.search.program_store import ProgramStore
from nashforge.evolve.search.proposals import DRAWS, ProposalQueue, SearchContext, Stop
from nashforge.evolve.search.scoreboard import Outcome, Scoreboard
from nashforge.evolve.search.strategies import make_strategy

CFR = domain("cfr")
SEED, OTHER, THIRD = CFR.source(CFR.seed), CFR.source("dcfr"), CFR.source("pcfr_plus")


@pytest.fixture
def known(archive, tiny):
    """What a run knows after its seed was measured."""
    config = tiny()
    run = archive.runs.create("cfr", config.settings(), seed=0)
    board = Scoreboard(config.population.validate_top)
    known = SearchContext(archive, run, config, make_strategy(config), board, ProgramStore(archive, CFR))
    seed = known.start(CFR, CFR.seed)
    done = archive.candidates.finish(seed, Status.OK, train=0.0)
    individual, _ = known.board.tell(Outcome(done), known.store[seed.program])
    known.strategy.tell(individual)
    return known


class Recites(Immediate):
    """A proposer that gives these programs in turn; None stands for one that it cannot make."""

    name = "recites"

    def __init__(self, *sources):
        self.left, self.requests = deque(sources), []

    def propose(self, request):
        self.requests.append(request)
        source = self.left.popleft()
        if source is None:
            raise ProposalError("nothing fits")
        return Proposal(source, "mutate", "a change", request.parents)


def test_repetitions_and_failures_are_drawn_again(known):
    proposer = Recites(SEED, None, OTHER)
    candidate = ProposalQueue(known, proposer).ask(1, None)
    assert (candidate.status, candidate.note) == (Status.PENDING, "a change")
    assert known.store[candidate.program].source == OTHER
    assert len(proposer.requests) == 3
    draws = {request.rng.bit_generator.state["state"]["state"] for request in proposer.requests}
    assert len(draws) == 3, "every draw has randomness of its own"


def test_nothing_but_repetitions_is_a_duplicate_that_says_of_what(known):
    proposer = Recites(*[SEED] * DRAWS)
    candidate = ProposalQueue(known, proposer).ask(1, None)
    assert candidate.status is Status.DUPLICATE
    assert candidate.program is None
    seed = known.archive.candidates.get(candidate.parents[0].candidate_id)
    assert candidate.reason == f"no new program in {DRAWS} draws: the same program as {seed.nickname}"
    assert not proposer.left


def test_what_was_not_proposed_before_the_run_ended_is_cancelled(known):
    started = known.archive.candidates.add(known.run, operator="mutate", proposer="recites", index=1)
    candidate = ProposalQueue(known, Recites()).ask(1, started)
    assert (candidate.id, candidate.status) == (started.id, Status.CANCELLED)


class Writes(Proposer):
    """A proposer that can pay for so many programs, and hands them in when told to."""

    name = "writes"
    ledger = Ledger()
    busy = 0

    def __init__(self, *, pays=99, error=BudgetExceeded):
        self.pays, self.error = pays, error
        self.chosen, self.started, self.gains = 0, [], []
        self.drafts = []

    def choose(self):
        self.chosen += 1
        return "house:model"

    def island(self, writer):
        return None

    def reserve(self, candidate, request, writer):
        if self.pays <= 0:
            raise self.error("no money", 1.0, 0.0, 1.0, 1.0)
        self.pays -= 1
        self.busy += 1

    def submit(self, request):
        self.started.append(request.index)

    def wait(self, seconds):
        pass

    def collect(self):
        drafts, self.drafts = self.drafts, []
        self.busy -= len(drafts)
        return drafts

    def observe(self, candidate, gain):
        self.gains.append((candidate.index, gain))


def test_nothing_is_written_before_what_pays_for_it_is_stored(known):
    proposer = Writes()
    queue = ProposalQueue(known, proposer)
    with queue.batch():
        candidate = queue.ask(1, None)
        assert proposer.started == []
    queue.submit()
    assert (candidate.status, queue.busy, proposer.started) == (Status.PROPOSING, 1, [1])


def test_a_program_that_comes_back_is_stored_with_its_candidate(known):
    queue = ProposalQueue(known, Writes())
    queue.ask(1, None)
    stored = queue.store(Draft(1, OTHER, "smaller steps", data={"cost": 0.5}))
    assert (stored.status, stored.note, stored.data) == (Status.PENDING, "smaller steps", {"cost": 0.5})
    assert known.store[stored.program].source == OTHER
    assert queue.busy == 0


def test_an_answer_without_a_program_is_a_failure_with_its_reason(known):
    queue = ProposalQueue(known, Writes())
    queue.ask(1, None)
    stored = queue.store(Draft(1, reason="the model refused"))
    assert (stored.status, stored.reason, stored.program) == (Status.REJECTED, "the model refused", None)


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_programs_written_at_the_same_time_are_judged_by_what_was_known_when_asked(known, order):
    """Both were asked for when the seed alone was told: whichever comes first, the outcome is the same."""
    queue = ProposalQueue(known, Writes())
    for index in (1, 2):
        queue.ask(index, None)
    stored = {index: queue.store(Draft(index, OTHER)) for index in order}
    assert [stored[index].status for index in (1, 2)] == [Status.PENDING, Status.PENDING]


def test_a_repetition_of_what_was_told_is_a_duplicate(known):
    queue = ProposalQueue(known, Writes())
    queue.ask(1, None)
    stored = queue.store(Draft(1, SEED))
    assert stored.status is Status.DUPLICATE
    assert stored.reason.startswith("the same program as ")


def test_a_request_waits_for_money_unchanged_while_calls_are_under_way(known):
    proposer = Writes(pays=1)
    queue = ProposalQueue(known, proposer)
    assert queue.ask(1, None) is not None
    assert queue.ask(2, None) is None
    assert queue.ask(2, None) is None
    assert proposer.chosen == 2, "who is to write it is chosen once"
    assert [c.index for c in known.archive.candidates.of(known.run)] == [0, 1], "nothing unpaid is stored"
    proposer.pays = 1
    assert queue.ask(2, None).index == 2


@pytest.mark.parametrize(("error", "reason"), [(BudgetExceeded, "max_cost"), (TokensExceeded, "max_tokens")])
def test_without_money_and_without_calls_under_way_the_run_ends(known, error, reason):
    with pytest.raises(Stop, match=f"^{reason}$"):
        ProposalQueue(known, Writes(pays=0, error=error)).ask(1, None)


def test_an_proposer_that_gives_up_ends_the_run_with_its_reason(known):
    proposer = Writes()

    def gone():
        raise Halt("outage: no answer for 30 minutes")

    proposer.collect = gone
    with pytest.raises(Stop, match="outage: no answer"):
        ProposalQueue(known, proposer).collect()


def test_proposers_hear_what_their_programs_gained_but_nothing_of_the_seed(known):
    proposer = Writes()
    queue = ProposalQueue(known, proposer)
    [seed] = known.archive.candidates.of(known.run)
    queue.observe(seed)
    queue.ask(1, None)
    child = known.archive.candidates.finish(queue.store(Draft(1, OTHER)), Status.OK, train=0.75)
    queue.observe(child)
    assert proposer.gains == [(1, 0.75)]
