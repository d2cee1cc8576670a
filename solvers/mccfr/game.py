"""Games whose histories are played one by one, without being compiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyspiel

from nashforge.games.compilation.knowledge import Knowledge
from nashforge.games.compilation.traversal import rehearse
from nashforge.games.errors import UnsupportedGameError
from nashforge.games.loading.openspiel import (
    Game,
    State,
    first_line,
    sequential_form,
    short_name,
    without_openspiel_noise,
)
from nashforge.games.loading.source import load
from nashforge.games.sequence_form import SequenceForm

CHANCE, TERMINAL = int(pyspiel.PlayerId.CHANCE), int(pyspiel.PlayerId.TERMINAL)
PLAY_ERRORS = (pyspiel.SpielError, UnicodeDecodeError)
"""What OpenSpiel raises where it cannot play a history."""
SEED = "rng_seed"
"""OpenSpiel's parameter of games that draw chance's moves themselves."""
LARGEST_SEED = 2**31
"""It is a signed number of 32 bits, of which negative ones may stand for the time."""


@dataclass(frozen=True, eq=False)
class SampledGame:
    """A game that can be played history by history.

    Attributes
    ----------
    name : str
        As it was given.
    kind : str
        OpenSpiel's short name of it.
    players : int
    root : pyspiel.State
        Where all histories begin; to be copied before it is played.
    source : str, Path or pyspiel.Game
        What it was loaded from, which may be compiled, too.
    """

    name: str
    kind: str
    players: int
    game: Game
    source: Any

    def start(self) -> State:
        """Return a new state at the root."""
        return self.game.new_initial_state()

    def unplayable(self, error: BaseException) -> UnsupportedGameError:
        """Return the error of a history that OpenSpiel cannot play."""
        return UnsupportedGameError(
            f"OpenSpiel cannot play the histories of {self.name}: {first_line(error)}"
        )


def sampled_game(source: Any, seed: int) -> SampledGame:
    """Return a game to be sampled.

    Parameters
    ----------
    source
        A game string of OpenSpiel, a ``pyspiel.Game``, or the path of a game file in extensive form.
    seed
        Fixes the chance of games that draw it themselves, unless they were given a seed of their own.

    Raises
    ------
    nashforge.games.GameError
        If there is no such game, or its histories cannot be played by information-state strings.
    """
    if isinstance(source, SequenceForm):
        raise UnsupportedGameError(
            f"{source.name} is compiled, and has no histories to be sampled; give the game itself, or solve "
            "the compiled one exactly"
        )
    loaded = load(source)
    name, game = loaded.name, loaded.game
    if not loaded.openspiel:
        if not hasattr(getattr(game, "root", None), "infoset") and not hasattr(game, "_rules"):
            raise UnsupportedGameError(
                f"{name} has no histories to be sampled, since it is made as arrays; solve it exactly"
            )
        return SampledGame(name, "efg_game", game.num_players(), game, source)
    game = _seeded(game, name, seed)
    sequential = sequential_form(game, name, sampled_chance=True)
    found = SampledGame(name, short_name(game), sequential.num_players(), sequential, source)
    try:
        with without_openspiel_noise():
            rehearse(sequential, Knowledge())
    except PLAY_ERRORS as error:
        raise found.unplayable(error) from error
    return found


def _seeded(game: Game, name: str, seed: int) -> Game:
    """Return a game whose chance follows a seed, where the game draws it itself."""
    if game.get_type().chance_mode != pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC:
        return game
    kind, given = game.get_type(), game.get_parameters()
    if SEED not in kind.parameter_specification:
        raise UnsupportedGameError(
            f"{name} draws its chance events itself, and has no parameter {SEED} that would fix them, so "
            "that nothing could be repeated; choose another game"
        )
    default = kind.parameter_specification[SEED]
    if given.get(SEED, default) == default:
        given[SEED] = seed % LARGEST_SEED
    # A game holds the state of its generator: a new one begins where the seed says.
    return pyspiel.load_game(kind.short_name, given)
