"""The PSRO engine against OpenSpiel and published numbers."""

import numpy as np
import pyspiel
import pytest
from open_spiel.python.algorithms import best_response as os_best_response
from open_spiel.python.algorithms import expected_game_score
from open_spiel.python.algorithms.exploitability import nash_conv as os_nash_conv

from nashforge import games
from nashforge.games.sequence_form import SequenceForm, Treeplex
from nashforge.solvers import best_response_values, exploitability, solve, to_openspiel
from nashforge.solvers.programs.library import NotInLibraryError
from nashforge.solvers.programs.session import inline_sessions
from nashforge.solvers.psro.engine import PSRO, Engine
from nashforge.solvers.psro.interface import MetaSolver
from nashforge.solvers.psro.meta_solvers import LIBRARY, solver_names, solver_source
from nashforge.solvers.psro.restricted.disguise import RestrictedDisguise
from nashforge.solvers.psro.restricted.operator import FactoredGame, TensorGame
from nashforge.solvers.sequence_form.profile import PolicyError

SMALL = ["kuhn_poker", "kuhn_poker(players=3)", "leduc_poker", "liars_dice(dice_sides=3)"]


def engine_of(form, solver, horizon, disguise=None):
    sessions = inline_sessions(lambda: LIBRARY.load(solver)[1], PSRO.arguments(form, horizon))
    return Engine(form, sessions, horizon, disguise)


def shown_game(engine):
    """Return the restricted game as a solver sees it."""
    shown, players, policies = engine._session.inputs, engine.form.players, engine.policies
    if "tensors" in shown:
        return TensorGame(players, policies, shown["tensors"], 5)
    return FactoredGame(players, policies, shown)


def behaviour(form, plans):
    """Return the behaviour policies of one plan a player."""
    profile = []
    for treeplex, plan in zip(form.treeplexes, plans, strict=True):
        sizes = np.diff(treeplex.start)
        parents = np.repeat(plan[treeplex.parent], sizes)
        uniform = np.repeat(1 / sizes, sizes)
        profile.append(np.divide(plan[:-1], parents, out=uniform, where=parents > 0))
    return tuple(profile)


@pytest.mark.parametrize("name", SMALL)
def test_best_response_values_equal_openspiel(name):
    form, game = games.compile(name), pyspiel.load_game(name)
    engine = engine_of(form, "uniform", 4)
    for _ in range(3):
        engine.step()
    engine.measure()
    tabular = to_openspiel(form, engine.policy())
    mixed = np.concatenate(
        [s @ plans[: engine.policies] for s, plans in zip(engine.evaluated, engine.plans, strict=True)]
    )
    root = game.new_initial_state()
    for player in range(form.players):
        theirs = os_best_response.BestResponsePolicy(game, player, tabular, root).value(root)
        assert engine.respond(player, mixed) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("name", ["kuhn_poker", "kuhn_poker(players=3)", "leduc_poker"])
def test_payoff_entries_equal_openspiel(name):
    form, game = games.compile(name), pyspiel.load_game(name)
    engine = engine_of(form, "uniform", 4)
    for _ in range(3):
        engine.step()
    rng = np.random.default_rng(0)
    restricted = shown_game(engine)
    for _ in range(3):
        chosen = rng.integers(4, size=form.players)
        profile = behaviour(form, [engine.plans[p][chosen[p]] for p in range(form.players)])
        tabular = to_openspiel(form, profile, game)
        theirs = expected_game_score.policy_value(game.new_initial_state(), [tabular] * form.players)
        for player in range(form.players):
            assert restricted.tensor(player)[tuple(chosen)] == pytest.approx(theirs[player], abs=1e-9)


@pytest.mark.parametrize("name", SMALL)
def test_exploitability_is_that_of_the_policy_handed_out(name):
    """Mixing plans and measuring them is the same as measuring the behaviour policy, ours and OpenSpiel's."""
    form = games.compile(name)
    engine = engine_of(form, "uniform", 6)
    for _ in range(6):
        engine.step()
    value = engine.measure()
    assert exploitability(form, engine.policy()) == pytest.approx(value, abs=1e-12)
    if name != "leduc_poker":
        tabular = to_openspiel(form, engine.policy())
        theirs = os_nash_conv(pyspiel.load_game(name), tabular) / form.players
        assert theirs == pytest.approx(value, abs=1e-9)


def test_mixtures_are_weighed_by_reach():
    """Averaging action probabilities per information set would give another policy, and another value."""
    form = games.compile("leduc_poker")
    engine = engine_of(form, "uniform", 3)
    for _ in range(3):
        engine.step()
    engine.measure()
    naive = tuple(
        np.mean([behaviour(form, [plans[k] for plans in engine.plans])[p] for k in range(4)], axis=0)
        for p in (0, 1)
    )
    mixed = engine.policy()
    assert max(np.abs(a - b).max() for a, b in zip(naive, mixed, strict=True)) > 0.1
    values = best_response_values(form, mixed)
    assert not np.allclose(values, best_response_values(form, naive), atol=1e-3)


def test_ties_are_split_over_optimal_actions():
    """Of three actions two are best; a second decision, with two best actions, is never reached."""
    treeplex = Treeplex(
        start=np.array([0, 3, 5], np.int32),
        parent=np.array([5, 0], np.int32),
        labels=("first", "second"),
        actions=np.arange(5, dtype=np.int32),
    )
    other = Treeplex(
        start=np.array([0, 1], np.int32),
        parent=np.array([1], np.int32),
        labels=("forced",),
        actions=np.zeros(1, np.int32),
    )
    form = SequenceForm(
        name="by hand",
        treeplexes=(treeplex, other),
        leaf_sequences=np.array([[1, 2, 3, 4], [0, 0, 0, 0]], np.int32),
        leaf_payoffs=np.array([[1.0, 1.0, -2.0, -2.0], [-1.0, -1.0, 2.0, 2.0]]),
        leaf_chance=np.ones(4),
        nodes=7,
        zero_sum=True,
    )
    engine = engine_of(form, "uniform", 1)
    engine.step()
    assert engine.plans[0][1].tolist() == [0.0, 0.5, 0.5, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("name", ["kuhn_poker", "liars_dice(dice_sides=2)"])
def test_double_oracle_ends_at_an_equilibrium(name):
    solution = solve(name, "nash", 40)
    assert solution.exploitability < 1e-8
    assert solution.values()[0] == pytest.approx(-solution.values()[1])
    if name == "kuhn_poker":
        assert solution.values()[0] == pytest.approx(-1 / 18, abs=1e-8)


# Exploitability at iterations 10, 25, 50, from an independent implementation.
@pytest.mark.parametrize(
    ("solver", "name", "expected"),
    [
        ("uniform", "kuhn_poker(players=3)", [9.2e-2, 6.5e-2, 3.9e-2]),
        ("uniform", "leduc_poker", [1.17, 0.633, 0.398]),
        ("nash", "leduc_poker", [1.42, 0.703, 0.307]),
        ("shor", "kuhn_poker(players=3)", [1.6e-2]),
    ],
)
def test_published_exploitability(solver, name, expected):
    points = [10, 25, 50][: len(expected)]
    # SHOR anneals by the iteration, and not by the horizon: shorter runs are the beginnings of longer ones.
    curve = solve(name, solver, points[-1], points).curve
    assert [point.gap for point in curve] == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("solver", ["uniform", "regret"])
@pytest.mark.parametrize("name", ["kuhn_poker(players=3)", "leduc_poker"])
def test_a_guise_changes_nothing_for_a_solver_that_sees_payoffs_only(name, solver):
    """Up to rounding. Payoffs are perturbed first, for a game without ties."""

    class Regret(MetaSolver):
        def train(self, t, game):
            gain = game.all_payoffs(game.uniform())
            gain = gain - gain.min(axis=1, keepdims=True)
            return gain + gain.max(axis=1, keepdims=True) / 2 + 1e-300

        def evaluate(self, t, game):
            return self.train(t, game)

    form = games.disguise(games.compile(name), 5, permute=False, dummies=0.0, perturbation=0.3).form
    program = Regret if solver == "regret" else solver
    plain = engine_of(form, program, 8)
    hidden = engine_of(form, program, 8, RestrictedDisguise(form.players, np.random.default_rng(1)))
    for _ in range(8):
        plain.step()
        hidden.step()
    assert hidden.measure() == pytest.approx(plain.measure(), rel=1e-9)
    for mine, theirs in zip(plain.policy(), hidden.policy(), strict=True):
        assert np.abs(mine - theirs).max() < 1e-7


def test_evaluating_more_often_changes_nothing():
    few = solve("leduc_poker", "projection_matching", 3, [3])
    many = solve("leduc_poker", "projection_matching", 3, [1, 2, 3])
    assert few.exploitability == many.exploitability


def test_checkpoints_tell_all():
    seen = []
    solution = solve("kuhn_poker(players=3)", "uniform", 12, [1, 12], on_checkpoint=seen.append)
    assert [point.iteration for point in seen] == [1, 12]
    assert list(solution.curve) == seen
    last = seen[-1]
    assert last.policies == 13
    assert 2 <= last.distinct <= 13
    assert last.train_entropy == pytest.approx(1)
    assert last.evaluate_entropy == pytest.approx(1)
    assert 0 < last.solver_seconds <= last.seconds
    assert solution.program == "uniform"
    assert len(solution.table()) == 48


def test_a_meta_solver_can_be_a_class_or_a_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(solver_source("uniform"))
    by_file, by_name = solve("kuhn_poker", path, 5), solve("kuhn_poker", "uniform", 5)
    assert by_file.program == "mine"
    assert by_file.exploitability == by_name.exploitability


class Wrong(MetaSolver):
    answer: object = None

    def train(self, t, game):
        return self.answer if t > 1 else game.uniform()

    def evaluate(self, t, game):
        return game.uniform()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([[1.0, -0.5], [0.5, 0.5]], "player 0 in iteration 2 has minimum -0.5"),
        ([[0.5, 0.5], [0.0, 0.0]], "player 1 in iteration 2 has minimum 0 and sum 0"),
    ],
)
def test_what_is_no_mixture_is_named(answer, message):
    class Mine(Wrong):
        pass

    Mine.answer = answer
    with pytest.raises(PolicyError, match=message):
        solve("kuhn_poker", Mine, 3)


def test_weights_count_relative_to_their_sum():
    class Scaled(MetaSolver):
        def train(self, t, game):
            return 8.0 * game.uniform()

        def evaluate(self, t, game):
            return np.full((game.players, game.policies), 0.25)

    plain, scaled = solve("kuhn_poker", "uniform", 4), solve("kuhn_poker", Scaled, 4)
    assert scaled.exploitability == plain.exploitability


def test_wrong_input_is_named():
    class Mine(Wrong):
        pass

    Mine.answer = [[1.0], [1.0]]
    with pytest.raises(ValueError, match=r"train\(\) must return shape \(players, policies\) = \(2, 2\)"):
        solve("kuhn_poker", Mine, 3)
    with pytest.raises(NotInLibraryError, match=r"no meta-solver 'shr'.*shor"):
        solve("kuhn_poker", "shr", kind="psro")
    with pytest.raises(ValueError, match="at least 1; got 0"):
        solve("kuhn_poker", "uniform", 0)
    with pytest.raises(ValueError, match="two players; this one has 3"):
        solve("kuhn_poker(players=3)", "nash", 2)
    with pytest.raises(games.GameError):
        solve("kuhn_pokr", kind="psro")
    assert "shor" in solver_names()
