"""Nash: an equilibrium of the restricted game by linear programming, for two players and constant sums.

    s_0 = argmax_x v subject to x A >= v, A the payoffs of player 0; s_1 = the dual variables

Training on it is the double oracle algorithm. Where there are several equilibria the simplex method returns a
corner of the set of them.

Source: McMahan, Gordon, Blum (2003), Planning in the Presence of Cost Functions Controlled by an Adversary;
HiGHS: Huangfu, Hall (2018), Parallelizing the Dual Revised Simplex Method.
"""

import numpy as np
from scipy.optimize import linprog

from solvers.psro.interface import MetaSolver, UnsuitableGameError


class Nash(MetaSolver):
    tolerance = 1e-10

    def train(self, t, game):
        return self.equilibrium(game)

    def evaluate(self, t, game):
        return self.equilibrium(game)

    def equilibrium(self, game):
        if game.players != 2:
            raise UnsuitableGameError(
                f"nash solves restricted games of two players; this one has {game.players}"
            )
        payoffs = game.tensor(0)
        rows, columns = payoffs.shape
        objective = np.append(np.zeros(rows), -1.0)
        least = np.column_stack([-payoffs.T, np.ones(columns)])
        total = np.append(np.ones(rows), 0.0)[None, :]
        found = linprog(
            objective,
            A_ub=least,
            b_ub=np.zeros(columns),
            A_eq=total,
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
        answers = np.zeros((2, game.policies))
        answers[0] = np.maximum(found.x[:-1], 0.0)
        answers[1] = np.maximum(-found.ineqlin.marginals, 0.0)
        return answers
