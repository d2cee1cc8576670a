"""Lines of descent, and families of which only a part is wanted."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.archive import Parent, Role
from nashforge.archive.records import Candidate, Run
from nashforge.archive.store import Archive

from .conftest import Maker


def family(archive: Archive, run: Run, make: Maker, size: int) -> list[Candidate]:
    """Store candidates of which each has up to three earlier ones as parents, of any role."""
    rng = np.random.default_rng(5)
    made: list[Candidate] = []
    with archive.database.transaction():
        for number in range(size):
            picks = rng.choice(number, min(number, 3), replace=False) if number else []
            parents = [Parent(made[int(pick)].id, list(Role)[int(rng.integers(3))]) for pick in picks]
            made.append(make.candidate(run, number, parents=parents))
    return made


def first_parents(made: list[Candidate]) -> dict[int, int | None]:
    """Return what each candidate was made from in the first place."""
    return {
        child.id: next((p.candidate_id for p in child.parents if p.role is not Role.INSPIRATION), None)
        for child in made
    }


def test_lines_hold_the_first_parents_on_the_way_and_nothing_else(
    archive: Archive, run: Run, make: Maker
) -> None:
    made = family(archive, run, make, 60)
    expected = first_parents(made)
    for starts in ([made[-1].id], [made[-1].id, made[30].id, made[0].id]):
        way: dict[int, int | None] = {}
        waiting: list[int | None] = list(starts)
        while waiting:
            step = waiting.pop()
            if step is not None and step not in way:
                way[step] = expected[step]
                waiting.append(expected[step])
        assert archive.lineage.lines(starts) == way
    assert archive.lineage.lines([]) == {}
    assert archive.lineage.lines([10**6]) == {}


def test_a_line_crosses_runs_and_ends_in_a_circle(archive: Archive, run: Run, make: Maker) -> None:
    """Files that contradict each other can bring a circle through two runs."""
    first = make.candidate(run, 0)
    other = make.candidate(archive.runs.create("cfr", {}), 1, parents=[Parent(first.id)])
    assert archive.lineage.lines([other.id]) == {other.id: first.id, first.id: None}
    with archive.database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO parents (candidate_id, position, parent_id, role) "
            f"VALUES ({first.id}, 0, {other.id}, 'parent')"
        )
    assert archive.lineage.lines([other.id]) == {other.id: first.id, first.id: other.id}


@pytest.mark.parametrize("roles", [None, (Role.PARENT, Role.CROSSOVER)])
@pytest.mark.parametrize("upward", [True, False])
def test_a_limited_family_holds_the_nearest_generations(
    archive: Archive, run: Run, make: Maker, upward: bool, roles: tuple[Role, ...] | None
) -> None:
    made = family(archive, run, make, 60)
    of = archive.lineage.ancestors if upward else archive.lineage.descendants
    root = made[-1] if upward else made[0]
    whole = of(root, roles=roles)
    assert whole.complete
    distance = {root.id: 0}
    for _ in made:
        for edge in whole.edges:
            near, far = (edge.child, edge.parent) if upward else (edge.parent, edge.child)
            if near in distance:
                distance[far] = min(distance.get(far, 10**6), distance[near] + 1)
    for limit in (1, 5, 12, len(whole.candidates)):
        found = of(root, roles=roles, limit=limit)
        assert len(found.candidates) == min(limit, len(whole.candidates))
        assert found.complete == (limit >= len(whole.candidates))
        farthest = max(distance[key] for key in found.candidates)
        assert all(distance[key] >= farthest for key in whole.candidates.keys() - found.candidates.keys())
        assert list(found.edges) == [
            e for e in whole.edges if e.child in found.candidates and e.parent in found.candidates
        ]
        assert found.candidates == {key: whole.candidates[key] for key in found.candidates}


def test_a_limit_beyond_what_is_asked_one_by_one_cuts_the_same_way(
    archive: Archive, run: Run, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nashforge.archive.stores import lineage

    made = family(archive, run, make, 60)
    near = archive.lineage.ancestors(made[-1], limit=20)
    monkeypatch.setattr(lineage, "_MANY", 10)
    found = archive.lineage.ancestors(made[-1], limit=20)
    assert (len(found.candidates), found.complete) == (20, False) == (len(near.candidates), near.complete)
    assert archive.lineage.ancestors(made[-1], limit=1000).complete
