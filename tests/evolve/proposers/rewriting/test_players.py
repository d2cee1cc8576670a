"""The offline proposer on players of rock, paper, scissors: every mechanism applies, and children play."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge.evolve.proposers.rewriting.grammars.rrps.grammar import RRPS
from nashforge.evolve.proposers.rewriting.grammars.rrps.mechanisms import MECHANISMS, take_strategy
from nashforge.evolve.proposers.rewriting.mutation import mutate
from nashforge.evolve.proposers.rewriting.recombination import crossover
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.program import read_module, write_module
from nashforge.prompts import template_names
from nashforge.solvers.programs.session import InlineSession, load_module
from nashforge.solvers.rrps.host import arguments
from nashforge.solvers.rrps.library import LIBRARY
from nashforge.solvers.rrps.match import play_match

CHOOSING = """
from nashforge.solvers.rrps.interface import Player


class Choosing(Player):
    memory = 0.9

    def act(self, own, theirs, t):
        return self.lead(self.memory, self.reply(self.them.frequency(0.9)), self.reply(self.me.match(9)))
"""


def play(source: str, throws: int = 25) -> np.ndarray:
    """Return the strategies against somebody who rotates with hiccups."""
    theirs = iter([t * (t % 5 > 0) % 3 for t in range(throws)])
    session = InlineSession(load_module(source), **arguments(throws))
    return play_match(session, lambda last: next(theirs), throws, np.random.default_rng(0)).strategies


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda one: one.name)
def test_every_mechanism_changes_how_a_player_plays(mechanism) -> None:
    changed = 0
    for seed in range(6):
        module = read_module(CHOOSING, RRPS)
        said = mechanism.apply(module.programs[0], np.random.default_rng(seed), 1.0)
        assert said
        changed += not np.array_equal(play(write_module(module)), play(CHOOSING))
    # A bound of losses that are not reached, or a level that pays less, changes nothing.
    assert changed or mechanism.name == "stop_losses"
    assert mechanism.sentence.endswith(".")


def test_losses_are_stopped_at_the_bound() -> None:
    stop = next(one for one in MECHANISMS if one.name == "stop_losses")
    body = "        return [1.0 + 0 * len(theirs), 0.0, 0.0]\n"
    module = read_module(CHOOSING[: CHOOSING.index("        return")] + body, RRPS)
    stop.apply(module.programs[0], np.random.default_rng(0), 1.0)
    bound = module.programs[0].constants["bound"].value
    session = InlineSession(load_module(write_module(module)), **arguments(100))
    strategies = play_match(session, lambda last: 1, 100, np.random.default_rng(0)).strategies
    lost = int(bound) + 1  # to paper, a throw each
    assert strategies[:lost].tolist() == [[1.0, 0.0, 0.0]] * lost
    assert strategies[lost] == pytest.approx(np.full(3, 1 / 3))
    with pytest.raises(NotApplicable, match="looks at its score already"):
        stop.apply(module.programs[0], np.random.default_rng(0), 1.0)


def test_families_of_mechanisms_are_those_of_the_prompt() -> None:
    import tomllib
    from importlib.resources import files

    known = tomllib.loads(files("nashforge.prompts").joinpath("rrps/families.toml").read_text())
    assert {one.family for one in MECHANISMS} <= set(known)
    assert "rrps/system" in template_names()


@pytest.mark.parametrize("name", [n for n in LIBRARY.names() if n not in ("uniform_throws", "rotation")])
def test_children_of_the_library_play(name: str) -> None:
    source = LIBRARY.source(name)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        child = mutate(source, rng, grammar=RRPS).source
        play(crossover(child, LIBRARY.source("second_guess"), rng, grammar=RRPS).source)
        play(mutate(child, rng, grammar=RRPS, strength=3.0).source)


def test_who_looks_at_nothing_is_not_proposed() -> None:
    for name in LIBRARY.names():
        module = read_module(LIBRARY.source(name), RRPS)
        assert RRPS.sound(module) is (name not in ("uniform_throws", "rotation")), name


def test_strategies_of_two_players_compete() -> None:
    module, donor = (read_module(LIBRARY.source(name), RRPS) for name in ("markov", "history_match"))
    take_strategy(module.programs[0], donor.programs[0])
    source = write_module(module)
    assert "longest = 20" in source
    assert "self.lead(" in source
    play(source)
    with pytest.raises(NotApplicable, match="needs more than its result"):
        take_strategy(module.programs[0], read_module(LIBRARY.source("powder"), RRPS).programs[0])
