"""Best, failures, history, lineage: compared with the same question asked in plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import false, update

from nashforge.archive import Edge, NotFound, Parent, Role, Status
from nashforge.archive.records import Candidate, NewEvaluation, Run, Score
from nashforge.archive.storage.models import EvaluationRow
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


def test_means_are_over_the_values_at_the_last_iterations(archive: Archive, run: Run, make: Maker) -> None:
    first, second = make.candidate(run, 1), make.candidate(run, 2)
    curves = [
        (first, [("a", 10, 1.0), ("a", 30, 0.25), ("a", 20, 0.5), ("b", 10, 3.0)]),
        (second, [("a", None, 8.0), ("a", 5, -2.0)]),
    ]
    for candidate, curve in curves:
        scores = [Score(game, "exploitability", value, iteration=step) for game, step, value in curve]
        scores += [Score("a", "seconds", 9.0), Score("c", "seconds", 9.0)]
        measured = [
            NewEvaluation(
                program=candidate.program or "", suite="s", split=split, status=Status.OK, scores=some
            )
            for split, some in (
                ("train", tuple(scores)),
                ("validation", (Score("z", "exploitability", 7.0),)),
            )
        ]
        archive.candidates.finish(candidate, Status.OK, evaluations=measured, train=1.0)
    means = archive.evaluations.means
    assert means(run, "exploitability", split="train") == {first.id: 1.625, second.id: -2.0}
    assert means(run, "exploitability", split="validation") == {first.id: 7.0, second.id: 7.0}
    assert means(run, "seconds", split="train") == {first.id: 9.0, second.id: 9.0}
    geometric = means(run, "exploitability", split="train", floor=0.5)
    assert geometric == pytest.approx({first.id: 1.5**0.5, second.id: 0.5})
    again = NewEvaluation(
        program=first.program or "",
        suite="s",
        split="train",
        status=Status.OK,
        scores=(Score("a", "exploitability", 5.0, iteration=7),),
    )
    archive.evaluations.add(again, run=run, candidate=first)
    assert means(run, "exploitability", split="train")[first.id] == 5.0, "the newest measurement counts"


def test_means_are_those_measured_here_and_imported_ones_where_there_are_none(
    archive: Archive, run: Run, make: Maker
) -> None:
    both, foreign = make.finished(run, 1, 1.0), make.finished(run, 2, 3.0)
    for candidate, value in ((both, 2.0), (foreign, 4.0)):
        later = make.measured(candidate.program, value)
        archive.evaluations.add(later, run=run, candidate=candidate)
        with archive.database.transaction() as connection:
            of_it = EvaluationRow.candidate_id == candidate.id
            elsewhere = of_it if candidate is foreign else EvaluationRow.token == later.token
            connection.execute(update(EvaluationRow).where(elsewhere).values(imported=archive.database.now()))
    means = archive.evaluations.means(run, "exploitability", split="train")
    assert means == pytest.approx({both.id: 0.01, foreign.id: 0.04})


def test_the_best_and_those_that_were_better_than_all_before_them(
    archive: Archive, run: Run, make: Maker
) -> None:
    rng = np.random.default_rng(5)
    with archive.database.transaction():
        for candidate in family(archive, run, make, 40, 5):
            if candidate.train is not None and candidate.index > 12 and rng.random() < 0.3:
                archive.candidates.set_fitness(candidate, validation=round(float(rng.normal()), 1))

    def worth(item: Candidate) -> tuple[bool, float]:
        assert item.train is not None
        verified = item.validation is not None
        return verified, (item.train + item.validation) / 2 if item.validation is not None else item.train

    measured = [item for item in archive.candidates.of(run) if item.train is not None]
    assert 4 < sum(item.validation is not None for item in measured) < len(measured)
    best = sorted(measured, key=worth, reverse=True)
    first = {item.program: item.id for item in reversed(best)}
    expected = [item.id for item in best if first[item.program] == item.id]
    assert len(expected) < len(measured), "some programs came twice"
    assert archive.overview.leading(run) == expected
    for limit in (1, 3, len(expected), 100):
        assert archive.overview.leading(run, limit) == expected[:limit]
    better = {
        item.id
        for place, item in enumerate(measured)
        if all(worth(item) > worth(old) for old in measured[:place] if worth(old)[0] == worth(item)[0])
    }
    records = [item for item in measured if item.id in better]
    assert archive.overview.records(run) == [(item.id, item.train, item.validation) for item in records]


def test_candidates_that_ended_without_a_program_are_counted(archive: Archive, run: Run, make: Maker) -> None:
    make.finished(run, 0, 0.5)
    empty = {"program": None, "operator": "mutate", "proposer": "p", "reason": "no answer"}
    for status in (Status.REJECTED, Status.CANCELLED, Status.CRASHED):
        archive.candidates.add(run, status=status, **empty)  # type: ignore[arg-type]
    make.candidate(run, 3, status=Status.REJECTED, reason="a program that is refused")
    assert archive.overview.fruitless(run) == 2


def test_failures_are_the_newest_first(archive: Archive, run: Run, make: Maker) -> None:
    make.finished(run, 0, 0.5)
    failed = [make.finished(run, number, None) for number in (1, 2, 3)]
    make.candidate(run, 4)
    make.finished(archive.runs.create("psro", {}), 1, None)
    assert archive.candidates.failures(run, limit=2) == failed[:0:-1]
    assert archive.candidates.failures(run) == failed[::-1]
    assert all(c.status is Status.CRASHED and c.reason for c in failed)


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
            found = (archive.lineage.ancestors if upward else archive.lineage.descendants)(root, roles=roles)
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
    with archive.database.transaction():
        for number in range(200):
            ids.append(make.candidate(run, number, parents=[Parent(i) for i in ids[-2:]]).id)
    found = archive.lineage.ancestors(ids[-1])
    assert list(found.candidates) == ids
    assert len(found.edges) == 2 * 200 - 3
    assert list(archive.lineage.descendants(ids[0]).candidates) == ids


def test_lineage_of_a_program_crosses_runs(archive: Archive, run: Run, make: Maker) -> None:
    first = make.finished(run, 1, 0.5)
    second_run = archive.runs.create("cfr", {})
    again = make.finished(second_run, 1, 0.6, parents=[Parent(first.id)])
    child = make.finished(second_run, 2, 0.7, parents=[Parent(again.id)])
    program = make.program(1)
    assert archive.lineage.ancestors(program).root == first
    assert archive.lineage.ancestors(program.nickname, run=second_run).root == again
    assert list(archive.lineage.ancestors(make.program(2).hash).candidates) == [first.id, again.id, child.id]
    assert archive.candidates.of_program(program) == [first, again]
    with pytest.raises(NotFound, match="has no lineage"):
        archive.lineage.ancestors(make.program(77))


def test_ancestors_that_were_deleted_end_the_way(
    archive: Archive, run: Run, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when another process deletes a run between two of the queries."""
    other = archive.runs.create("cfr", {})
    parent = make.finished(other, 1, 0.5)
    child = make.finished(run, 2, 0.7, parents=[Parent(parent.id, Role.PARENT)])
    monkeypatch.setattr(lineage, "_RUN_OF", lineage._RUN_OF.where(false()))
    found = archive.lineage.ancestors(child)
    assert list(found.candidates) == [child.id]


@pytest.mark.parametrize(("searched", "found"), [("clip", 1), ("CLIP", 1), ("Änderung", 1), ("50%", 0)])
def test_programs_are_found_by_their_notes(archive: Archive, run: Run, searched: str, found: int) -> None:
    candidate = archive.candidates.add(run, operator="mutate", proposer="offline")
    program = archive.programs.add("x = 1\n", "cfr")
    archive.candidates.set_program(candidate, program, note="Änderung: clip 500")
    assert archive.overview.programs(run, text=searched)[1] == found
