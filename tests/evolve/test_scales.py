"""Trials with all payoffs multiplied: the same game to a scale-free rule, the same units to people."""

from __future__ import annotations

import json

import numpy as np
import pytest

from nashforge import games
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.games import played_form
from nashforge.evolve.evaluation.labels import label
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Stage, Task, Trial
from tests.sandboxes import shared_sandbox

SECRET = Disguise(seed=5, dummies=0.5, perturbation=0.3)


@pytest.mark.parametrize("game", ["kuhn_poker", "kuhn_poker(players=3)", "leduc_poker"])
@pytest.mark.parametrize("factor", [0.01, 0.5, 100.0])
def test_a_scaled_form_is_the_same_game_in_other_units(game, factor):
    form = games.compile(game)
    scaled = form.scaled(factor)
    assert scaled.treeplexes is form.treeplexes
    assert scaled.leaf_sequences is form.leaf_sequences
    assert scaled.leaf_chance is form.leaf_chance
    assert scaled.zero_sum
    assert scaled.constant_sum == 0.0
    assert not scaled.leaf_payoffs.flags.writeable
    np.testing.assert_array_equal(scaled.leaf_payoffs, form.leaf_payoffs * factor)
    assert np.array_equal(scaled.scaled(1 / factor).leaf_payoffs, form.leaf_payoffs) or factor != 0.5
    assert form is games.compile(game), "the cache still holds the game as it is"
    if form.players == 2:
        assert np.array_equal(scaled.leaf_payoffs[0], -scaled.leaf_payoffs[1])


def test_a_form_scaled_by_one_is_itself_and_by_nonsense_is_refused():
    form = games.compile("kuhn_poker")
    assert form.scaled(1.0) is form
    for factor in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="positive number"):
            form.scaled(factor)
    with np.errstate(over="ignore"), pytest.raises(ValueError, match="finite"):
        form.scaled(1e200).scaled(1e200)


def test_a_constant_sum_is_scaled_too():
    assert games.compile("blotto(coins=3,fields=2)").scaled(3.0).constant_sum == 0.0
    auction = games.compile("matrix_pd").scaled(2.0)
    assert auction.constant_sum is None
    assert not auction.zero_sum
    form = games.compile("matrix_mp")
    shifted = games.SequenceForm(
        name="shifted",
        treeplexes=form.treeplexes,
        leaf_sequences=form.leaf_sequences,
        leaf_payoffs=form.leaf_payoffs + 1.0,
        leaf_chance=form.leaf_chance,
        nodes=form.nodes,
        zero_sum=False,
        constant_sum=2.0,
    )
    assert shifted.scaled(10.0).constant_sum == 20.0


def test_payoffs_are_scaled_after_the_disguise():
    plain, scaled = (played_form("kuhn_poker", SECRET, factor) for factor in (1.0, 100.0))
    np.testing.assert_array_equal(scaled.leaf_payoffs, plain.leaf_payoffs * 100.0)
    np.testing.assert_array_equal(scaled.leaf_sequences, plain.leaf_sequences)
    assert played_form("kuhn_poker", SECRET, 100.0) is scaled


def test_trials_without_a_scale_are_written_as_before():
    trial = Trial(label="kuhn_poker", game="kuhn_poker", iterations=10)
    assert trial.model_dump() == {
        "label": "kuhn_poker",
        "game": "kuhn_poker",
        "iterations": 10,
        "checkpoints": (),
        "disguise": None,
    }
    assert Stage(split="train", suite="x", trials=(trial,)).digest == "baecc4aad5feefef"
    scaled = trial.model_copy(update={"scale": 100.0})
    assert Trial.model_validate_json(scaled.model_dump_json()) == scaled
    assert json.loads(scaled.model_dump_json())["scale"] == 100.0
    assert Stage(split="train", suite="x", trials=(scaled,)).digest != "baecc4aad5feefef"
    with pytest.raises(ValueError):
        Trial(label="x", game="x", iterations=1, scale=0.0)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, "leduc_poker"),
        ({"disguised": True}, "leduc_poker (disguised)"),
        ({"iterations": 100}, "leduc_poker (100 iterations)"),
        ({"scale": 100.0}, "leduc_poker (payoffs x 100)"),
        ({"scale": 0.01}, "leduc_poker (payoffs x 0.01)"),
        (
            {"disguised": True, "iterations": 100, "scale": 100.0},
            "leduc_poker (disguised, 100 iterations, payoffs x 100)",
        ),
    ],
)
def test_labels_say_what_sets_a_trial_apart(said, expected):
    assert label("leduc_poker", **said) == expected


def report(name, source, *, scale, disguise=None, iterations=30, game="kuhn_poker"):
    work = domain(name)
    trial = work.trial(game, iterations, label(game, scale=scale), disguise)
    stage = Stage(
        split="train",
        suite="x",
        trials=(trial.model_copy(update={"scale": scale}),),
        fitness=Fitness(kind="negative"),
    )
    task = Task(token="t", domain=name, source=work.source(source), stages=(stage,))
    (made,) = work.evaluate(task, shared_sandbox(work.host_modules)).stages
    assert made.reason is None
    return {(score.game, score.metric, score.iteration): score.value for score in made.scores}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "source"), [("cfr", "dcfr"), ("psro", "uniform")])
@pytest.mark.parametrize("disguise", [None, SECRET])
def test_a_scale_free_program_has_the_same_numbers_at_every_scale(name, source, disguise):
    plain, scaled = (report(name, source, scale=factor, disguise=disguise) for factor in (1.0, 64.0))
    values = {(metric, at): value for (_, metric, at), value in plain.items() if metric == "exploitability"}
    assert len(values) > 3
    for (metric, at), value in values.items():
        assert scaled["kuhn_poker (payoffs x 64)", metric, at] == pytest.approx(value, rel=1e-9, abs=1e-12)


@pytest.mark.slow
def test_a_rule_with_constants_in_units_of_payoff_shows_it():
    game = "leduc_poker"
    plain, scaled = (report("cfr", "vad_cfr", scale=x, iterations=600, game=game) for x in (1.0, 64.0))
    last = plain[game, "exploitability", 600]
    assert scaled[label(game, scale=64.0), "exploitability", 600] != pytest.approx(last, rel=1e-3)
