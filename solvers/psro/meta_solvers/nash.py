"""Nash: an equilibrium of the restricted game, for two players.

With a constant sum by linear programming, on payoffs that are shifted and scaled to lie between 0 and 1:

    s_0 = argmax_x v subject to x A >= v, A the payoffs of player 0; s_1 = the dual variables

Training on it is the double oracle algorithm. Where there are several equilibria the simplex method returns
a corner of the set of them. With a general sum by complementary pivoting from every policy: of the equilibria
at the ends of the paths the one with the largest sum of values, each player's rescaled by its least and
largest payoff.

Source: McMahan, Gordon, Blum (2003), Planning in the Presence of Cost Functions Controlled by an Adversary;
HiGHS: Huangfu, Hall (2018), Parallelizing the Dual Revised Simplex Method; Lemke, Howson (1964), Equilibrium
Points of Bimatrix Games.
"""

import numpy as np
from scipy.optimize import linprog

from nashforge.solvers.equilibria.several import fairest
from nashforge.solvers.psro.interface import MetaSolver, UnsuitableGameError


class Nash(MetaSolver):
    scale_free = True
    tolerance = 1e-10
    constant = 1e-9

    def train(self, t, game):
        return self.equilibrium(game)

    def evaluate(self, t, game):
        return self.equilibrium(game)

    def equilibrium(self, game):
        if game.players != 2:
            raise UnsuitableGameError(
                f"nash solves restricted games of two players; this one has {game.players}"
            )
        first, second = game.tensor(0), game.tensor(1)
        if np.ptp(first + second) <= self.constant * max(np.ptp(first), np.ptp(second)):
            return self.guarantees(first)
        found = fairest(first, second)
        if found is None:
            raise ValueError("the restricted game was not solved: its payoffs are too far apart for floats")
        return np.array(found)

    def guarantees(self, payoffs):
        rows, columns = payoffs.shape
        width = np.ptp(payoffs)
        # Rounded, so that the corner that is found does not depend on the unit of payoffs.
        scaled = np.round((payoffs - payoffs.min()) / (width if width > 0 else 1.0), 12)
        found = linprog(
            np.append(np.zeros(rows), -1.0),
            A_ub=np.column_stack([-scaled.T, np.ones(columns)]),
            b_ub=np.zeros(columns),
            A_eq=np.append(np.ones(rows), 0.0)[None, :],
            b_eq=[1.0],
            bounds=[(0, None)] * rows + [(None, None)],
            method="highs-ds",
            options={
                "primal_feasibility_tolerance": self.tolerance,
                "dual_feasibility_tolerance": self.tolerance,
            },
        )
        if found.x is None:
            raise ValueError(f"the linear program was not solved: {found.message}")
        answers = np.zeros((2, max(rows, columns)))
        answers[0] = np.maximum(found.x[:-1], 0.0)
        answers[1] = np.maximum(-found.ineqlin.marginals, 0.0)
        return answers
