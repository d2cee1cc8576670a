"""The programs of a run: which are the same, and which came first."""

from __future__ import annotations

import pytest

from nashforge.evolve.domains import domain
from nashforge.evolve.search.program_store import Library


@pytest.fixture
def library(archive):
    return Library(archive, domain("cfr"))


@pytest.fixture
def source():
    return domain("cfr").source("cfr_plus")


def test_a_program_is_a_twin_of_those_before_it_alone(library, source):
    program = library.add(source, 3)
    mark = library.fingerprint(source)
    assert library.twin(mark, 4) == program.nickname
    # The candidate at its own position is no twin of itself, when a resumed run comes to it again.
    assert library.twin(mark, 3) is None
    assert library.twin(mark, 2) is None


def test_the_earliest_of_equal_programs_is_the_one_that_counts(library, source):
    renamed = source.replace("self.regret", "self.gathered")
    assert renamed != source
    late, early = library.add(source, 7), library.add(renamed, 2)
    assert late.hash != early.hash
    library.remember(late, 9)
    assert library.twin(library.fingerprint(source), 8) == early.nickname
    assert library.twin(library.fingerprint(source), 3) == early.nickname


def test_other_programs_are_no_twins(library, source):
    library.add(source, 0)
    assert library.twin(library.fingerprint(domain("cfr").source("dcfr")), 5) is None


def test_a_resumed_run_knows_its_programs_again(archive, library, source):
    run = archive.runs.create("cfr", {}, seed=0)
    program = library.add(source, 1)
    archive.candidates.add(run, program=program, operator="mutate", proposer="offline", index=1)
    resumed = Library(archive, domain("cfr"))
    resumed.load(run)
    assert resumed[program.hash] == program
    resumed.remember(program, 1)
    assert resumed.twin(library.fingerprint(source), 2) == program.nickname
