"""Best, failures, history, lineage: compared with the same question asked in plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import false

from nashforge.archive import Edge, NotFound, Parent, Role, Status
from nashforge.archive.records import Candidate, Run
from nashforge.archive.store import Archive
from nashforge.archive.stores import lineage

from .conftest import Maker


def family(archive: Archive, run: Run, make: Maker, size: int, seed: int) -> list[Candidate]:
    """Store candidates with random parents, roles, programs (some shared) and outcomes."""
    rng = np.random.default_rng(seed)
    roles = list(Role)
    made: list[Candidate] = []
    for _ in range(size):
        count = int(rng.integers(0, 4)) if made else 0
        parents = [
            Parent(made[int(rng.integers(len(made)))].id, roles[int(rng.integers(3))]) for _ in range(count)
        ]
        fitness = None if rng.random() < 0.2 else round(float(rng.normal()), 1)
        number = int(rng.integers(0, size))
        made.append(make.finished(run, number, fitness, parents=parents))
    return made


@pytest.mark.parametrize("seed", [0, 1])
def test_best_is_sorted_and_names_each_program_once(
    archive: Archive, run: Run, make: Maker, seed: int
) -> None:
    other = archive.create_run("cfr", {})
    made = family(archive, run, make, 40, seed) + family(archive, other, make, 20, seed + 10)
    elsewhere = archive.create_run("psro", {})
    make.finished(elsewhere, 0, 99.0)
    for chosen in (run, None):
        pool = [
            c
            for c in made
            if c.train is not None and chosen in (None, run) and (chosen is None or c.run_id == run.id)
        ]
        pool.sort(key=lambda c: (-(c.train or 0.0), c.id))
        expected: dict[str | None, int] = {}
        for candidate in pool:
            expected.setdefault(candidate.program, candidate.id)
        for limit in (1, 5, 1000):
            found = archive.best(chosen, limit=limit, domain="cfr")
            assert [c.id for c in found] == list(expected.values())[:limit]
    assert archive.best(limit=1)[0].run_id == elsewhere.id
    assert archive.best(run, split="test") == []
    with pytest.raises(ValueError, match="train, validation, test"):
        archive.best(run, split="holdout")


def test_best_looks_past_many_copies_of_one_program(archive: Archive, run: Run, make: Maker) -> None:
    for _ in range(30):
        make.finished(run, 0, 2.0)
    second = make.finished(run, 1, 1.0)
    assert [c.id for c in archive.best(run, limit=2)][1] == second.id


def test_a_worse_than_zero_fitness_still_beats_a_crash(archive: Archive, run: Run, make: Maker) -> None:
    make.finished(run, 0, None)
    bad = make.finished(run, 1, -5.0)
    assert archive.best(run) == [bad]


def test_failures_are_the_newest_first(archive: Archive, run: Run, make: Maker) -> None:
    make.finished(run, 0, 0.5)
    failed = [make.finished(run, number, None) for number in (1, 2, 3)]
    make.candidate(run, 4)
    make.finished(archive.create_run("psro", {}), 1, None)
    assert archive.failures(run, limit=2) == failed[:0:-1]
    assert archive.failures(run) == failed[::-1]
    assert len(archive.failures()) == 4
    assert archive.failures(domain="cfr") == failed[::-1]
    assert all(c.status is Status.CRASHED and c.reason for c in failed)


def test_history_keeps_the_best_so_far(archive: Archive, run: Run, make: Maker) -> None:
    for number, fitness in enumerate([0.2, None, 0.1, 0.4, -1.0]):
        make.finished(run, number, fitness)
    points = archive.history(run)
    assert [(p.index, p.fitness, p.best) for p in points] == [
        (0, 0.2, 0.2),
        (2, 0.1, 0.2),
        (3, 0.4, 0.4),
        (4, -1.0, 0.4),
    ]
    assert archive.history(run, split="validation") == []


@pytest.mark.parametrize("roles", [None, (Role.PARENT,), (Role.PARENT, Role.CROSSOVER)])
def test_lineage_is_the_transitive_closure(
    archive: Archive, run: Run, make: Maker, roles: tuple[Role, ...] | None
) -> None:
    made = family(archive, run, make, 40, 3)
    links = [
        Edge(child.id, parent, role)
        for child in made
        for parent, role in child.parents
        if roles is None or role in roles
    ]
    for root in (made[0], made[7], made[39]):
        for upward in (True, False):
            reached, grown = {root.id}, True
            while grown:
                more = {
                    edge.parent if upward else edge.child
                    for edge in links
                    if (edge.child if upward else edge.parent) in reached
                }
                grown = not more <= reached
                reached |= more
            found = (archive.lineage if upward else archive.descendants)(root, roles=roles)
            assert found.root == root
            assert list(found.candidates) == sorted(reached)
            told = found.candidates[root.id]
            assert told == tuple(getattr(root, name) for name in told._fields)
            assert list(found.edges) == [e for e in links if e.child in reached and e.parent in reached]
            assert found.parents(root.id) + found.children(root.id) == tuple(
                e for e in found.edges if e.child == root.id
            ) + tuple(e for e in found.edges if e.parent == root.id)


def test_many_paths_and_a_long_chain_are_no_burden(archive: Archive, run: Run, make: Maker) -> None:
    """Each candidate has the two before it as parents: Fibonacci-many paths, 200 candidates."""
    ids: list[int] = []
    with archive.transaction():
        for number in range(200):
            ids.append(make.candidate(run, number, parents=[Parent(i) for i in ids[-2:]]).id)
    found = archive.lineage(ids[-1])
    assert list(found.candidates) == ids
    assert len(found.edges) == 2 * 200 - 3
    assert list(archive.descendants(ids[0]).candidates) == ids


def test_lineage_of_a_program_crosses_runs(archive: Archive, run: Run, make: Maker) -> None:
    first = make.finished(run, 1, 0.5)
    second_run = archive.create_run("cfr", {})
    again = make.finished(second_run, 1, 0.6, parents=[Parent(first.id)])
    child = make.finished(second_run, 2, 0.7, parents=[Parent(again.id)])
    program = make.program(1)
    assert archive.lineage(program).root == first
    assert archive.lineage(program.nickname, run=second_run).root == again
    assert list(archive.lineage(make.program(2).hash).candidates) == [first.id, again.id, child.id]
    assert archive.candidates_with(program) == [first, again]
    with pytest.raises(NotFound, match="has no lineage"):
        archive.lineage(make.program(77))


def test_ancestors_that_were_deleted_end_the_way(
    archive: Archive, run: Run, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when another process deletes a run between two of the queries."""
    other = archive.create_run("cfr", {})
    parent = make.finished(other, 1, 0.5)
    child = make.finished(run, 2, 0.7, parents=[Parent(parent.id, Role.PARENT)])
    monkeypatch.setattr(lineage, "_RUN_OF", lineage._RUN_OF.where(false()))
    found = archive.lineage(child)
    assert list(found.candidates) == [child.id]
