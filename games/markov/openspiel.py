"""Markov states of simultaneous-move OpenSpiel games, enumerated into a tabular game."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pyspiel

from nashforge.games.errors import UnsupportedGameError
from nashforge.games.loading.openspiel import load_game
from nashforge.games.markov.model import MarkovGame

MOST_STATES = 400
"""Transitions are dense arrays: their size grows with the square of the states."""

END = "end"
_COUNTERS = re.compile(r"^(Total|Most recent)[^\n]*\n", re.MULTILINE)
"""Lines that count what has been: no state of the world."""

Key: TypeAlias = str
Outcome: TypeAlias = tuple[float, Key, tuple[float, float]]
"""Probability, next state, and what both players earn on the way."""
Stage: TypeAlias = dict[tuple[int, int], list[Outcome]]
"""What may follow every pair of actions, numbered among the legal ones."""


def tabulate(game: str, *, most_states: int = MOST_STATES) -> MarkovGame:
    r"""Return an OpenSpiel game of two players who move at once as a tabular Markov game.

    States are told apart by what the game prints of them; what follows chance is folded into the
    probabilities, and all ends of the game are one absorbing state. States that were reached along two
    histories are compared: a game in which equal states have different futures is refused. The game's own
    horizon should be far away; whoever solves the table discounts instead.

    Parameters
    ----------
    game
        An OpenSpiel game string, such as ``markov_soccer(grid=.A\nO.\n.B)``: rows of a grid are parted by
        line feeds or by ``\n`` in two characters.
    most_states
        How many states are enumerated at most, the end included.

    Raises
    ------
    nashforge.games.GameError
        If OpenSpiel cannot load it, it is no Markov game of two players who move at once, or has more states.
    """
    loaded, game = load_simultaneous(game), game.replace("\n", "\\n")
    initial = _settle(loaded.new_initial_state(), 1.0, (0.0, 0.0))
    waiting: list[Any] = []
    indices: dict[Key, int] = {}
    legal: dict[Key, tuple[tuple[int, ...], ...]] = {}
    stages: dict[Key, Stage] = {}
    compared: set[Key] = set()

    def met(state: Any) -> Key:
        key = _key(state)
        if key not in indices:
            if len(indices) >= most_states:
                raise UnsupportedGameError(
                    f"{game} has more than {most_states} Markov states; choose a smaller grid, or raise the "
                    "limit (transitions take states squared times pairs of actions of memory)"
                )
            indices[key] = len(indices)
            waiting.append(state)
        elif key != END and key in stages and key not in compared:
            compared.add(key)  # a second history: one comparison a state
            _compare(game, key, stages[key], _outcomes(state, _key))
        return key

    start = [(probability, met(state)) for probability, state, _ in initial]
    while waiting:
        state = waiting.pop(0)
        key = _key(state)
        if key == END:
            continue
        legal[key] = tuple(tuple(state.legal_actions(player)) for player in range(2))
        if legal[key] != next(iter(legal.values())):
            raise UnsupportedGameError(
                f"{game} allows other actions in other states (in {' / '.join(key.split())}), which a table "
                "of actions cannot hold"
            )
        stages[key] = _outcomes(state, met)
    return _table(game, indices, start, stages)


def load_simultaneous(game: str) -> Any:
    """Return an OpenSpiel game of two players who move at once.

    Raises
    ------
    nashforge.games.GameError
        If it is another, or cannot be loaded.
    """
    loaded = load_game(game.replace("\\n", "\n"))
    kind = loaded.get_type()
    if kind.dynamics != pyspiel.GameType.Dynamics.SIMULTANEOUS or loaded.num_players() != 2:
        raise UnsupportedGameError(
            f"{game} is no game of two players who move at once, as Markov games are here; try "
            "'markov_soccer(grid=.A\\nO.\\n.B)', or one of our own worlds"
        )
    return loaded


def _key(state: Any) -> Key:
    return END if state.is_terminal() else _COUNTERS.sub("", str(state))


def _settle(
    state: Any, probability: float, before: tuple[float, float]
) -> list[tuple[float, Any, tuple[float, float]]]:
    """Return the states after chance has moved, with probabilities and what was earned since ``before``."""
    if state.is_chance_node():
        found = []
        for action, chance in state.chance_outcomes():
            found += _settle(state.child(action), probability * chance, before)
        return found
    first, second = state.returns()
    return [(probability, state, (first - before[0], second - before[1]))]


def _outcomes(state: Any, name: Callable[[Any], Key]) -> Stage:
    """Return what follows every pair of actions; ``name`` is told every state that does."""
    first, second = state.returns()
    stage: Stage = {}
    for a, row in enumerate(state.legal_actions(0)):
        for b, column in enumerate(state.legal_actions(1)):
            after = state.clone()
            after.apply_actions([row, column])
            settled = _settle(after, 1.0, (first, second))
            stage[a, b] = [(probability, name(reached), earned) for probability, reached, earned in settled]
    return stage


def _compare(game: str, key: Key, known: Stage, other: Stage) -> None:
    # Rewards are compared by what is at stake, so that small ones are told apart, too.
    cells = [*known.values(), *other.values()]
    scale = max((abs(x) for cell in cells for _, _, earned in cell for x in earned), default=0.0) or 1.0
    if known.keys() != other.keys() or any(
        _merged(outcomes, scale) != _merged(other[pair], scale) for pair, outcomes in known.items()
    ):
        raise UnsupportedGameError(
            f"{game} has states that look alike and go on differently (such as {' / '.join(key.split())}): "
            "it is no Markov game in what it prints; if its horizon is short, make it longer"
        )


def _merged(outcomes: list[Outcome], scale: float) -> dict[tuple[Key, tuple[float, float]], float]:
    total: dict[tuple[Key, tuple[float, float]], float] = {}
    for probability, key, earned in outcomes:
        place = (key, (round(earned[0] / scale, 9), round(earned[1] / scale, 9)))
        total[place] = total.get(place, 0.0) + probability
    return {place: round(probability, 9) for place, probability in total.items()}


def _table(
    game: str, indices: dict[Key, int], start: list[tuple[float, Key]], stages: dict[Key, Stage]
) -> MarkovGame:
    n, m = (1 + last for last in max(next(iter(stages.values()))))
    count = len(indices)
    rewards, transitions = np.zeros((2, count, n, m)), np.zeros((count, n, m, count))
    initial = np.zeros(count)
    for probability, key in start:
        initial[indices[key]] += probability
    if END in indices:
        transitions[indices[END], :, :, indices[END]] = 1.0
    for key, stage in stages.items():
        s = indices[key]
        for (a, b), outcomes in stage.items():
            for probability, reached, earned in outcomes:
                transitions[s, a, b, indices[reached]] += probability
                rewards[:, s, a, b] += probability * np.array(earned)
    labels = tuple(" / ".join(key.split()) for key in indices)
    return MarkovGame(game, rewards, transitions, initial, labels)
