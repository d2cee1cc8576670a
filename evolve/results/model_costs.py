"""Costs and gains of a run's models."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from nashforge.archive import Archive, Candidate, Role, Run, Spending, Status
from nashforge.evolve.search.population.ranking import gain, merit
from nashforge.evolve.search.population.starts import OPERATOR, strongest

NOTHING = Spending(0, 0.0, 0.0, 0, 0, 0, 0)


@dataclass(frozen=True)
class ModelCosts:
    """One model of a run.

    Attributes
    ----------
    spending : Spending
        Its calls, tokens and costs.
    proposals, programs : int
        Candidates that it was asked for, and of these those that were measured.
    unusable, repeated, failed : int
        Answers without a usable program; programs that were known; programs that failed.
    better : int
        Programs better than their parent and the seed on the training games.
    gain : float
        By how much in all: the reward by which the bandit judges.
    best : Candidate or None
        Its best program, verified ones first.
    thinking_tokens : int
        Output tokens that were thought and not said, as far as its provider tells them.
    """

    model: str
    spending: Spending
    proposals: int = 0
    programs: int = 0
    unusable: int = 0
    repeated: int = 0
    failed: int = 0
    better: int = 0
    gain: float = 0.0
    best: Candidate | None = None
    thinking_tokens: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the machine-readable form, documented in docs/json.md."""
        own = {name: value for name, value in vars(self).items() if name not in ("spending", "best")}
        best = self.best
        return {
            **own,
            **asdict(self.spending),
            "best": None if best is None else best.nickname,
            "best_train": None if best is None else best.train,
        }


def model_costs(archive: Archive, run: Run) -> list[ModelCosts]:
    """Return what each model of a run cost and earned, the one that gained most first."""
    spent = archive.calls.spending(run)
    labels = {name for name in spent if name} | {name for name in archive.runs.proposers(run) if ":" in name}
    if not labels:
        return []  # as of most runs, and of the longest, whose candidates need not be read for it
    candidates = archive.candidates.of(run)
    train: dict[int | None, float | None] = {item.id: item.train for item in candidates}
    start = strongest(candidate for candidate in candidates if candidate.operator == OPERATOR)
    seed = None if start is None else start.train
    thought: Counter[str] = Counter()
    for call in archive.calls.find(run=run):
        thought[f"{call.provider}:{call.model}"] += int((call.response or {}).get("thinking_tokens", 0))
    found = []
    for label in sorted(labels):
        mine = [candidate for candidate in candidates if _author(candidate) == label]
        gains = [gain(item.train, train.get(_parent(item)), seed) for item in mine]
        found.append(
            ModelCosts(
                label,
                spent.get(label, NOTHING),
                proposals=len(mine),
                programs=sum(c.status is Status.OK for c in mine),
                unusable=sum(c.program is None and c.status is Status.REJECTED for c in mine),
                repeated=sum(c.status is Status.DUPLICATE for c in mine),
                failed=sum(
                    c.program is not None and c.status.failed and c.status is not Status.DUPLICATE
                    for c in mine
                ),
                better=sum(value > 0 for value in gains),
                gain=sum(gains),
                # The first of equals, as `ranked` has it.
                best=max((c for c in mine if c.train is not None), key=merit, default=None),
                thinking_tokens=thought[label],
            )
        )
    return sorted(found, key=lambda item: -item.gain)


def _author(candidate: Candidate) -> str:
    """Return who wrote a program: of a request to agents that is known only from the answer."""
    return str(candidate.data.get("model") or candidate.proposer)


def _parent(candidate: Candidate) -> int | None:
    return next((edge.candidate_id for edge in candidate.parents if edge.role is Role.PARENT), None)
