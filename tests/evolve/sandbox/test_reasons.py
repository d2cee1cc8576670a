"""What programs write into reasons is bounded where it is made, and again on the trusted side."""

from __future__ import annotations

from itertools import pairwise

import pytest

from nashforge.evolve.sandbox.errors import FAILURES, MAX_REASON
from nashforge.evolve.sandbox.program import FILENAME, explain
from nashforge.evolve.sandbox.uids import UidLease

LONG = "z" * 3_000_000
SOURCES = {
    "message": f"raise ValueError('z' * {len(LONG)})",
    "type": f"raise type('z' * {len(LONG)}, (Exception,), {{}})",
    "line": f"x = '{LONG}'; raise ValueError",
    "syntax": f"raise SyntaxError('z' * 10**6, ({FILENAME!r}, 1, 1, 'z' * 10**6))",
    "import": f"raise ImportError('z' * {len(LONG)})",
}


@pytest.mark.parametrize("loading", [True, False])
@pytest.mark.parametrize("name", SOURCES)
def test_a_reason_is_bounded(name: str, loading: bool) -> None:
    try:
        exec(compile(SOURCES[name], FILENAME, "exec"), {})
    except Exception as error:  # noqa: BLE001 - as the sandbox does
        _, reason = explain(error, SOURCES[name], loading)
    assert len(reason) <= MAX_REASON
    if name in ("message", "import"):
        assert "In the program (most recent call last):" in reason
        assert "left out" in reason


@pytest.mark.parametrize("kind", FAILURES.values())
def test_a_failure_holds_no_more(kind: type) -> None:
    assert len(kind(LONG).reason) <= MAX_REASON
    assert len(str(kind(LONG))) <= MAX_REASON
    assert kind("short").reason == "short"


def test_users_of_programs_come_in_no_order() -> None:
    uids = []
    for _ in range(12):
        lease = UidLease()
        uids.append(lease.uid)
        lease.release()
    steps = {b - a for a, b in pairwise(uids)}
    assert len(steps) > 3, "one after the other, they would count the programs"
