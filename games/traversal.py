"""Depth-first traversal of an OpenSpiel game, recording information sets and terminal histories."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import pyspiel

from games.errors import (
    GameError,
    ImperfectRecallError,
    InconsistentActionsError,
    NodeLimitError,
    UnsupportedGameError,
)
from games.openspiel import Game, State, first_line

Recall: TypeAlias = Literal["refuse", "refine"]
Progress: TypeAlias = Callable[[int], object]

EMPTY = -1
"""The empty sequence while a game is traversed; its final index is only known at the end."""

REPORT_EVERY = 10_000
"""Histories between two calls of the progress callable."""

# What a user may write instead of a game whose information sets forget (found by trying OpenSpiel's games).
_PERFECT_RECALL = {
    "goofspiel": "goofspiel with imp_info=True",
    "dark_hex_ir": "dark_hex",
    "liars_dice_ir": "liars_dice",
    "phantom_ttt_ir": "phantom_ttt",
}


@dataclass
class InfosetRecords:
    """The information sets of one player, in the order of their first visit.

    Attributes
    ----------
    index : dict
        From the key of an information set to (first sequence, own last sequence, legal actions). The key is
        the information-state string, or the pair (string, own last sequence) when recall is refined.
    actions : array of int
        The action of each sequence.
    """

    index: dict[str | tuple[str, int], tuple[int, int, list[int]]] = field(default_factory=dict)
    actions: array[int] = field(default_factory=lambda: array("i"))


@dataclass
class Traversal:
    """What one pass over the game tree saw.

    Attributes
    ----------
    infosets : list of InfosetRecords
        One a player.
    sequences, returns : array
        Last sequences (`EMPTY` for none) and returns of every terminal history, player by player in turn.
    chance : array of float
        Chance probability of every terminal history.
    nodes : int
        Number of histories.
    """

    infosets: list[InfosetRecords]
    sequences: array[int]
    returns: array[float]
    chance: array[float]
    nodes: int = 0


def _forgets(name: str, short_name: str, player: int, label: str) -> ImperfectRecallError:
    remedy = _PERFECT_RECALL.get(short_name)
    instead = f"use {remedy}, or pass" if remedy else "choose a variant with perfect recall, or pass"
    return ImperfectRecallError(
        f"{name} has imperfect recall: player {player} reaches the information set {label!r} after different "
        f"moves of its own; {instead} imperfect_recall='refine' to split such sets by the owner's sequence"
    )


def _checked_chance(state: State, name: str) -> list[tuple[int, float]]:
    outcomes: list[tuple[int, float]] = state.chance_outcomes()
    total = sum(probability for _, probability in outcomes)
    if not abs(total - 1.0) <= 1e-6:
        raise UnsupportedGameError(
            f"the chance probabilities of {name} after the history {state.history()} sum to {total:.9g}, not 1"
        )
    return outcomes


def traverse(
    game: Game,
    name: str,
    short_name: str,
    max_nodes: int,
    imperfect_recall: Recall,
    progress: Progress | None,
) -> Traversal:
    """Visit every history of a sequential game once, parents before children, in the order of the actions.

    Parameters
    ----------
    game : pyspiel.Game
        A sequential game with explicit chance and information-state strings.
    name, short_name : str
        How errors call the game, and OpenSpiel's short name of it.
    max_nodes : int
        The largest number of histories.
    imperfect_recall : {"refuse", "refine"}
        What to do where an information set merges histories with different own sequences.
    progress : callable, optional
        Called with the number of histories seen so far, every `REPORT_EVERY` of them.

    Raises
    ------
    NodeLimitError, ImperfectRecallError, InconsistentActionsError, UnsupportedGameError
        See `games.errors`.
    """
    try:
        return _traverse(game, name, short_name, max_nodes, imperfect_recall, progress)
    except GameError:
        raise
    except pyspiel.SpielError as error:
        raise UnsupportedGameError(
            f"OpenSpiel cannot enumerate the histories of {name}: {first_line(error)}"
        ) from error


def _traverse(
    game: Game,
    name: str,
    short_name: str,
    max_nodes: int,
    imperfect_recall: Recall,
    progress: Progress | None,
) -> Traversal:
    players: int = game.num_players()
    refine = imperfect_recall == "refine"
    records = [InfosetRecords() for _ in range(players)]
    result = Traversal(records, array("i"), array("d"), array("d"))
    add_sequences, add_returns = result.sequences.extend, result.returns.extend
    terminal, chance_player = int(pyspiel.PlayerId.TERMINAL), int(pyspiel.PlayerId.CHANCE)
    # Equal lists of legal actions are kept once: most games have few distinct ones.
    shared_actions: dict[tuple[int, ...], list[int]] = {}
    nodes = 0
    checkpoint = min(REPORT_EVERY, max_nodes)

    # A stack of (history, last sequence of each player, chance probability), not recursion: depth is free.
    stack: list[tuple[State, tuple[int, ...], float]] = [(game.new_initial_state(), (EMPTY,) * players, 1.0)]
    push, pop = stack.append, stack.pop
    while stack:
        state, own, chance = pop()
        if nodes >= checkpoint:
            if nodes >= max_nodes:
                raise NodeLimitError(name, max_nodes)
            if progress is not None:
                progress(nodes)
            checkpoint = min(nodes + REPORT_EVERY, max_nodes)
        nodes += 1
        player = state.current_player()
        if player == terminal:
            add_sequences(own)
            add_returns(state.returns())
            result.chance.append(chance)
            continue
        # Children are pushed last action first, so that they are visited first action first. The first
        # action is applied to the state itself, which saves one copy a history.
        if player == chance_player:
            outcomes = _checked_chance(state, name)
            for action, probability in outcomes[:0:-1]:
                push((state.child(action), own, chance * probability))
            action, probability = outcomes[0]
            state.apply_action(action)
            push((state, own, chance * probability))
            continue
        if player < 0:
            raise UnsupportedGameError(
                f"{name} has a history ({state.history()}) whose player to move is {player}, which is neither "
                f"a player nor chance"
            )
        label: str = state.information_state_string()
        legal: list[int] = state.legal_actions()
        last = own[player]
        record = records[player]
        key = (label, last) if refine else label
        known = record.index.get(key)
        if known is None:
            if not legal:
                raise UnsupportedGameError(f"{name} has a history ({state.history()}) without legal actions")
            legal = shared_actions.setdefault(tuple(legal), legal)
            first = len(record.actions)
            record.actions.extend(legal)
            record.index[key] = (first, last, legal)
        else:
            first, parent, actions = known
            if parent != last:
                raise _forgets(name, short_name, player, label)
            if actions != legal:
                raise InconsistentActionsError(
                    f"{name} is ill-formed: the information set {label!r} of player {player} offers the actions "
                    f"{actions} in one history and {legal} in another; report it to the game's authors"
                )
        before, after = own[:player], own[player + 1 :]
        for offset in range(len(legal) - 1, 0, -1):
            push((state.child(legal[offset]), (*before, first + offset, *after), chance))
        state.apply_action(legal[0])
        push((state, (*before, first, *after), chance))
    result.nodes = nodes
    return result
