"""Challenges within a run: reproducible, resumable at any moment, and like compared with like."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nashforge.archive import RunState
from nashforge.evolve.challenge import space as spaces
from nashforge.evolve.challenge.families import FAMILIES
from nashforge.evolve.challenge.records import ChallengeRecord, challenge_record, challenge_records
from nashforge.evolve.runs.run import resume_run, start_run
from nashforge.evolve.search.challenges import Challenges
from nashforge.evolve.search.events import Silent

HISTORY = ("index", "program", "operator", "status", "train", "validation")
TIMES = {"made", "seconds"}

pytestmark = pytest.mark.slow


@pytest.fixture
def challenged(tiny, monkeypatch):
    """Return the configuration of a run with challenges of small games that few rules solve."""
    [dice] = (family for family in FAMILIES if family.name == "liars_dice")
    small = (replace(dice, parameters={**dice.parameters, "dice_sides": (2, 3), "numdice": (1,)}),)
    monkeypatch.setattr("nashforge.evolve.search.challenges.space", lambda: small)

    def configure(**options):
        given = {
            "challenger": True,
            "challenger_every": 4,
            "challenger_games": 2,
            "max_evaluations": 10,
            "copies": 2,
            "final_test": False,
            "lookahead": 2,
            "seed": 0,
        }
        return tiny(**(given | options))

    return configure


def history(archive, name):
    rows = [
        [getattr(one, field) for field in HISTORY] for one in archive.candidates.of(archive.runs.get(name))
    ]
    records = challenge_records(archive, archive.runs.get(name))
    return rows, [record.model_dump(exclude=TIMES) for record in records]


class Interrupt(Silent):
    """Presses Ctrl-C after some outcomes and notes."""

    def __init__(self, after):
        self.left = after

    def outcome(self, candidate, best):
        self._count()

    def note(self, text):
        self._count()

    def _count(self):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_a_run_with_challenges_is_reproduced_resumed_and_compared_on_the_same_games(
    archive, challenged, monkeypatch
):
    result = start_run(archive, challenged(), name="whole")
    rows, records = history(archive, "whole")
    assert [record["index"] for record in records] == [4, 8]
    joined = [game for record in records for game in record["joined"]]
    assert joined, "the test needs a game that joins"
    run = archive.runs.get("whole")
    newest = archive.evaluations.find(candidate=result.best, split="train")[-1]
    assert newest.fitness == result.best.train
    assert {game["game"] for game in records[-1]["joined"]} <= set(newest.settings["games"])
    seed = archive.candidates.of(run)[0]
    first, *_, last = archive.evaluations.find(candidate=seed, split="train")
    assert last.suite_digest == newest.suite_digest != first.suite_digest
    assert seed.train == last.fitness != first.fitness

    # Interrupted again and again, at outcomes and at notes of challenges.
    start_run(archive, challenged(), name="cut", listener=Interrupt(3))
    for after in (5, 6, 8):
        resume_run(archive, archive.runs.get("cut"), listener=Interrupt(after))
    resume_run(archive, archive.runs.get("cut"))
    assert archive.runs.get("cut").state is RunState.FINISHED
    assert history(archive, "cut") == (rows, records)

    # And where it is killed while programs are measured again.
    taken, calls = Challenges._rows, []

    def killed(self, programs, stages):
        if len(programs) > 1 and not calls:
            calls.append(len(programs))
            taken(self, programs[:1], stages)
            raise KeyboardInterrupt
        return taken(self, programs, stages)

    monkeypatch.setattr(Challenges, "_rows", killed)
    start_run(archive, challenged(), name="killed")
    assert calls
    resume_run(archive, archive.runs.get("killed"))
    assert history(archive, "killed") == (rows, records)


def test_a_held_challenge_is_read_and_not_held_again(archive, challenged, monkeypatch):
    start_run(archive, challenged(max_evaluations=6), name="small")
    first = challenge_records(archive, archive.runs.get("small"))
    monkeypatch.setattr(Challenges, "_made", None)
    resume_run(archive, archive.runs.get("small"), changes={"max_evaluations": 7})
    assert challenge_records(archive, archive.runs.get("small")) == first


def test_without_a_challenger_there_is_no_challenge(archive, tiny):
    start_run(archive, tiny(max_evaluations=6, final_test=False), name="plain")
    assert challenge_records(archive, archive.runs.get("plain")) == []


def record(**changes):
    values = {
        "number": 1,
        "index": 4,
        "program": "p",
        "nickname": "calm-otter",
        "seed": (0, 1),
        "made": "2026-01-01T00:00:00+00:00",
        "tried": 3,
        "seconds": 1.0,
        "joined": [
            {"game": "kuhn_poker", "family": "poker", "score": 1.25, "rival": "dcfr", "identity": "x"}
        ],
        "left": ["leduc_poker"],
    }
    return ChallengeRecord.model_validate(values | changes)


def test_a_record_says_what_happened():
    assert record().words() == (
        "challenge 1 of calm-otter after 4 candidates, 3 games: kuhn_poker (1.2 orders behind dcfr) joined; "
        "solved and replaced: leduc_poker"
    )
    assert record(joined=[]).words().endswith("none breaks it")


@pytest.mark.parametrize("game", ["/etc/game.efg", "games/mine.nfg", "mine.efg"])
def test_a_record_of_somebody_else_names_no_file(archive, game):
    run = archive.runs.create("cfr", {})
    joined = {"game": game, "family": "x", "score": 1.0, "rival": "dcfr", "identity": "y"}
    stored = record().model_dump(mode="json") | {"joined": [joined]}
    archive.runs.set_value(run, "challenge-1", stored)
    assert challenge_record(archive, run, 1) is None


def test_the_space_of_runs_is_that_without_held_out_families():
    assert Challenges.__module__ == "nashforge.evolve.search.challenges"
    from nashforge.evolve.search import challenges

    assert challenges.space is spaces.space
