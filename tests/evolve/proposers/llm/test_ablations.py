"""What the parts of a program are worth, in prompts: as far as anybody has measured it, and no further."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nashforge.archive import Archive, NewEvaluation, Status
from nashforge.archive.records import Score
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Stage
from nashforge.evolve.proposers.base import Individual, Request
from nashforge.evolve.proposers.llm.context.ablations import MOST, Ablations
from nashforge.evolve.proposers.llm.feedback import load_feedback
from nashforge.evolve.proposers.llm.prompting import Context, Prompter
from nashforge.evolve.proposers.rewriting.ablation import removals
from nashforge.evolve.proposers.rewriting.normal_form.cleanup import tidy

WORK = domain("cfr")
PROGRAM = WORK.source("cfr_plus")
GRAMMAR = WORK.grammar()


@pytest.fixture(scope="module")
def train() -> Stage:
    fitness = WORK.fitness.model_copy(update={"floor_relative": None, "floor": 1e-9})
    trials = (WORK.trial("kuhn_poker", 40),)
    return Stage(split="train", suite="tiny", trials=trials, fitness=fitness, references={"kuhn_poker": 0.01})


def measured(archive: Archive, train: Stage, source: str, value: float) -> None:
    row = NewEvaluation(
        program=archive.programs.add(source, "cfr").hash,
        suite=train.suite,
        status=Status.OK,
        suite_digest=train.digest,
        evaluator=WORK.evaluator,
        split="train",
        scores=(
            Score("kuhn_poker", WORK.metric, 1.0, "min", 1),
            Score("kuhn_poker", WORK.metric, value, "min", 40),
        ),
    )
    archive.evaluations.add(row)


def test_what_was_measured_without_a_part_tells_what_the_part_is_worth(
    archive: Archive, train: Stage
) -> None:
    assert GRAMMAR is not None
    found = list(removals(tidy(PROGRAM, GRAMMAR), GRAMMAR))
    known = Ablations(archive, WORK, train)
    assert known.of(PROGRAM, 1.0) == (), "nobody has measured anything"
    harmless, dear = found[0], found[-1]
    measured(archive, train, harmless.source, 0.001)
    measured(archive, train, dear.source, 0.1)
    first, second = known.of(PROGRAM, 1.0)
    parent = Individual(0, 0, "calm-otter", "hash", PROGRAM, 1.0, None)
    asked = Request(1, "edit", parent, np.random.default_rng(0))
    shown = Prompter(WORK, train, load_feedback("dense"), context=Context(ablations=known)).prompt(asked).user
    assert f"- {dear.note}: {-first.cost:+.3f}\n- {harmless.note}: " in shown
    assert (first.removed, second.removed) == (dear.note, harmless.note)
    assert first.cost == pytest.approx(1.0 - math.log10(0.01 / 0.1))
    assert second.cost == pytest.approx(0.0, abs=1e-9)


def test_the_dearest_parts_are_told_and_the_cheapest(archive: Archive, train: Stage) -> None:
    assert GRAMMAR is not None
    source = WORK.source("dcfr")
    found = list({one.source: one for one in removals(tidy(source, GRAMMAR), GRAMMAR)}.values())
    assert len(found) > MOST
    for place, removal in enumerate(found):
        measured(archive, train, removal.source, 0.01 * 0.9**place)
    told = Ablations(archive, WORK, train).of(source, 0.0)
    costs = [ablation.cost for ablation in told]
    assert len(told) == MOST
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == pytest.approx(math.log10(0.9) * (len(found) - 1)), "the one worth least"


def test_programs_that_cannot_be_taken_apart_have_no_parts(archive: Archive, train: Stage) -> None:
    assert Ablations(archive, WORK, train).of("class A:\n    pass\n", 0.0) == ()
