"""What every meta-solver of the library must satisfy."""

from contextlib import nullcontext

import numpy as np
import pytest

from nashforge import games
from nashforge.evolve.sandbox import Sandbox
from nashforge.solvers.programs.session import find_class, inline_sessions, load_module
from nashforge.solvers.psro.engine import PSRO, Engine
from nashforge.solvers.psro.interface import MetaSolver
from nashforge.solvers.psro.meta_solvers import LIBRARY, solver_names, solver_source
from nashforge.solvers.psro.properties import scale_free
from nashforge.solvers.psro.restricted.disguise import RestrictedDisguise

pytestmark = pytest.mark.parametrize("solver", solver_names())

FEW = {"regret_matching": {"rounds": 400}, "prd": {"steps": 400}, "fictitious_play": {"rounds": 400}}
"""Fewer rounds than by default: what is tested here does not depend on them."""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(hosts=["nashforge.solvers.psro.host"]) as shared:
        yield shared


def short_source(solver):
    """Return the source of a meta-solver that takes few rounds."""
    source = solver_source(solver)
    for name, value in FEW.get(solver, {}).items():
        lines = [
            f"    {name} = {value}" if line.startswith(f"    {name} = ") else line
            for line in source.split("\n")
        ]
        source = "\n".join(lines)
    if solver == "shor":
        source = source.replace("(8000, 50, 15000)", "(300, 50, 15000)").replace("(1000, 20", "(200, 20")
    if solver == "projection_matching":
        source = source.replace("= 4000", "= 400").replace("= 1000", "= 200")
    assert solver in ("uniform", "nash", "alpharank") or source != solver_source(solver)
    return source


def inline(solver, form, horizon):
    namespace = {"__name__": "candidate"}
    exec(short_source(solver), namespace)
    return inline_sessions(lambda: namespace, PSRO.arguments(form, horizon))


def test_documentation_states_formula_and_source(solver):
    source = solver_source(solver)
    assert LIBRARY.title(solver).endswith(".")
    assert "Source: " in source
    assert "\n    s" in source or "\n    g = " in source or " s = " in source


def test_what_is_declared_is_so(solver):
    """By playing, with payoffs times 0.01 and 100."""

    def served(arguments):
        return nullcontext(inline_sessions(lambda: load_module(short_source(solver)), arguments))

    said = find_class(LIBRARY.load(solver)[1], MetaSolver).scale_free
    assert scale_free(served, two_players=solver == "nash") is said


def game_for(solver):
    return "leduc_poker" if solver == "nash" else "kuhn_poker(players=3)"


def test_every_answer_is_a_mixture_and_exploitability_falls(solver):
    form = games.compile(game_for(solver))
    engine = Engine(form, inline(solver, form, 12), 12)
    values = []
    for _ in range(12):
        engine.step()  # raises where an answer is none
        values.append(engine.measure())
    assert engine.evaluated.shape == (form.players, 13)
    assert np.allclose(engine.evaluated.sum(axis=1), 1)
    assert values[-1] < 0.5 * values[0]


@pytest.mark.parametrize("name", ["leduc_poker", "kuhn_poker(players=3)"])
def test_the_order_of_policies_does_not_matter(solver, name):
    """In a restricted game of perturbed payoffs, so that there are no ties to break."""
    if solver == "nash" and name != "leduc_poker":
        pytest.skip("for two players only")
    form = games.disguise(games.compile(name), 5, permute=False, dummies=0.0, perturbation=0.3).form
    plain = Engine(form, inline(solver, form, 6), 6)
    disguise = RestrictedDisguise(form.players, np.random.default_rng(2))
    disguise.scale[:], disguise.shift[:] = 1.0, 0.0
    hidden = Engine(form, inline(solver, form, 6), 6, disguise)
    for _ in range(6):
        plain.step()
        hidden.step()
        assert np.abs(plain.train - hidden.train).max() < 1e-5
    plain.measure()
    hidden.measure()
    assert np.abs(plain.evaluated - hidden.evaluated).max() < 1e-5


def test_works_on_disguised_populations(solver):
    """Policies permuted, payoffs scaled and shifted: still a mixture, still a good one."""
    form = games.compile(game_for(solver))
    hidden = Engine(
        form, inline(solver, form, 12), 12, RestrictedDisguise(form.players, np.random.default_rng(4))
    )
    first = None
    for _ in range(12):
        hidden.step()
        first = hidden.measure() if first is None else first
    assert hidden.measure() < 0.5 * first


def test_same_result_sandboxed(solver, sandbox):
    form = games.compile(game_for(solver))
    plain = PSRO.run(form, inline(solver, form, 5), 5)
    with sandbox.sessions(short_source(solver), PSRO.arguments(form, 5)) as sessions:
        confined = PSRO.run(form, sessions, 5)
    assert [p.gap for p in plain.curve] == [p.gap for p in confined.curve]
    for mine, theirs in zip(plain.policy, confined.policy, strict=True):
        assert np.array_equal(mine, theirs)


def test_training_and_evaluating_do_not_share_state(solver):
    form = games.compile(game_for(solver))
    often, once = (Engine(form, inline(solver, form, 4), 4) for _ in range(2))
    for _ in range(4):
        often.step()
        often.measure()
        once.step()
    assert np.array_equal(often.train, once.train)


def test_a_library_solver_loads_by_name(solver):
    name, namespace = LIBRARY.load(solver)
    assert name == solver
    assert namespace["__doc__"]
