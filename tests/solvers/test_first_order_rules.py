"""Mirror descent and smoothed regret matching against OpenSpiel, published values and a published game."""

import numpy as np
import pyspiel
import pytest
from open_spiel.python.algorithms.mmd_dilated import MMDDilatedEnt
from open_spiel.python.algorithms.sequence_form_utils import policy_to_sequence

from nashforge import games
from nashforge.solvers import exploitability, from_openspiel, rule_source, solve, to_openspiel
from nashforge.solvers.cfr.engine import CFR
from nashforge.solvers.cfr.interface import Infosets
from nashforge.solvers.cfr.rules.annealed_mmd import AnnealedMMD
from nashforge.solvers.cfr.rules.domd import DOMD
from nashforge.solvers.cfr.rules.mmd import MMD
from nashforge.solvers.programs.session import inline_sessions, load_module
from nashforge.solvers.sequence_form.profile import nash_conv, realization_plans, uniform_profile
from nashforge.solvers.sequence_form.tables import tables


def tuned(rule, **constants):
    source = rule_source(rule)
    for name, value in constants.items():
        [line] = [line for line in source.splitlines() if line.startswith(f"    {name} = ")]
        source = source.replace(line, f"    {name} = {value!r}")
    return load_module(source)


def both_at_once(form, rules, rounds):
    """Play rules with the regrets of one joint policy, as OpenSpiel does; yield the joint policies."""
    shared, profile = tables(form), uniform_profile(form)
    for t in range(1, rounds + 1):
        plans = realization_plans(form, profile)
        regrets = []
        for player, policy in enumerate(profile):
            regret, reach = np.empty_like(policy), np.empty_like(policy)
            update = shared.update(player, plans, policy.copy(), regret, reach, np.zeros_like(policy))
            update.regrets()
            regrets.append(regret)
        for rule, regret in zip(rules, regrets, strict=True):
            rule.observe(t, regret)
        profile = tuple(rule.policy(t) for rule in rules)
        yield profile


def of_players(form, rule, **constants):
    made = type(rule.__name__, (rule,), constants)
    return [made(Infosets(tree.start, tree.parent), 1000) for tree in form.treeplexes]


def test_mmd_is_openspiels_step_by_step():
    form, theirs = games.compile("kuhn_poker"), MMDDilatedEnt(pyspiel.load_game("kuhn_poker"), 0.1, 0.5)
    for mine in both_at_once(form, of_players(form, MMD, tau=0.1, eta=0.5), 20):
        theirs.update_sequences()
        for policy, other in zip(mine, from_openspiel(form, theirs.get_policies()), strict=True):
            assert np.abs(policy - other).max() < 1e-12


def test_annealed_mmd_is_openspiels_with_a_temperature_of_its_own_in_each_step():
    form, theirs = games.compile("kuhn_poker"), MMDDilatedEnt(pyspiel.load_game("kuhn_poker"), 1.0, 0.5)
    steps = enumerate(both_at_once(form, of_players(form, AnnealedMMD, eta=0.5), 20), 1)
    for t, mine in steps:
        theirs.alpha = 1 / t
        theirs.update_sequences()
        for policy, other in zip(mine, from_openspiel(form, theirs.get_policies()), strict=True):
            assert np.abs(policy - other).max() < 1e-12


@pytest.mark.parametrize("game", ["kuhn_poker(players=3)", "leduc_poker", "liars_dice(dice_sides=4)"])
def test_the_last_iterate_of_annealed_mmd_is_closer_than_that_of_mmd(game):
    form = games.compile(game)
    annealed, fixed = (solve(form, rule, 1000, [1000], iterate="last") for rule in ("annealed_mmd", "mmd"))
    assert annealed.gap < fixed.gap
    assert exploitability(form, annealed.policy) == annealed.gap


def gap_of_regularised_game(form, profile, alpha):
    """Return OpenSpiel's gap in the game that dilated entropy regularises with weight alpha."""
    game = pyspiel.load_game("kuhn_poker")
    theirs, policy = MMDDilatedEnt(game, alpha), to_openspiel(form, profile, game)
    theirs.sequences = policy_to_sequence(game, policy, theirs.infoset_actions_to_seq)
    return theirs.get_gap()


@pytest.mark.parametrize(
    ("alpha", "rounds", "gap", "conv"),
    [(0.01, 2000, 0.02045865289958, 0.03783801026839), (0.1, 500, 0.0, 0.20738811624122)],
)
def test_mmd_reaches_openspiels_values_both_at_once(alpha, rounds, gap, conv):
    """Of OpenSpiel 2.0.2, with its own step, alpha over the square of the largest entry of its payoffs (1/3).

    At alpha .01 both are still far from their limit: 1,999 iterations give .020356 and .037584.
    """
    form = games.compile("kuhn_poker")
    *_, last = both_at_once(form, of_players(form, MMD, tau=alpha, eta=9 * alpha), rounds)
    assert nash_conv(form, last) == pytest.approx(conv, abs=1e-9)
    assert gap_of_regularised_game(form, last, alpha) == pytest.approx(gap, abs=1e-9)


@pytest.mark.parametrize("eta", [0.9, 2.0])
def test_mmd_in_turns_reaches_the_regularised_equilibrium(eta):
    """Of OpenSpiel 2.0.2: alpha .1, 500 iterations, NashConv .2074, no gap left. No step leads elsewhere."""
    form = games.compile("kuhn_poker")
    found = CFR.run(
        form, inline_sessions(lambda: tuned("mmd", tau=0.1, eta=eta), CFR.arguments(form, 500)), 500
    )
    assert found.curve[-1].last_iterate * 2 == pytest.approx(0.20738811624, abs=1e-9)
    assert gap_of_regularised_game(form, found.policy, 0.1) == pytest.approx(0.0, abs=1e-12)


def test_a_step_of_domd_is_two_of_mirror_descent():
    """OpenSpiel's without regularisation, from the kept point, with the gradient of the one in play."""
    form = games.compile("kuhn_poker")
    theirs = MMDDilatedEnt(pyspiel.load_game("kuhn_poker"), 0.0, 0.7)
    kept = theirs.sequences
    for mine in both_at_once(form, of_players(form, DOMD, eta=0.7), 12):
        gradients = theirs.payoff_mat @ theirs.sequences[1], theirs.payoff_mat.T @ theirs.sequences[0]
        kept = stepped(theirs, kept, gradients)
        theirs.sequences = stepped(theirs, kept, gradients)
        for policy, other in zip(mine, from_openspiel(form, theirs.get_policies()), strict=True):
            assert np.abs(policy - other).max() < 1e-12


def stepped(solver, start, gradients):
    """Return OpenSpiel's step of mirror descent from a point along given gradients, one player at a time."""
    payoffs, found = solver.payoff_mat, []
    for player, gradient in enumerate(gradients):
        before = np.eye(len(start[1 - player]))[0]  # of the empty sequence, which is always played
        solver.payoff_mat = np.outer(gradient, before) if player == 0 else np.outer(before, gradient)
        solver.sequences = [sequences.copy() for sequences in start]
        solver.update_sequences()
        found.append(solver.sequences[player])
    solver.payoff_mat = payoffs
    return found


def test_smooth_regret_matching_converges_in_the_last_iterate_where_regret_matching_does_not():
    """As arXiv 2311.00676 shows on a 3x3 game; on one of our own: [3, 5, 4] / 12 against [1, 1, 10] / 12."""
    payoffs = [[3.0, 0.0, -3.0], [0.0, 3.0, -4.0], [0.0, 0.0, 1.0]]
    game = pyspiel.create_matrix_game(payoffs, [[-x for x in row] for row in payoffs])
    last = {
        rule: solve(game, rule, 3000, []).curve[-1].last_iterate for rule in ("cfr_plus", "smooth_pcfr_plus")
    }
    assert last["cfr_plus"] > 1e-2
    assert last["smooth_pcfr_plus"] < 1e-8


def test_projection_is_the_nearest_point():
    infosets = Infosets([0, 1, 4, 6])
    x = np.array([-5.0, 0.2, 0.9, -3.0, 4.0, 3.5])
    assert infosets.project(x) == pytest.approx([1.0, 0.15, 0.85, 0.0, 0.75, 0.25])
    assert infosets.sum(infosets.project(x, 2.0)) == pytest.approx([2.0, 2.0, 2.0])


def test_levels_go_from_the_last_decisions_to_the_first():
    infosets = Infosets([0, 2, 4, 6, 8], [8, 1, 1, 2])
    assert [level.sequences.tolist() for level in infosets.levels] == [[6, 7], [2, 3, 4, 5], [0, 1]]
    x = np.zeros(8)
    for level in infosets.levels:
        level.pass_up(level.infosets.sum(x[level.sequences] + 1.0), x)
    # What is below counts: two actions, and four of each of the information sets that follow.
    assert x.tolist() == [0.0, 6.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0]
