"""The domain of rock, paper, scissors: measured in the sandbox as in-process, by chance that seeds decide."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.evolve.domains.rrps.arena import seed_of
from nashforge.evolve.domains.rrps.domain import RRPSDomain
from nashforge.evolve.domains.rrps.populations import GROUPS, HELD_OUT, Population, parse_population
from nashforge.evolve.domains.rrps.suites import POPULATION_SUITES
from nashforge.evolve.evaluation.messages import Stage, Task
from nashforge.evolve.measurement.suites import all_suite_names, find_suite
from nashforge.evolve.sandbox import Sandbox
from nashforge.games import SuiteError
from nashforge.games.roshambo.arguments import BOT_HOST, bot_arguments
from nashforge.games.roshambo.bots import BOTS, BotError
from nashforge.games.roshambo.host import Host
from nashforge.solvers.programs.session import InlineSession, load_module
from nashforge.solvers.rrps.host import arguments
from nashforge.solvers.rrps.library import LIBRARY
from nashforge.solvers.rrps.match import play_match
from tests.sandboxes import shared_sandbox

DOMAIN = RRPSDomain()
SPY = """
from nashforge.solvers.rrps.interface import Player


class Spy(Player):
    def act(self, own, theirs, t):
        loaded = Player.lead.__globals__["__builtins__"]["__import__"]("sys").modules
        if "pyspiel" in loaded or "nashforge.games.roshambo.host" in loaded:
            raise RuntimeError("the bots are here")
        return 0
"""


FORGER = """
import numpy as np
from nashforge.solvers.rrps.interface import Player


class Forger(Player):
    def act(self, own, theirs, t):
        host = Player.lead.__globals__["__builtins__"]["__import__"]("sys")._getframe(1).f_locals["self"]
        if t == 0:
            self.shared, host._strategy = host._strategy, np.zeros(3)
        self.shared[:] = FORGED
        return 0
"""
"""Writes its answer past the host, which would have refused it."""


def run(source: str, stage: Stage, hosts=DOMAIN.host_modules):
    DOMAIN.prepare(stage)
    task = Task(token="t", domain="rrps", source=source, stages=(stage,))
    return DOMAIN.evaluate(task, shared_sandbox(hosts))


def few(game: str, throws: int = 25) -> Stage:
    return DOMAIN.games_stage([game], throws, DOMAIN.fitness)


def test_populations_are_read_and_written() -> None:
    assert parse_population("rrps") == Population()
    text = "rrps(bots=greenberg+iocainebot,matches=3,seed=7)"
    assert str(parse_population(f" {text} ")) == text
    assert parse_population(text).names == ("greenberg", "iocainebot")
    assert str(parse_population("rrps( bots = rockbot , matches=1)")) == "rrps(bots=rockbot)"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("kuhn_poker", "is no population of bots; write for example"),
        ("rrps(bots=rokbot)", "no bot 'rokbot' of rock, paper, scissors; did you mean rockbot"),
        ("rrps(matches=0)", "matches=0 must be a whole number from 1 to 1,000"),
        (f"rrps(matches={'9' * 5000})", "must be a whole number from 1 to 1,000"),
        ("rrps(seed=-1)", "seed=-1 must be a whole number from 0"),
        ("rrps(bot=all)", "'bot=all' in .* is not understood"),
        ("rrps(matches=1,matches=2)", "each once"),
    ],
)
def test_what_is_no_population_is_told(text: str, why: str) -> None:
    with pytest.raises(BotError, match=why):
        parse_population(text)


def test_no_search_meets_a_bot_that_is_held_out() -> None:
    assert len(HELD_OUT) == 10
    assert set(GROUPS["train"]) | set(HELD_OUT) == set(GROUPS["all"]) == set(BOTS)
    for name in POPULATION_SUITES.names():
        suite = POPULATION_SUITES.load(name)
        for game in (*suite.train, *suite.validation):
            assert not set(parse_population(game).names) & set(HELD_OUT)
        assert set(HELD_OUT) <= {bot for game in suite.test for bot in parse_population(game).names}
    told = DOMAIN.prompt_variables(DOMAIN.stage("train", "rrps", 1000, DOMAIN.fitness))["bots"]
    assert set(told) == set(GROUPS["train"])


def test_suites_of_ones_own(tmp_path) -> None:
    path = tmp_path / "two.toml"
    line = '["rrps(bots=rockbot)", "rrps( bots=rockbot )"]'
    path.write_text(f'name = "two"\npurpose = "Twice."\ntrain = {line}\nvalidation = {line}\ntest = {line}\n')
    with pytest.raises(SuiteError, match="named twice"):
        DOMAIN.games(str(path))
    path.write_text(path.read_text().replace(', "rrps( bots=rockbot )"', ""))
    assert find_suite(str(path)).domain == "rrps"
    with pytest.raises(BotError, match="at most 1,000 throws, as the bots are made for; got 1,001"):
        DOMAIN.stage("train", "rrps", 1001, DOMAIN.fitness)


def test_suites_are_listed_with_those_of_other_domains() -> None:
    assert set(POPULATION_SUITES.names()) <= set(all_suite_names())
    entry = find_suite("rrps")
    assert (entry.domain, entry.kind) == ("rrps", "bots")
    assert entry.games[0] == "train: rrps(bots=train)"


@pytest.mark.slow
def test_the_sandbox_measures_what_this_process_measures() -> None:
    source, bots, throws = LIBRARY.source("second_guess"), ("iocainebot", "switchalot"), 25
    report = run(source, few("rrps(bots=iocainebot+switchalot,matches=2)", throws))
    assert report.status == "ok", report.reason
    expected = {}
    for bot in bots:
        returns = []
        for k in range(2):
            seed = seed_of("program", source, "", bot, k)
            out = {"throw": np.zeros(1)}
            setup = bot_arguments(bot, seed_of(seed, bot) % 2**32)["setup"]
            host = Host({}, setup, {}, out)

            def opponent(last: int, host=host, out=out) -> int:
                host.call(last)
                return int(out["throw"][0])

            session = InlineSession(load_module(source), **arguments(throws))
            returns.append(play_match(session, opponent, throws, np.random.default_rng(seed)).expected)
        expected[f"vs_{bot}"] = np.mean(returns)
    scores = {score.metric: score.value for score in report.stages[0].scores}
    assert {name: scores[name] for name in expected} == pytest.approx(expected)
    values = list(expected.values())
    assert scores["pop_return"] == pytest.approx(np.mean(values))
    assert scores["within_pop_expl"] == pytest.approx(-min(values))
    assert report.fitness("test") == pytest.approx(np.mean(values) + min(values))


@pytest.mark.slow
def test_validation_relabels_throws_and_draws_other_chance() -> None:
    train, validation = (DOMAIN.stage(s, "rrps-small", 25, DOMAIN.fitness) for s in ("train", "validation"))
    assert [trial.disguise for trial in train.trials] == [None]
    assert all(trial.disguise and "(disguised)" in trial.label for trial in validation.trials)
    source = LIBRARY.source("rotation")  # which starts with a throw of its own, whatever that is called
    game = "rrps(bots=rockbot,seed=1)"
    plain = few(game, 7)
    [trial] = plain.trials
    values = {}
    for number in (0, 1):
        disguise = DOMAIN.disguise.model_copy(update={"seed": number})
        stage = plain.model_copy(update={"trials": (trial.model_copy(update={"disguise": disguise}),)})
        values[number] = run(source, stage).fitness("test")
    values[None] = run(source, plain).fitness("test")
    # Seven throws against rock: the first throw comes once more than the others.
    assert values == {None: 0.0, 0: -2.0, 1: 2.0}


@pytest.mark.slow
def test_programs_do_not_share_a_process_with_the_bots() -> None:
    stage = few("rrps(bots=copybot)", 5)
    report = run(SPY, stage)
    assert report.status == "ok", report.reason
    together = run(SPY, stage, (*DOMAIN.host_modules, BOT_HOST))
    assert together.status == "crashed"
    assert "the bots are here" in (together.reason or "")


@pytest.mark.slow
def test_a_throw_that_is_none_fails_the_program() -> None:
    report = run(LIBRARY.source("rotation").replace("t % 3", "t % 4"), few("rrps(bots=copybot)"))
    assert report.status == "invalid_output"
    assert "returned the throw 3" in (report.reason or "")
    assert report.stages[0].scores == ()


def test_sandboxes_beside_are_the_same_when_asked_again_and_close_together() -> None:
    with Sandbox(DOMAIN.host_modules) as sandbox:
        beside = sandbox.beside((BOT_HOST,))
        assert sandbox.beside((BOT_HOST,)) is beside
        assert beside.tier == sandbox.tier
    with pytest.raises(RuntimeError, match="closed"):
        beside.start()
    with pytest.raises(RuntimeError, match="closed"):
        sandbox.beside((BOT_HOST,))


@pytest.mark.slow
@pytest.mark.parametrize("forged", ["[-1e6, 2e6, 1 - 1e6]", "[1e6, 1e6, 1e6]", "[0.0, 0.0, 0.0]"])
def test_strategies_that_are_none_are_refused_outside_of_the_players_process(forged: str) -> None:
    stage = few("rrps(bots=rockbot,seed=1)", 5)
    found = run(FORGER.replace("FORGED", forged), stage)
    assert found.status == "invalid_output", found.stages
    assert "must be non-negative and sum to 1" in (found.reason or "")
    honest = run(FORGER.replace("FORGED", "[0.0, 1.0, 0.0]"), stage)  # the control: it does get past the host
    assert honest.status == "ok"
    assert honest.stages[0].fitness == pytest.approx(5 + 5)  # paper, though act() says rock
