"""The programs of a run: which are the same, and which came first."""

from __future__ import annotations

import pytest

from nashforge.evolve.domains import domain
from nashforge.evolve.search.program_store import ProgramStore


@pytest.fixture
def store(archive):
    return ProgramStore(archive, domain("cfr"))


@pytest.fixture
def source():
    return domain("cfr").source("cfr_plus")


def test_a_program_is_a_duplicate_of_those_before_it_alone(store, source):
    program = store.add(source, 3)
    mark = store.fingerprint(source)
    assert store.duplicate_of(mark, 4) == program.nickname
    # The candidate at its own position is no duplicate of itself, when a resumed run comes to it again.
    assert store.duplicate_of(mark, 3) is None
    assert store.duplicate_of(mark, 2) is None


def test_the_earliest_of_equal_programs_is_the_one_that_counts(store, source):
    renamed = source.replace("self.regret", "self.gathered")
    assert renamed != source
    late, early = store.add(source, 7), store.add(renamed, 2)
    assert late.hash != early.hash
    store.remember(late, 9)
    assert store.duplicate_of(store.fingerprint(source), 8) == early.nickname
    assert store.duplicate_of(store.fingerprint(source), 3) == early.nickname


def test_other_programs_are_no_duplicates(store, source):
    store.add(source, 0)
    assert store.duplicate_of(store.fingerprint(domain("cfr").source("dcfr")), 5) is None


def test_a_resumed_run_knows_its_programs_again(archive, store, source):
    run = archive.runs.create("cfr", {}, seed=0)
    program = store.add(source, 1)
    archive.candidates.add(run, program=program, operator="mutate", proposer="offline", index=1)
    resumed = ProgramStore(archive, domain("cfr"))
    resumed.load(run)
    assert resumed[program.hash] == program
    resumed.remember(program, 1)
    assert resumed.duplicate_of(store.fingerprint(source), 2) == program.nickname


def test_programs_of_an_earlier_version_are_known_whatever_fingerprint_it_stored(archive, store, source):
    archive.programs.add(source, "cfr", ast_hash="of another writing")
    program = store.add(source, 1)
    assert store.duplicate_of(store.fingerprint(source), 2) == program.nickname
    resumed = ProgramStore(archive, domain("cfr"))
    resumed.remember(program, 1)
    assert resumed.duplicate_of(store.fingerprint(source), 2) == program.nickname
