"""Games to Gambit's formats.

A game is written from its tree, not from its sequence form, whose leaves are merged. Payoffs are written so
that reading them gives the same floating-point numbers, and exactly where they were read from a file.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from nashforge.games.errors import NodeLimitError, UnsupportedGameError
from nashforge.games.files.extensive import CHANCE, TERMINAL
from nashforge.games.files.strategic import StrategicFile
from nashforge.games.leaves import strategic_payoffs
from nashforge.games.loading.openspiel import sequential_form
from nashforge.games.loading.source import GameSource, LoadedGame, load
from nashforge.games.sequence_form import SequenceForm


def write_game_file(form: SequenceForm, game: GameSource, path: Path) -> None:
    """Write a game in one of Gambit's formats; the ending of the path says which.

    Parameters
    ----------
    form
        The game compiled, by which it is known to be finite.
    game
        The game.
    path
        What is there is replaced once the whole game is written.

    Raises
    ------
    nashforge.games.GameError
        If it cannot be loaded, or not be written in this format.
    OSError
        If the file cannot be written.
    """
    loaded = load(game)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=".writing", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8") as file:
            if path.suffix.lower() == ".nfg":
                write_nfg(loaded, form, file)
            else:
                write_efg(loaded, file, max_nodes=form.nodes)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)  # temporary files are their owner's alone
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def write_efg(loaded: LoadedGame, file: TextIO, *, max_nodes: int) -> None:
    """Write a game in extensive form; players who move at once move in turn, without seeing each other.

    Raises
    ------
    nashforge.games.GameError
        If it has no exact finite tree, or one with more than ``max_nodes`` histories.
    """
    game = loaded.game
    if not loaded.openspiel and not hasattr(game, "new_initial_state"):
        raise UnsupportedGameError(
            f"{loaded.name} is in strategic form; write it to a file that ends in .nfg"
        )
    tree = sequential_form(game, loaded.name) if loaded.openspiel else game
    players: int = tree.num_players()
    names = getattr(game, "players", None) or [f"Player {player + 1}" for player in range(players)]
    file.write(f"EFG 2 R {_quoted(loaded.name)} {{ {' '.join(_listed(names))} }}\n")
    numbers: list[dict[str, int]] = [{} for _ in range(players)]
    outcomes: dict[tuple[Any, ...], int] = {}
    nodes = chances = 0
    stack = [tree.new_initial_state()]
    while stack:
        state = stack.pop()
        nodes += 1
        if nodes + len(stack) > max_nodes:
            raise NodeLimitError(loaded.name, max_nodes)
        player: int = state.current_player()
        if player == TERMINAL:
            payoffs = tuple(state.exact_returns() if not loaded.openspiel else state.returns())
            # Gambit reads a known outcome by its number alone; OpenSpiel wants its payoffs every time.
            number = outcomes.setdefault(payoffs, len(outcomes) + 1)
            file.write(f't "" {number} "" {{ {", ".join(map(_number, payoffs))} }}\n')
            continue
        if player == CHANCE:
            chances += 1
            actions, weights = _chances(state, exact=not loaded.openspiel)
            named = _listed(state.action_to_string(player, action) for action in actions)
            listed = " ".join(
                f"{name} {_number(weight)}" for name, weight in zip(named, weights, strict=True)
            )
            file.write(f'c "" {chances} "" {{ {listed} }} 0\n')
        else:
            label, actions = state.information_state_string(), list(state.legal_actions())
            number = numbers[player].setdefault(label, len(numbers[player]) + 1)
            listed = " ".join(_listed(state.action_to_string(player, action) for action in actions))
            file.write(f'p "" {player + 1} {number} {_quoted(label)} {{ {listed} }} 0\n')
        stack.extend(state.child(action) for action in reversed(actions))


def _chances(state: Any, *, exact: bool) -> tuple[list[int], list[Any]]:
    """Return what chance does and how likely, as numbers that sum to one exactly, as Gambit asks."""
    if exact:
        possible = [(action, weight) for action, weight in enumerate(state.exact_chances()) if weight > 0]
        return [action for action, _ in possible], [weight for _, weight in possible]
    listed = [(action, probability) for action, probability in state.chance_outcomes() if probability > 0]
    actions = [action for action, _ in listed]
    weights = [Fraction(probability).limit_denominator(10**6) for _, probability in listed]
    off = [abs(float(w) - p) > 1e-15 for w, (_, p) in zip(weights, listed, strict=True)]
    if any(off) or sum(weights) != 1:
        weights = [Fraction(probability) for _, probability in listed]
        weights = [weight / sum(weights) for weight in weights]
    return actions, weights


def write_nfg(loaded: LoadedGame, form: SequenceForm, file: TextIO) -> None:
    """Write a game in which every player moves once and knows nothing, in strategic form.

    Raises
    ------
    nashforge.games.UnsupportedGameError
        If it is another.
    """
    if isinstance(loaded.game, StrategicFile):
        names, strategies, payoffs = loaded.game.players, loaded.game.strategies, loaded.game.payoffs
    else:
        if any(treeplex.infosets != 1 for treeplex in form.treeplexes):
            raise UnsupportedGameError(
                f"{form.name} is not a game in which every player moves once; write it to a file that ends "
                "in .efg"
            )
        names = tuple(f"Player {player + 1}" for player in range(form.players))
        strategies = tuple(
            tuple(map(treeplex.action_name, range(treeplex.sequences))) for treeplex in form.treeplexes
        )
        payoffs = strategic_payoffs(form)
    file.write(f"NFG 1 R {_quoted(loaded.name)} {{ {' '.join(_listed(names))} }}\n\n{{ ")
    file.write("\n  ".join(f"{{ {' '.join(_listed(own))} }}" for own in strategies))
    file.write(' }\n""\n\n')
    profiles = payoffs.reshape(len(payoffs), -1, order="F").T
    file.writelines(" ".join(map(_number, profile)) + "\n" for profile in profiles)


def _listed(names: Iterable[str]) -> list[str]:
    """Return names in quotes, numbered where one is missing or comes again: Gambit wants them to differ."""
    seen: dict[str, None] = {}
    for k, name in enumerate(names, 1):
        own = _plain(name) or str(k)
        while own in seen:
            own = f"{own} ({k})"
        seen[own] = None
    return [_quoted(name) for name in seen]


def _plain(text: str) -> str:
    """Return a text as Gambit's labels are: printable ASCII, and single spaces between words."""
    shown = "".join(c if c.isprintable() else " " for c in text.replace("\\", "/"))
    return " ".join(shown.encode("ascii", "replace").decode().split())


def _quoted(text: str) -> str:
    escaped = _plain(text).replace('"', '\\"')
    return f'"{escaped}"'


def _number(value: Fraction | float) -> str:
    """Return a number as Gambit reads it; floating-point numbers as the shortest decimal that is the same."""
    if isinstance(value, Fraction):
        return str(value)
    return np.format_float_positional(float(value), trim="-")
