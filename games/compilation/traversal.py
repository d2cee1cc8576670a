"""Depth-first traversal of an OpenSpiel game, recording information sets and terminal histories."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import pyspiel

from nashforge.games.compilation.knowledge import Knowledge, Known
from nashforge.games.compilation.probing import far_too_large
from nashforge.games.errors import (
    GameError,
    ImperfectRecallError,
    InconsistentActionsError,
    NodeLimitError,
    UnsupportedGameError,
)
from nashforge.games.loading.openspiel import Game, State, first_line, without_openspiel_noise

Recall: TypeAlias = Literal["refuse", "refine"]
Progress: TypeAlias = Callable[[int], object]

TERMINAL, CHANCE = int(pyspiel.PlayerId.TERMINAL), int(pyspiel.PlayerId.CHANCE)

EMPTY = -1
"""The empty sequence while a game is traversed; its final index is only known at the end."""

REPORT_EVERY = 10_000
"""Histories between two calls of the progress callable."""

LONGEST_REHEARSAL = 1_000
"""Moves of the history that is tried first."""

LABEL_CHARACTERS = 100
"""Characters of information-state strings a history of the limit: a name may be a whole history."""

# What a user may write instead of a game whose information sets forget (found by trying OpenSpiel's games).
_PERFECT_RECALL = {
    "goofspiel": "goofspiel with imp_info=True",
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
    names : list of str
        The action of each sequence as OpenSpiel prints it.
    """

    index: dict[str | tuple[str, int], tuple[int, int, list[int]]] = field(default_factory=dict)
    actions: array[int] = field(default_factory=lambda: array("i"))
    names: list[str] = field(default_factory=list)


@dataclass
class Traversal:
    """Information sets and terminal histories of one pass over the game tree.

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


def _short(label: str) -> str:
    """Quote an information-state string, which may be a whole drawn board, within reason."""
    return repr(label if len(label) <= 120 else f"{label[:117]}...")


def forgets(name: str, short_name: str, player: int, label: str) -> ImperfectRecallError:
    """Return the error of an information set that merges histories in which its owner played differently."""
    remedy = _PERFECT_RECALL.get(short_name)
    instead = f"use {remedy}" if remedy else "choose a variant with perfect recall"
    return ImperfectRecallError(
        f"{name} has imperfect recall: player {player} reaches the information set {_short(label)} after "
        f"different moves of its own; {instead}",
        ", or pass imperfect_recall='refine' to split such sets by the owner's sequence",
    )


def _checked_chance(state: State, name: str) -> list[tuple[int, float]]:
    outcomes: list[tuple[int, float]] = state.chance_outcomes()
    total = sum(probability for _, probability in outcomes)
    if not abs(total - 1.0) <= 1e-6:
        raise UnsupportedGameError(
            f"the chance probabilities of {name} after the history {state.history()} sum to {total:.9g}, "
            f"not 1"
        )
    # What never happens is no part of the game: its payoffs would count for what can happen.
    return [(action, probability) for action, probability in outcomes if probability > 0.0]


def traverse(
    game: Game,
    name: str,
    short_name: str,
    max_nodes: int,
    imperfect_recall: Recall,
    progress: Progress | None,
    knowledge: Knowledge | None = None,
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
    knowledge : Knowledge, optional
        What players know; by default what information-state strings say.

    Raises
    ------
    NodeLimitError, ImperfectRecallError, InconsistentActionsError, UnsupportedGameError
        See `nashforge.games.errors`.
    """
    try:
        knowledge = knowledge or Knowledge()
        with without_openspiel_noise():
            rehearse(game, knowledge)
            hopeless = far_too_large(game, max_nodes)
        if hopeless:
            raise NodeLimitError(name, max_nodes)
        return _traverse(game, name, short_name, max_nodes, imperfect_recall, progress, knowledge)
    except GameError:
        raise
    except MemoryError as error:
        raise UnsupportedGameError(
            f"{name} does not fit in the memory of this process; choose a smaller game"
        ) from error
    except (pyspiel.SpielError, UnicodeDecodeError) as error:
        raise UnsupportedGameError(
            f"OpenSpiel cannot enumerate the histories of {name}: {first_line(error)}"
        ) from error


def rehearse(game: Game, knowledge: Knowledge) -> None:
    """Play one history, so that a game that OpenSpiel cannot play fails before anything is enumerated.

    Descriptor 2 belongs to all threads of the process, so that it is held for moments only: a whole traversal
    would swallow what others print.
    """
    state: State = game.new_initial_state()
    known = knowledge.start
    for _ in range(LONGEST_REHEARSAL):
        player = state.current_player()
        if player == CHANCE:
            moves = [move for move, _ in state.chance_outcomes()]
        elif player >= 0:
            known = knowledge.look(known, state)
            knowledge.label(known, state, player)
            moves = state.legal_actions()
        elif player == TERMINAL:
            state.returns()
            return
        else:
            return  # the traversal tells of it, and of a history without moves
        if not moves:
            return
        if player >= 0:
            known = knowledge.moved(known, player, moves[0])
        state.apply_action(moves[0])


def _traverse(
    game: Game,
    name: str,
    short_name: str,
    max_nodes: int,
    imperfect_recall: Recall,
    progress: Progress | None,
    knowledge: Knowledge,
) -> Traversal:
    players: int = game.num_players()
    refine = imperfect_recall == "refine"
    records = [InfosetRecords() for _ in range(players)]
    result = Traversal(records, array("i"), array("d"), array("d"))
    add_sequences, add_returns = result.sequences.extend, result.returns.extend
    # Equal lists of legal actions are kept once: most games have few distinct ones.
    shared_actions: dict[tuple[int, ...], list[int]] = {}
    names: dict[str, str] = {}  # and so are the names of actions
    nodes = characters = 0
    next_report = REPORT_EVERY

    # A stack, not recursion: depth is free. An entry is a history still to be visited: its parent's state,
    # the action that leads to it (none at the root), whether it is the last child to be visited, which may
    # then take over its parent's state without copying it, the last sequence of each player, the chance
    # probability, and what players know. Waiting siblings share one state, so memory grows with the depth,
    # not the breadth.
    root: State = game.new_initial_state()
    stack: list[tuple[State, int | None, bool, tuple[int, ...], float, Known]] = [
        (root, None, True, (EMPTY,) * players, 1.0, knowledge.start)
    ]
    push, pop = stack.append, stack.pop
    while stack:
        state, move, is_last, own, chance, known_before = pop()
        if not is_last:
            state = state.child(move)
        elif move is not None:
            state.apply_action(move)
        nodes += 1
        if nodes + len(stack) > max_nodes:  # what waits on the stack is certain to be visited
            raise NodeLimitError(name, max_nodes)
        if nodes >= next_report:
            next_report += REPORT_EVERY
            if progress is not None:
                progress(nodes)
        player = state.current_player()
        if player == TERMINAL:
            add_sequences(own)
            add_returns(state.returns())
            result.chance.append(chance)
            continue
        # Children are pushed last action first, so that they are visited first action first.
        if player == CHANCE:
            last_child = True
            for action, probability in reversed(_checked_chance(state, name)):
                push((state, action, last_child, own, chance * probability, known_before))
                last_child = False
            continue
        if player < 0:
            raise UnsupportedGameError(
                f"{name} has a history ({state.history()}) whose player to move is {player}, which is "
                f"neither a player nor chance"
            )
        now = knowledge.look(known_before, state)
        label = knowledge.label(now, state, player)
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
            for action in legal:
                text = state.action_to_string(player, action)
                record.names.append(names.setdefault(text, text))
            record.index[key] = (first, last, legal)
            characters += len(label)
            if characters > LABEL_CHARACTERS * max_nodes:
                raise NodeLimitError(name, max_nodes, characters)
        else:
            first, parent, actions = known
            if parent != last:
                raise forgets(name, short_name, player, label)
            if actions != legal:
                raise InconsistentActionsError(
                    f"{name} {knowledge.fault}: the information set {_short(label)} of player {player} "
                    f"offers the actions {actions} in one history and {legal} in another; {knowledge.remedy}"
                )
        before, after = own[:player], own[player + 1 :]
        last_child = True
        for offset in range(len(legal) - 1, -1, -1):
            action, sequences = legal[offset], (*before, first + offset, *after)
            push((state, action, last_child, sequences, chance, knowledge.moved(now, player, action)))
            last_child = False
    result.nodes = nodes
    return result
