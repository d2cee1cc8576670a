"""Players against players: trials that hold programs, what fails, beginnings of matches, and prompts."""

from __future__ import annotations

import pytest

from nashforge.evolve.config.run import load_config
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.capabilities import NotOfferedError
from nashforge.evolve.domains.rrps.arena import meet_bot, meet_program, play_confined
from nashforge.evolve.domains.rrps.domain import RRPSDomain
from nashforge.evolve.domains.rrps.opponents import summary_of, told_of
from nashforge.evolve.evaluation.messages import Opponent, Stage, Task, Trial
from nashforge.evolve.proposers.llm.feedback import load_feedback
from nashforge.evolve.proposers.llm.prompting import Prompter
from nashforge.evolve.sandbox import Limits
from nashforge.games.roshambo.bots import BotError
from tests.sandboxes import shared_sandbox

DOMAIN = RRPSDomain()
ALWAYS = """
from nashforge.solvers.rrps.interface import Player


class Always(Player):
    throw = {throw}

    def act(self, own, theirs, t):
        {more}
        return self.throw
"""


def always(throw: int, more: str = "pass") -> str:
    return ALWAYS.format(throw=throw, more=more)


def opponents(**sources: tuple[float, str]) -> tuple[Opponent, ...]:
    return tuple(Opponent(name=name, weight=w, source=source) for name, (w, source) in sources.items())


def against(split: str, throws: int, *others: Opponent) -> Stage:
    return DOMAIN.duels.against(DOMAIN.stage(split, "rrps-small", throws, DOMAIN.fitness), others)


def played(source: str, stage: Stage) -> dict[tuple[str, str], float]:
    DOMAIN.prepare(stage)
    task = Task(token="t", domain="rrps", source=source, stages=(stage,))
    report = DOMAIN.evaluate(task, shared_sandbox(DOMAIN.host_modules))
    assert report.status == "ok", report.reason
    return {(score.game, score.metric): score.value for score in report.stages[0].scores}


@pytest.mark.slow
def test_returns_count_by_weight() -> None:
    stage = against("train", 10, *opponents(rock=(3, always(0)), scissors=(1, always(2))))
    [game] = [trial.label for trial in stage.trials]
    found = played(always(1), stage)  # paper beats rock, and loses to scissors
    assert found[f"{game}: rock", "return"] == 10
    assert found[f"{game}: scissors", "return"] == -10
    assert found[game, "pop_return"] == pytest.approx((3 * 10 - 10) / 4)
    assert found[game, "within_pop_expl"] == 10
    assert found[game, "agg_score"] == pytest.approx(5 - 10)
    assert DOMAIN.facts(stage.trials[0]) == "2 programs, a match of 10 throws with each"


@pytest.mark.slow
def test_an_opponent_sees_the_match_from_its_side_and_relabelling_is_the_players_alone() -> None:
    # It throws rock as long as it sees itself throw rock and the other paper, else it gives up.
    check = "assert own.tolist() == [0] * t and theirs.tolist() == [1] * t"
    sandbox = shared_sandbox(DOMAIN.host_modules)
    for shift, own in ((0, 1), (1, 2)):
        meet = meet_program(always(0, check))
        found = play_confined(sandbox, always(own), meet, 12, 5, Limits(), shift).match
        assert found.own.tolist() == [1] * 12
        assert found.theirs.tolist() == [0] * 12
        assert found.expected == 12


@pytest.mark.slow
@pytest.mark.parametrize("source", [always(0, "assert t < 3"), "no python"])
def test_who_fails_throws_at_random_and_loses_no_more_than_that(source: str) -> None:
    sandbox = shared_sandbox(DOMAIN.host_modules)
    one, again = (
        play_confined(sandbox, always(1), meet_program(source), 300, 7, Limits()).match for _ in range(2)
    )
    assert one.theirs.tolist() == again.theirs.tolist()
    assert all(count > 60 for count in (sum(one.theirs[3:] == throw) for throw in range(3)))


@pytest.mark.slow
@pytest.mark.parametrize("bot", ["greenberg", "iocainebot", "halbot"])
def test_bots_play_the_beginning_of_a_match_as_that_of_a_whole_one(bot: str) -> None:
    """Greenberg's memory is laid out for 1,000 throws: told of fewer it crashed."""
    sandbox = shared_sandbox(DOMAIN.host_modules)
    short, longer = (
        play_confined(sandbox, DOMAIN.source("markov"), meet_bot(bot), throws, 3, Limits()).match
        for throws in (40, 120)
    )
    assert short.theirs.tolist() == longer.theirs[:40].tolist()


def test_another_mixture_is_another_stage() -> None:
    rock, paper = (Opponent(name="one", source=always(k)) for k in range(2))
    digests = {
        against("train", 10, *those).digest
        for those in ((rock,), (paper,), (rock.model_copy(update={"weight": 2.0}),))
    }
    assert len(digests) == 3
    bots = DOMAIN.stage("train", "rrps-small", 10, DOMAIN.fitness)
    assert "opponents" not in bots.trials[0].model_dump()
    assert Trial.model_validate_json(against("train", 10, rock).trials[0].model_dump_json()).opponents == (
        rock,
    )


def test_validation_is_relabelled_and_tests_stay_those_of_bots() -> None:
    config = load_config({"domain": "rrps", "train": "rrps-small", "against": ["markov:2", "powder"]})
    assert [(each.name, each.weight) for each in config.evaluation.against] == [("markov", 2), ("powder", 1)]
    stages = config.stages(DOMAIN)
    assert stages["validation"].trials[0].disguise is not None
    assert len(stages["train"].trials[0].opponents) == 2
    assert not any(trial.opponents for trial in stages["test"].trials)
    shorter = config.changed(short_horizons=(50,)).stages(DOMAIN)["train"]
    assert [(len(trial.opponents), trial.iterations) for trial in shorter.trials] == [(2, 50), (2, 1000)]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"domain": "rrps", "against": ["markov:x"]}, "opponent 'markov:x' has the weight 'x'"),
        ({"domain": "rrps", "against": ["markov:-1"]}, "a number of at least 0"),
        ({"domain": "rrps", "against": [":2"]}, "write NAME, or NAME:WEIGHT"),
    ],
)
def test_what_is_no_opponent_is_told(options: dict, why: str) -> None:
    # pydantic's messages are told in lower case
    with pytest.raises(ConfigError, match=f"(?i){why}"):
        load_config(options)


def test_opponents_where_there_can_be_none(tmp_path) -> None:
    with pytest.raises(NotOfferedError, match="programs of the domain 'cfr' do not play each other"):
        load_config({"domain": "cfr", "against": ["dcfr"]}).stages(domain("cfr"))
    with pytest.raises(BotError, match="weights of all opponents are 0"):
        load_config({"domain": "rrps", "against": ["markov:0"]}).stages(DOMAIN)
    with pytest.raises(BotError, match="is played against programs; give --against"):
        DOMAIN.prepare(DOMAIN.games_stage(["rrps(bots=programs)"], 10, DOMAIN.fitness))
    file = tmp_path / "run.toml"
    file.write_text('domain = "rrps"\nagainst = ["./mine.py:2"]\n')
    with pytest.raises(ConfigError, match=r"program in the file ./mine.py, .* give --against ./mine.py:2"):
        load_config({}, file)


def test_prompts_show_the_mixture() -> None:
    heavy, light = DOMAIN.source("second_guess"), DOMAIN.source("frequency")
    stage = against("train", 1000, *opponents(light=(1, light), heavy=(3, heavy), gone=(0, always(0))))
    told = Prompter(DOMAIN, stage, load_feedback("sparse"), None).system
    assert "`heavy`, 75.0 % of the mixture: Second guess: a Markov predictor" in told
    assert told.index(heavy.strip().splitlines()[-1]) < told.index("`light`, 25.0 % of the mixture")
    assert light.strip() in told
    assert "gone" not in told
    assert "The bots of training" not in told
    usual = DOMAIN.stage("train", "rrps-small", 1000, DOMAIN.fitness)
    assert "The programs to be answered" not in Prompter(DOMAIN, usual, load_feedback("sparse"), None).system


def test_code_is_shown_as_far_as_there_is_room() -> None:
    first, second = always(0), always(1)
    told = told_of(opponents(b=(1, second), a=(2, first)), room=len(first))
    assert [(each.name, each.code) for each in told] == [("a", first), ("b", "")]
    assert [each.share for each in told] == pytest.approx([2 / 3, 1 / 3])
    assert summary_of(DOMAIN.source("rotation")).startswith("Rotation: rock, paper, scissors in turn")
    assert summary_of(always(0)) == "a player without any predictor"
    assert summary_of("class A:\n    def act(self):\n        return self.them.markov(1)") == (
        "a player that uses markov"
    )
    assert summary_of("def (") == "a program that cannot be read"


def test_single_matches_are_told_apart() -> None:
    duels = DOMAIN.duels
    stage = duels.stage((), 3, 20)
    assert (stage.split, len({trial.label for trial in stage.trials})) == ("test", 3)
    programs = duels.stage(opponents(one=(0, always(0)), two=(1, always(1))), 2, 20)
    assert [len(trial.opponents) for trial in programs.trials] == [2, 2]
    assert len(duels.outsiders["held-out bots"]) == 10
    assert set(duels.outsiders["held-out bots"]) < set(duels.outsiders["all bots"])
