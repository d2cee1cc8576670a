"""The space of games of a challenger: no family that validates or tests, and games that there are."""

from __future__ import annotations

import numpy as np
import pytest

from nashforge import games
from nashforge.evolve.challenge import space as module
from nashforge.evolve.challenge.families import FAMILIES
from nashforge.evolve.challenge.space import HELD_OUT, NoFamilyError, held_out, is_held_out, space


def drawn(family, count, seed=0):
    rng = np.random.default_rng(seed)
    return [family.draw(rng) for _ in range(count)]


def short_name(game):
    return game.replace(" ", "").removeprefix("turn_based_simultaneous_game(game=").partition("(")[0]


def test_no_game_of_the_space_is_of_a_family_that_validates_or_tests():
    families, names = held_out()
    assert families
    assert names
    for family in space():
        for point in drawn(family, 200):
            assert games.family(point.game) not in families, point.game
            assert short_name(point.game) not in names, point.game


def test_held_out_are_both_the_validation_and_the_test_suite():
    assert set(HELD_OUT) == {"bench-validation", "bench-test"}
    families, _ = held_out()
    for suite in HELD_OUT:
        assert set(games.load_suite(suite).families) <= families


def test_a_family_that_becomes_held_out_leaves_the_space(tmp_path, monkeypatch):
    kept = space()[0]
    file = tmp_path / "mine.toml"
    game = drawn(kept, 1)[0].game
    file.write_text(f'name = "mine"\npurpose = "Test."\ngames = ["{game}"]\n')
    monkeypatch.setattr(module, "HELD_OUT", (str(file),))
    assert is_held_out(kept)
    assert kept.name not in {family.name for family in space()}
    with pytest.raises(NoFamilyError, match="validate or test"):
        space([kept.name])


def test_a_family_leaves_by_the_short_name_of_one_game_whatever_its_family_is_called(tmp_path, monkeypatch):
    kept = space()[0]
    file = tmp_path / "mine.toml"
    game = drawn(kept, 1)[0].game
    text = f'name = "mine"\npurpose = "Test."\n[families]\n"another name" = ["{game}"]\n'
    file.write_text(text)
    monkeypatch.setattr(module, "HELD_OUT", (str(file),))
    assert is_held_out(kept)
    assert not any(is_held_out(other) for other in space())


def test_unknown_families_are_told():
    with pytest.raises(NoFamilyError, match=r"no family of games 'chess'; choose from"):
        space(["chess"])


def test_families_can_be_chosen():
    wanted = space()[-1]
    assert space([wanted.name]) == (wanted,)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_values_stand_once_and_most_games_can_be_loaded(family):
    for values in family.parameters.values():
        assert len(set(values)) == len(values)
    loaded = 0
    for point in drawn(family, 6, seed=1):
        try:
            games.load(point.game)
        except games.GameError:
            continue
        loaded += 1
    assert loaded >= 3


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_mutation_changes_one_parameter_within_its_values(family):
    rng = np.random.default_rng(3)
    for point in drawn(family, 20):
        other = point.mutated(rng)
        changed = [name for name in point.values if point.values[name] != other.values[name]]
        assert len(changed) == 1
        assert other.values[changed[0]] in family.parameters[changed[0]]
