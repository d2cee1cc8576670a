"""Regret matching in every state: probabilities are proportional to positive cumulative regrets.

regret <- regret + values - mean(values, policy)
policy <- normalize(regret)

In games of one state it is the regret minimiser of mean-field games; here every state has one of its own, as
in counterfactual regret minimisation, and no average is taken.

Source: Hart, Mas-Colell (2000), Econometrica 68(5); for mean-field games Muller, Elie, Rowland, Lauriere,
Perolat, Perrin, Geist, Piliouras, Pietquin, Tuyls (2022), Learning Correlated Equilibria in Mean-Field Games,
arXiv 2208.10138.
"""

from nashforge.solvers.meanfield.interface import MeanFieldLearner


class RegretMatching(MeanFieldLearner):
    def start(self):
        self.regret = self.zeros()

    def update(self, t, policy, values, best, mass, best_mass):
        self.regret = self.regret + values - self.mean(values, policy)
        return self.normalize(self.regret)
