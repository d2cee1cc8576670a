"""What a program tells people is left as it is: an edit inside an f-string may not even be Python."""

import ast

import numpy as np
import pytest

from nashforge.evolve.proposers.rewriting import NotApplicable, mutate
from nashforge.evolve.proposers.rewriting.grammars.psro.grammar import PSRO
from nashforge.evolve.proposers.rewriting.normal_form.normalise import read_canonical
from nashforge.evolve.proposers.rewriting.operators.sites import sites

TELLING = '''"""A solver that tells much."""

import numpy as np

from nashforge.solvers.psro.interface import MetaSolver, normalize


class Telling(MetaSolver):
    def train(self, t, game):
        if game.players != 2:
            raise ValueError(f"two players are needed; there are {game.players} of {game.policies - 1:>{4}}")
        told = f"{t + 1} of {self.horizon}"
        payoffs = game.all_payoffs(game.uniform()) + len(f"{t * 2}") * 0.1
        return normalize(payoffs) if told else game.uniform()

    def evaluate(self, t, game):
        return self.train(t, game)
'''


def test_nothing_inside_a_text_is_a_site():
    found = [ast.unparse(site.node) for site in sites(read_canonical(TELLING, PSRO).programs[0])]
    assert "game.all_payoffs(game.uniform())" in found
    assert not {"t + 1", "t * 2", "game.policies - 1", "f'{t * 2}'", "self.horizon"} & set(found)
    assert not any("two players" in text for text in found)


@pytest.mark.parametrize("seed", range(3))
def test_edits_of_a_program_that_tells_much_are_python(seed):
    rng, source = np.random.default_rng(seed), TELLING
    for _ in range(25):
        try:
            source = mutate(source, rng, grammar=PSRO, strength=3.0).source
        except NotApplicable:
            source = TELLING
        compile(source, "child", "exec")
