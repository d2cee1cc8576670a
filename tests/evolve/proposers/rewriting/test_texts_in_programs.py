"""Edits leave alone what may not even be Python afterwards: texts, and the names that an expression binds."""

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


BINDING = '''"""A solver whose expressions bind names."""

import numpy as np

from nashforge.solvers.psro.interface import MetaSolver, normalize


class Binding(MetaSolver):
    def train(self, t, game):
        pairs = [(game.uniform(), game.all_payoffs(game.uniform())) for number in range(2)]
        total = sum(weight * 0.5 for strategies, (weight, rest) in zip(pairs, pairs))
        if (gain := game.all_payoffs(game.uniform()).max()) > 0.3:
            total = total + gain
        return normalize(np.abs(total) + game.uniform())

    def evaluate(self, t, game):
        return self.train(t, game)
'''


def test_what_an_expression_binds_is_no_site():
    program = read_canonical(BINDING, PSRO).programs[0]
    found = sites(program)
    bound = {
        id(part)
        for node in ast.walk(program.methods["train"])
        if isinstance(node, ast.comprehension | ast.NamedExpr)
        for part in ast.walk(node.target)
    }
    assert len(bound) >= 6
    assert not bound & {id(site.node) for site in found}
    assert any(isinstance(site.node, ast.Name) and site.node.id == "weight" for site in found)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("program", [TELLING, BINDING])
def test_edits_of_such_programs_are_python(program, seed):
    rng, source = np.random.default_rng(seed), program
    for _ in range(25):
        try:
            source = mutate(source, rng, grammar=PSRO, strength=3.0).source
        except NotApplicable:
            source = program
        compile(source, "child", "exec")
