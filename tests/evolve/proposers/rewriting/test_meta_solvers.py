"""Editing meta-solvers: mechanisms apply, children run, arrays that change in place are not shared."""

import ast

import numpy as np
import pytest

from nashforge import games
from nashforge.evolve.proposers.rewriting import NotApplicable, crossover, mutate
from nashforge.evolve.proposers.rewriting.grammars.psro.describe import import_helpers
from nashforge.evolve.proposers.rewriting.grammars.psro.grammar import OPERATORS, PSRO
from nashforge.evolve.proposers.rewriting.grammars.psro.mechanisms import gains, mixtures, rounds
from nashforge.evolve.proposers.rewriting.normal_form.cleanup import polish
from nashforge.evolve.proposers.rewriting.normal_form.normalise import read_canonical
from nashforge.evolve.proposers.rewriting.recombination import take_method
from nashforge.evolve.proposers.rewriting.syntax.program import read_module, write_module
from nashforge.solvers.programs.session import NonFiniteOutputError, inline_sessions, load_module
from nashforge.solvers.psro.engine import PSRO as KIND
from nashforge.solvers.psro.meta_solvers import solver_names, solver_source
from nashforge.solvers.sequence_form.profile import PolicyError

TEMPLATE = '''"""A solver."""

import numpy as np

from nashforge.solvers.psro.interface import MetaSolver{names}


class Mine(MetaSolver):
    rounds = 60
    scale = 0.3

    def train(self, t, game):
{body}
    def evaluate(self, t, game):
        return game.uniform()
'''


def solver_of(way):
    """Return the source of a meta-solver that trains in one of the ways."""
    text = rounds.WAYS[way][0].replace("rounds", "self.rounds").replace("scale *", "self.scale *")
    text = text.replace(", scale)", ", self.scale)")
    body = "".join(f"        {line}\n" for line in text.splitlines())
    names = "".join(
        f", {n}" for n in ("advantages", "center", "normalize", "project", "rescale", "softmax") if n in text
    )
    return TEMPLATE.format(names=names, body=body)


def play(source, name="kuhn_poker(players=3)", iterations=3):
    form = games.compile(name)
    sessions = inline_sessions(lambda: load_module(source), KIND.arguments(form, iterations))
    return KIND.run(form, sessions, iterations)


MECHANISMS = [
    rounds.share_method,
    rounds.grow_rounds,
    gains.rescale_gains,
    gains.add_momentum,
    gains.add_bonus,
    gains.discount,
    gains.predict,
    gains.clip_regrets,
    mixtures.blend_softmax,
    mixtures.blend_uniform,
    mixtures.sharpen,
    mixtures.change_projection,
    mixtures.return_last,
    mixtures.return_average,
    mixtures.weigh_average,
    mixtures.anneal,
]


@pytest.mark.parametrize("way", sorted(rounds.WAYS))
def test_every_way_runs_and_beats_uniform_training(way):
    assert play(solver_of(way), iterations=6).gap < 0.2


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda function: function.__name__)
def test_every_mechanism_changes_some_solver_into_one_that_runs(mechanism):
    applied = 0
    for way in sorted(rounds.WAYS):
        module = read_canonical(solver_of(way), PSRO)
        for seed in range(3):
            child = module.copy()
            try:
                said = mechanism(child.programs[0], np.random.default_rng(seed))
            except NotApplicable:
                continue
            polish(child)
            PSRO.describe(child)
            source = write_module(child)
            assert said
            assert source != write_module(module)
            # What is returned may be unusable, but never for a name or an expression that makes no sense.
            try:
                play(source, iterations=2)
            except (PolicyError, NonFiniteOutputError):
                continue
            applied += 1
    assert applied >= 2


def test_uniform_has_children_with_rounds():
    children = [
        mutate(solver_source("uniform"), np.random.default_rng(seed), grammar=PSRO).source
        for seed in range(12)
    ]
    assert all("range(1" in child for child in children)
    assert len(set(children)) > 8


def test_arrays_that_change_in_place_are_not_shared():
    """Tidying lets equal expressions share a variable, which is wrong for arrays that change in place."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        child = mutate(solver_of("regret matching in turn"), rng, grammar=PSRO, strength=3.0).source
        tree = ast.parse(child)
        changed = {
            node.value.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in changed:
                # The strategies may be kept as the answer; regrets and totals must be arrays of their own.
                assert node.value.id == "strategies", child


@pytest.mark.parametrize("name", solver_names())
def test_library_solvers_can_be_edited(name):
    rng = np.random.default_rng(3)
    edit = mutate(solver_source(name), rng, grammar=PSRO)
    assert load_module(edit.source)
    assert edit.description


def test_most_children_run():
    pool = [solver_of(way) for way in sorted(rounds.WAYS)]
    failed = 0
    for seed in range(40):
        rng = np.random.default_rng([11, seed])
        first, second = (pool[int(k)] for k in rng.integers(len(pool), size=2))
        try:
            edit = (
                crossover(first, second, rng, grammar=PSRO)
                if seed % 4 == 3
                else mutate(first, rng, grammar=PSRO)
            )
        except NotApplicable:
            continue
        try:
            with np.errstate(all="ignore"):
                play(edit.source.replace("_rounds = ", "_rounds = 20 + 0 * "), iterations=2)
        except (PolicyError, NonFiniteOutputError, ZeroDivisionError, TypeError, ValueError):
            failed += 1
    assert failed <= 10


def test_operators_have_names_of_their_own():
    names = [operator.name for operator in OPERATORS]
    assert len(set(names)) == len(names)


def test_imports_that_are_no_helpers_survive_edits_and_come_with_a_donor():
    module = read_module(solver_source("nash"), PSRO)
    import_helpers(module.programs[0])
    assert "UnsuitableGameError" in write_module(module).split("class ")[0]
    receiver = read_module(solver_source("uniform"), PSRO)
    take_method("evaluate")(receiver.programs[0], module.programs[0])
    import_helpers(receiver.programs[0])
    assert "UnsuitableGameError" in write_module(receiver).split("class ")[0]


def test_helpers_of_functions_of_the_module_are_imported():
    source = solver_source("uniform") + "\n\ndef soft(x):\n    return softmax(x, 1.0)\n"
    module = read_module(source, PSRO)
    import_helpers(module.programs[0])
    assert "softmax" in write_module(module).split("class ")[0].split("\ndef ")[0]
