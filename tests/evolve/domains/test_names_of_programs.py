"""Names of library programs: no two domains have one in common, so that a name alone says what is meant."""

from __future__ import annotations

from collections import Counter

from nashforge.evolve.domains import domain, domain_names


def test_no_two_libraries_share_a_name() -> None:
    counts = Counter(name for work in map(domain, domain_names()) for name in set(work.baselines()))
    shared = {name for name, count in counts.items() if count > 1}
    # Of the two dilemmas, which share policies.
    shared -= set(domain("cleanup").baselines()) & set(domain("gathering").baselines())
    assert shared == set()
