# Nashforge program royal-echidna (psro, e49e1d13c556d98712220506633c7b63d1000b854f2894150c840877bc008a40)
# Run psro-3, candidate 139, proposed by offline.
# Fitness: train +1.487, validation +1.491, test -
# (orders of magnitude lower exploitability than UNIFORM, mean over the games (1 = ten times lower))
# Lineage:
#   #0 gleaming-lizard (train +0.000): seed uniform
#   #1 great-eagle (train +0.560): in evaluate: match regrets that are kept above zero, players in
#     turn
#   #4 green-gibbon (train +0.565): evaluate_rounds 430 -> 450
#   #13 crafty-lizard (train +0.521): replace strategies by np.tanh(strategies) in evaluate()
#   #19 fair-pony (train +0.560): evaluate_rounds 450 -> 640
#   #22 tall-ladybird (train +0.628): in evaluating, count 1.8 times the latest gains once more
#   #37 azure-egret (train +0.749): in train: project cumulative gains on the simplex
#   #40 fine-godwit (train +0.761): evaluate_rounds 640 -> 710
#   #49 smart-koala (train +0.850): take evaluate_rounds, optimism from MatchingSolver
#   #73 faithful-oryx (train +0.826): evaluate_rounds 640 -> 680, optimism 1.3 -> 1.1, train_rounds
#     150 -> 140, scale 0.64 -> 0.55
#   #82 equal-snail (train +0.838): evaluate_rounds 680 -> 750
#   #94 sonic-mink (train +0.985): optimism 1.1 -> 0.94, train_rounds 140 -> 330, scale 0.55 -> 0.81;
#     optimism 0.94 -> 0.987; in training, add 0.96 times the change of the gains; train_rounds 330 ->
#     350
#   #130 deep-bass (train +1.309): train() does what evaluate() does
#   #139 royal-echidna (train +1.487): optimism 0.987 -> 0.962; evaluate_rounds 750 -> 1800
# Measured:
#   kuhn_poker(players=3): exploitability 8.696e-06 after 40 iterations
#   kuhn_poker(players=3): solver_seconds 6.45 after 40 iterations
#   kuhn_poker(players=3): elapsed 6.497 after 40 iterations
#   kuhn_poker(players=3): policies 41 after 40 iterations
#   kuhn_poker(players=3): distinct 14.33 after 40 iterations
#   kuhn_poker(players=3): train_entropy 0.9388 after 40 iterations
#   kuhn_poker(players=3): evaluate_entropy 0.9411 after 40 iterations
#   leduc_poker: exploitability 0.24 after 40 iterations
#   leduc_poker: solver_seconds 3.677 after 40 iterations
#   leduc_poker: elapsed 3.7 after 40 iterations
#   leduc_poker: policies 41 after 40 iterations
#   leduc_poker: distinct 41 after 40 iterations
#   leduc_poker: train_entropy 0.5808 after 40 iterations
#   leduc_poker: evaluate_entropy 0.5802 after 40 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending): exploitability 8.667e-05 after 40 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending): solver_seconds 4.069 after 40 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending): elapsed 4.083 after 40 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending): policies 41 after 40 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending): distinct 11.5 after 40 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending): train_entropy 0.9557 after 40 iterations
#   goofspiel(num_cards=4,imp_info=True,points_order=descending): evaluate_entropy 0.9572 after 40 iterations
#   liars_dice(dice_sides=5): exploitability 0.2929 after 40 iterations
#   liars_dice(dice_sides=5): solver_seconds 3.66 after 40 iterations
#   liars_dice(dice_sides=5): elapsed 3.739 after 40 iterations
#   liars_dice(dice_sides=5): policies 41 after 40 iterations
#   liars_dice(dice_sides=5): distinct 41 after 40 iterations
#   liars_dice(dice_sides=5): train_entropy 0.6546 after 40 iterations
#   liars_dice(dice_sides=5): evaluate_entropy 0.6714 after 40 iterations
#   kuhn_poker(players=4): exploitability 1.536e-06 after 100 iterations
#   kuhn_poker(players=4): solver_seconds 28.79 after 100 iterations
#   kuhn_poker(players=4): elapsed 29.25 after 100 iterations
#   kuhn_poker(players=4): policies 101 after 100 iterations
#   kuhn_poker(players=4): distinct 20.25 after 100 iterations
#   kuhn_poker(players=4): train_entropy 0.9771 after 100 iterations
#   kuhn_poker(players=4): evaluate_entropy 0.9775 after 100 iterations
#   leduc_poker(players=3): exploitability 0.6058 after 100 iterations
#   leduc_poker(players=3): solver_seconds 8.999 after 100 iterations
#   leduc_poker(players=3): elapsed 22.76 after 100 iterations
#   leduc_poker(players=3): policies 101 after 100 iterations
#   leduc_poker(players=3): distinct 101 after 100 iterations
#   leduc_poker(players=3): train_entropy 0.422 after 100 iterations
#   leduc_poker(players=3): evaluate_entropy 0.5044 after 100 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending): exploitability 3.739e-04 after 100 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending): solver_seconds 5.372 after 100 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending): elapsed 5.509 after 100 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending): policies 101 after 100 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending): distinct 96 after 100 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending): train_entropy 0.8478 after 100 iterations
#   goofspiel(num_cards=5,imp_info=True,points_order=descending): evaluate_entropy 0.8508 after 100 iterations
#   liars_dice(dice_sides=6): exploitability 0.2454 after 100 iterations
#   liars_dice(dice_sides=6): solver_seconds 4.735 after 100 iterations
#   liars_dice(dice_sides=6): elapsed 5.828 after 100 iterations
#   liars_dice(dice_sides=6): policies 101 after 100 iterations
#   liars_dice(dice_sides=6): distinct 101 after 100 iterations
#   liars_dice(dice_sides=6): train_entropy 0.6315 after 100 iterations
#   liars_dice(dice_sides=6): evaluate_entropy 0.655 after 100 iterations
# ---
"""A PSRO meta-solver found by program search.

- train: rounds with players in turn; regrets against the strategies, weights in proportion to regrets;
  returns an average over rounds
- evaluate: rounds with players in turn; regrets against the strategies, weights in proportion to
  regrets; returns an average over rounds
"""

import numpy as np

from solvers.psro.interface import MetaSolver, advantages, normalize


class MatchingSolver(MetaSolver):
    evaluate_rounds = 1800
    optimism = 0.962

    def train(self, t, game):
        strategies = game.uniform()
        total = np.zeros(strategies.shape)
        regret = np.zeros_like(strategies)
        for played in range(1, self.evaluate_rounds + 1):
            for p in range(game.players):
                gain = advantages(game.payoffs(p, np.tanh(strategies)), strategies[p])
                regret[p] = np.maximum(regret[p] + gain, 0.0)
                strategies[p] = normalize(regret[p] + self.optimism * gain)
            total = total + strategies
        return total

    def evaluate(self, t, game):
        strategies = game.uniform()
        total = np.zeros(strategies.shape)
        regret = np.zeros_like(strategies)
        for played in range(1, self.evaluate_rounds + 1):
            for p in range(game.players):
                gain = advantages(game.payoffs(p, np.tanh(strategies)), strategies[p])
                regret[p] = np.maximum(regret[p] + gain, 0.0)
                strategies[p] = normalize(regret[p] + self.optimism * gain)
            total = total + strategies
        return total
