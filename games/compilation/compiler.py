"""Compile an OpenSpiel game to its sequence form.

The sequence form is that of Koller, Megiddo & von Stengel, "Fast algorithms for finding randomized strategies
in game trees" (STOC 1994), for any number of players.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from itertools import accumulate

import numpy as np

from nashforge.games.compilation import cache as disk
from nashforge.games.compilation.knowledge import INFORMATION, Information, knowledge
from nashforge.games.compilation.progress import terminal_progress
from nashforge.games.compilation.traversal import EMPTY, InfosetRecords, Progress, Recall, traverse
from nashforge.games.errors import GameError, NodeLimitError, UnsupportedGameError
from nashforge.games.leaves import merge_leaves, sums_to
from nashforge.games.loading.openspiel import sequential_form, short_name
from nashforge.games.loading.source import GameSource, LoadedGame, load
from nashforge.games.naming import choice
from nashforge.games.sequence_form import SequenceForm, Treeplex

COMPILER_VERSION = 3
"""Part of the cache key: raise it whenever the same game would compile to different arrays."""

BEHIND = {"state": "", "observation": " [known: observations]", "history": " [known: history]"}
"""Behind the name of a game whose players know what is assumed."""

DEFAULT_MAX_NODES = 5_000_000
"""The largest number of histories, unless the environment variable ``NASHFORGE_MAX_NODES`` says another."""


def compile(
    game: GameSource | SequenceForm,
    *,
    max_nodes: int | None = None,
    imperfect_recall: Recall = "refuse",
    information: Information = "state",
    cache: bool = True,
    progress: Progress | None = None,
) -> SequenceForm:
    """Compile a finite game to its immutable sequence form.

    Any number of players; chance is folded into the payoffs; simultaneous moves are taken in turn without
    being observed. Information sets are numbered in the order of a depth-first traversal, which puts parents
    first and neighbours in the tree near each other in memory. Terminal histories with the same last
    sequences of all players are merged into one leaf; leaves are in lexicographic order of their sequences.

    Parameters
    ----------
    game : str, Path, pyspiel.Game or SequenceForm
        A game string of OpenSpiel such as ``"leduc_poker(players=3)"`` or of a generator, the path of a game
        file in Gambit's format (``.nfg`` or ``.efg``), a loaded game, or a compiled one, which is returned as
        it is. Loaded games do not use the disk cache: a game object may carry data that its name hides.
    max_nodes : int, optional
        The largest number of histories of the game tree; by default as the environment variable
        ``NASHFORGE_MAX_NODES`` says, else `DEFAULT_MAX_NODES`.
    imperfect_recall : {"refuse", "refine"}
        Whether a game whose information sets forget the owner's own moves is an error, or its information
        sets are split by the owner's sequence, which gives the coarsest refinement with perfect recall. A
        split information set's label ends in ``" [own sequence k]"``.
    information : {"state", "observation", "history"}
        What the players of an OpenSpiel game know: what its information-state strings say; or, which is an
        assumption, what their observation strings have shown them so far, and their own moves; or, of games
        of perfect information, the history. The last two are named behind the game's name.
    cache : bool
        Whether to read and write the disk cache, see `nashforge.games.compilation.cache`.
    progress : callable, optional
        Called with the number of histories visited so far. By default a progress bar appears on a terminal
        (standard error) once a compilation takes longer than a second.

    Returns
    -------
    SequenceForm
        Named as ``game`` is spelled. Compiling the same string again in one process returns the same arrays.

    Raises
    ------
    GameStringError
        If OpenSpiel does not know or cannot read the game string.
    GameFileError
        If a game file does not exist, cannot be read or is ill-formed.
    UnsupportedGameError
        If the game has sampled chance, does not provide ``information``, or has payoffs that are not finite.
    ImperfectRecallError
        If the game has imperfect recall and it is refused.
    InconsistentActionsError
        If histories of one information set offer different actions.
    NodeLimitError
        If the game has more than ``max_nodes`` histories.
    GameError
        If ``NASHFORGE_MAX_NODES`` is needed and is not a positive whole number.
    """
    if imperfect_recall not in ("refuse", "refine"):
        raise ValueError(f"imperfect_recall must be 'refuse' or 'refine'; got {imperfect_recall!r}")
    if information not in INFORMATION:
        raise GameError(f"there is no information by {information!r}; {choice(information, INFORMATION)}")
    if max_nodes is not None and max_nodes < 1:
        raise ValueError(f"max_nodes must be at least 1; got {max_nodes}")
    if isinstance(game, SequenceForm):
        if information != "state":
            raise GameError(f"{game.name} is compiled: what its players know is settled")
        if max_nodes is not None and game.nodes > max_nodes:  # the usual limit is on work, which is done here
            raise NodeLimitError(game.name, max_nodes)
        return game
    limit = default_max_nodes() if max_nodes is None else max_nodes
    loaded = load(game)
    if information != "state" and not loaded.openspiel:
        raise UnsupportedGameError(
            f"what players know in {loaded.name} is a part of the game; information by {information} is for "
            "games of OpenSpiel"
        )

    def build() -> SequenceForm:
        return _compile(loaded, limit, imperfect_recall, progress, information)

    if not cache or not loaded.lasting or loaded.identity is None:
        return build()
    key = disk.CacheKey.of(
        loaded.identity,
        compiler_version=COMPILER_VERSION,
        imperfect_recall=imperfect_recall,
        information=information,
    )
    form = disk.load_or_build(key, build, f"{loaded.name}{BEHIND[information]}")
    if form.nodes > limit:  # the limit must not depend on whether the game happens to be cached
        raise NodeLimitError(loaded.name, limit)
    return form


def default_max_nodes() -> int:
    """Return the largest number of histories where a call names none.

    Raises
    ------
    GameError
        If ``NASHFORGE_MAX_NODES`` is set, and not to a positive whole number.
    """
    text = os.environ.get("NASHFORGE_MAX_NODES", "").strip()
    if not text:
        return DEFAULT_MAX_NODES
    if not re.fullmatch("0*[1-9][0-9]{0,17}", text):
        raise GameError(
            f"NASHFORGE_MAX_NODES, the largest number of histories of a game, is {text!r}; set it to a "
            "positive whole number, or unset it"
        )
    return int(text)


def _compile(
    loaded: LoadedGame,
    max_nodes: int,
    imperfect_recall: Recall,
    progress: Progress | None,
    information: Information,
) -> SequenceForm:
    name, game = loaded.name, loaded.game
    if not loaded.openspiel and hasattr(game, "sequence_form"):  # from matrices or levels, without a walk
        compiled: SequenceForm = game.sequence_form(name, max_nodes)
        return compiled
    if loaded.openspiel:
        sequential, kind = sequential_form(game, name, information), short_name(game)
    else:
        sequential, kind = game, "efg_game"
    with terminal_progress(name, progress) as report:
        players: int = sequential.num_players()
        known = knowledge(information, sequential, name)
        seen = traverse(sequential, name, kind, max_nodes, imperfect_recall, report, known)
        treeplexes = tuple(_treeplex(records) for records in seen.infosets)
        chance = np.frombuffer(seen.chance, dtype=np.float64)
        sequences = np.frombuffer(seen.sequences, dtype=np.int32).reshape(-1, players)
        returns = np.frombuffer(seen.returns, dtype=np.float64).reshape(-1, players)
        if not np.isfinite(returns).all():
            raise UnsupportedGameError(f"{name} has payoffs that are not finite numbers")
        constant = sums_to(returns.T)
        empty = np.array([treeplex.sequences for treeplex in treeplexes], dtype=np.int32)
        tuples = np.ascontiguousarray(np.where(sequences == EMPTY, empty, sequences).T)
        leaf_sequences, leaf_payoffs, leaf_chance = merge_leaves(tuples, returns.T * chance, chance)
    return SequenceForm(
        name=f"{name}{BEHIND[information]}",
        treeplexes=treeplexes,
        leaf_sequences=leaf_sequences,
        leaf_payoffs=leaf_payoffs,
        leaf_chance=leaf_chance,
        nodes=seen.nodes,
        zero_sum=constant == 0.0,
        constant_sum=constant,
    )


def _treeplex(records: InfosetRecords) -> Treeplex:
    infosets = list(records.index.values())
    total = len(records.actions)
    parents = np.fromiter((parent for _, parent, _ in infosets), dtype=np.int32, count=len(infosets))
    sizes = (len(actions) for _, _, actions in infosets)
    start = np.fromiter(accumulate(sizes, initial=0), dtype=np.int32, count=len(infosets) + 1)
    return Treeplex(
        start=start,
        parent=np.where(parents == EMPTY, np.int32(total), parents).astype(np.int32),
        labels=_labels(records),
        actions=np.array(records.actions, dtype=np.int32),
        action_names=tuple(records.names),
    )


def _labels(records: InfosetRecords) -> tuple[str, ...]:
    """Return unique labels: OpenSpiel's strings, with the own sequence added to those that were split."""
    parts = Counter(key[0] for key in records.index if isinstance(key, tuple))

    def label(key: str | tuple[str, int]) -> str:
        if isinstance(key, str):
            return key
        text, own = key
        return text if parts[text] == 1 else f"{text} [own sequence {'empty' if own == EMPTY else own}]"

    return tuple(map(label, records.index))
