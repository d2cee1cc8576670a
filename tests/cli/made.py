"""A run as its texts are told of it: candidates, states and results, made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from nashforge.archive import Candidate, Status
from nashforge.evolve.search.events import Result, Snapshot

NOTE = "predict that the last regrets come again, [weight] growing to 1.5; weigh policies by t ** 2.5"


def candidate(index: int, train: float, **changes: Any) -> Candidate:
    made = Candidate(
        id=index + 1, run_id=1, run="calm-harbour", index=index, status=Status.OK, program="ab" * 32,
        nickname="graceful-hummingbird", operator="mutate", proposer="offline", island=0, reason=None,
        note=NOTE, data={}, created=datetime.now(UTC), finished=datetime.now(UTC), train=train,
        validation=train - 0.1, test=None,
    )  # fmt: skip
    return replace(made, **changes)


def snapshot(**changes: Any) -> Snapshot:
    made = Snapshot(
        run="calm-harbour", phase="searching", evaluations=43, limit=100, best=candidate(42, 1.234),
        seed_train=-0.845, outcomes={"ok": 30, "crashed": 3, "invalid_output": 1, "duplicate": 9},
        seconds=83.0, running=2,
    )  # fmt: skip
    return replace(made, **changes)


def ended(best: Candidate, seed: Candidate, **changes: Any) -> Result:
    made = Result("calm-harbour", best, seed, evaluations=2, failures={}, stop_reason="stopped", seconds=2.0)
    return replace(made, **changes)
