"""Sandboxes that tests share: to start one takes longer than most tests have it work.

Every program runs in a process of its own, which ends with its session; so a test cannot tell a sandbox that
was used before from a new one, unless it looks at processes or wants another tier: such tests make their own.
"""

from __future__ import annotations

from collections.abc import Sequence

from nashforge.evolve.sandbox import Sandbox

MOST = 4
"""How many are kept; each holds a process with the hosts of its domain."""

_kept: dict[tuple[str, ...], Sandbox] = {}


def shared_sandbox(hosts: Sequence[str]) -> Sandbox:
    """Return the sandbox for some hosts, which nobody closes; those asked for last are kept."""
    key = tuple(hosts)
    _kept[key] = _kept.pop(key, None) or Sandbox(hosts=key)
    while len(_kept) > MOST:
        _kept.pop(next(iter(_kept))).close()
    return _kept[key]


def close_shared_sandboxes() -> None:
    """Close all of them."""
    while _kept:
        _kept.popitem()[1].close()
