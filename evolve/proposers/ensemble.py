"""Several proposers in one run: a bandit chooses who writes next, whatever kind they are of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nashforge.archive import Archive, Candidate, Run
from nashforge.evolve.evaluation.messages import Stage
from nashforge.evolve.proposers.agents.proposer import AgentProposer
from nashforge.evolve.proposers.base import Draft, Ledger, Proposer, Request
from nashforge.evolve.proposers.llm.bandit import Bandit


class Ensemble(Proposer):
    """Proposers that take turns as a bandit chooses, by what their programs gain.

    Parameters
    ----------
    archive, run
        Where the bandit's state is stored, and what was spent.
    members
        Who writes, by the name that is stored with candidates; models share one proposer.
    islands
        Whether each name has an island of its own.
    budget
        What may be spent in all; None: no limit.
    replaying
        Whether recorded answers are used, so that nothing is spent.
    """

    name = "ensemble"

    def __init__(
        self,
        archive: Archive,
        run: Run,
        members: Mapping[str, Proposer],
        *,
        islands: bool = False,
        budget: float | None = None,
        replaying: bool = False,
    ) -> None:
        self._archive, self._run = archive, run
        self._members, self._islands, self._budget = dict(members), islands, budget
        self._each = list({id(member): member for member in members.values()}.values())
        self._replaying = replaying
        self._bandit = Bandit(tuple(members))
        self._writers: dict[int, str] = {}
        self._spent: Ledger | None = None

    def begin(self, train: Stage, evaluations: int) -> None:
        """Have all get ready."""
        for member in self._each:
            member.begin(train, evaluations)

    @property
    def busy(self) -> int:
        """Number of programs that are being written."""
        return sum(member.busy for member in self._each)

    @property
    def ledger(self) -> Ledger | None:
        """The run's spending, what agents say of theirs included; None for a replay."""
        if self._replaying:
            return None
        if self._spent is None:
            total = self._archive.calls.spending(self._run)[""]
            tokens = total.input_tokens + total.cached_tokens + total.cache_write_tokens + total.output_tokens
            self._spent = Ledger(total.cost, total.reserved, tokens, total.calls, self._budget)
        spent = self._spent
        return Ledger(spent.cost, spent.reserved, spent.tokens, spent.calls, spent.budget, self._waiting())

    def _waiting(self) -> str | None:
        """Say why nothing is being written, if all that is asked for waits for somebody."""
        reasons = []
        for member in self._each:
            if not member.busy:
                continue
            if isinstance(member, AgentProposer):
                reason = member.waiting
            else:
                reason = None if member.ledger is None else member.ledger.waiting
            if reason is None:
                return None
            reasons.append(reason)
        return "; ".join(reasons) or None

    def choose(self) -> str:
        """Return who is to write the next program."""
        return self._bandit.choose()

    def deliberate(self, writer: str) -> bool:
        """Return what is true of the member that writes under a name."""
        member = self._members.get(writer)
        return member is None or member.deliberate(writer)

    def island(self, writer: str) -> int | None:
        """Return a writer's own island, if it has one."""
        return list(self._members).index(writer) if self._islands else None

    def reserve(self, candidate: Candidate, request: Request, writer: str) -> None:
        """Have the writer take the order."""
        self._members[writer].reserve(candidate, request, writer)
        if not self._replaying:
            self._archive.runs.set_value(self._run, "bandit", self._bandit.state())
        self._writers[candidate.index] = writer
        self._spent = None

    def submit(self, request: Request) -> None:
        """Have it written."""
        self._members[self._writers[request.index]].submit(request)

    def collect(self) -> list[Draft]:
        """Return what was written since the last time, by whomever."""
        drafts = [draft for member in self._each for draft in member.collect()]
        for draft in drafts:
            self._writers.pop(draft.index, None)
            self._spent = None
        return drafts

    def wait(self, seconds: float) -> None:
        """Wait until something was written, at most so long."""
        busy = [member for member in self._each if member.busy]
        for member in busy:
            member.wait(seconds / len(busy))

    def notify(self, ring: Callable[[], None]) -> None:
        """Have something called whenever there is something to collect."""
        for member in self._each:
            member.notify(ring)

    def replayed(self, writer: str) -> None:
        """Have the bandit go through a choice that is stored."""
        if writer in self._bandit.arms:
            self._bandit.asked(writer)

    def asked_after(self, index: int) -> int:
        """Return what the recordings of the members know; each has those of the whole run."""
        return max(member.asked_after(index) for member in self._each)

    def observe(self, candidate: Candidate, gain: float) -> None:
        """Tell the bandit what a program gained and cost; whoever did not come has gained nothing."""
        if candidate.proposer in self._bandit.arms:
            passed = bool(candidate.data.get("passed"))
            cost = 0.0 if passed else float(candidate.data.get("cost", 0.0))
            self._bandit.tell(candidate.proposer, 0.0 if passed else gain, cost)
        self._members.get(candidate.proposer, self._each[0]).observe(candidate, gain)

    def close(self) -> None:
        """Give up what is being written."""
        for member in self._each:
            member.close()
