"""Two payoff matrices from a string: a family, a game of people, a literal, or a one-shot OpenSpiel game."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from games.errors import GameError, GameStringError, UnsupportedGameError
from games.matrix.families import FAMILIES
from games.matrix.human import human_game, human_games
from games.sequence_form import SequenceForm, Treeplex

Array = npt.NDArray[np.float64]

_FAMILY = re.compile(r"(?P<name>[a-z_]+)\((?P<n>\d+)(x(?P<m>\d+))?(,\s*seed=(?P<seed>\d+))?\)")


@dataclass(frozen=True, eq=False)
class Bimatrix:
    """A one-shot game of two players.

    Attributes
    ----------
    name : str
    payoffs_1, payoffs_2 : ndarrays of shapes (n, m) and (m, n)
        Each player's payoffs with its own actions as rows.
    actions : pair of tuples of str
        Labels of the actions of each player.
    """

    name: str
    payoffs_1: Array
    payoffs_2: Array
    actions: tuple[tuple[str, ...], tuple[str, ...]]

    @property
    def payoffs(self) -> tuple[Array, Array]:
        """Both matrices."""
        return self.payoffs_1, self.payoffs_2


def bimatrix(text: str) -> Bimatrix:
    """Return the game that a string names.

    Parameters
    ----------
    text
        A game of people (``SC4``), a family with its size and seed (``random(3x4,seed=7)``), rows of both
        players' payoffs (``"7 0 / 5 9 ; 4 11 / 6 2"``, both with player 1's actions as rows), or an
        OpenSpiel game string of a one-shot game of two players (``matrix_pd``, ``blotto(coins=5)``).

    Raises
    ------
    games.GameError
        If it names no such game.
    """
    given = text.strip()
    if given.lower() in {game.name.lower() for game in human_games()}:
        game = human_game(given)
        return Bimatrix(game.name, game.payoffs_1, game.payoffs_2, (("up", "down"), ("left", "right")))
    match = _FAMILY.fullmatch(given)
    if match and match["name"] in FAMILIES:
        n = int(match["n"])
        m = int(match["m"] or n)
        if not (1 <= n <= 1000 and 1 <= m <= 1000):
            raise GameStringError(f"sizes must be between 1 and 1000; got {given!r}")
        rng = np.random.default_rng(int(match["seed"] or 0))
        return _plain(given, *FAMILIES[match["name"]](rng, n, m))
    if ";" in given or "/" in given:
        return _literal(given)
    import games

    try:
        form = games.compile(given)
    except GameStringError as error:
        raise GameStringError(
            f"{error}; or give a game of people (SC1 to SC12, GHP4), a family "
            f"({', '.join(f'{name}(3x3,seed=1)' for name in FAMILIES)}), or rows of payoffs "
            "such as '3 0 / 5 1 ; 3 5 / 0 1'"
        ) from error
    return one_shot(form)


def one_shot(form: SequenceForm) -> Bimatrix:
    """Return the payoff matrices of a compiled game in which both players act once and know nothing.

    Raises
    ------
    games.UnsupportedGameError
        If it is not a game of two players with one information set each.
    """
    if form.players != 2 or any(treeplex.infosets != 1 for treeplex in form.treeplexes):
        raise UnsupportedGameError(
            f"{form.name} is not a one-shot game of two players: it has {form.players} players with "
            f"{', '.join(str(treeplex.infosets) for treeplex in form.treeplexes)} information sets"
        )
    n, m = (treeplex.sequences for treeplex in form.treeplexes)
    first, second = np.zeros((n, m)), np.zeros((n, m))
    first[tuple(form.leaf_sequences)] = form.leaf_payoffs[0]
    second[tuple(form.leaf_sequences)] = form.leaf_payoffs[1]
    return _plain(form.name, first, second.T.copy())


def one_shot_form(name: str, payoffs_1: Array, payoffs_2: Array) -> SequenceForm:
    """Return two payoff matrices, own actions as rows, as a sequence form; the inverse of `one_shot`."""
    n, m = payoffs_1.shape

    def treeplex(actions: int) -> Treeplex:
        return Treeplex(
            start=np.array([0, actions], dtype=np.int32),
            parent=np.array([actions], dtype=np.int32),
            labels=("",),
            actions=np.arange(actions, dtype=np.int32),
        )

    rows, columns = (part.ravel().astype(np.int32) for part in np.mgrid[:n, :m])
    payoffs = np.stack([payoffs_1.ravel(), payoffs_2.T.ravel()])
    return SequenceForm(
        name=name,
        treeplexes=(treeplex(n), treeplex(m)),
        leaf_sequences=np.stack([rows, columns]),
        leaf_payoffs=payoffs,
        leaf_chance=np.ones(n * m),
        nodes=1 + n + n * m,
        zero_sum=bool(np.allclose(payoffs.sum(axis=0), 0.0)),
    )


def _plain(name: str, first: Array, second: Array) -> Bimatrix:
    n, m = first.shape
    return Bimatrix(name, first, second, (tuple(map(str, range(n))), tuple(map(str, range(m)))))


def _literal(text: str) -> Bimatrix:
    parts = text.split(";")
    try:
        matrices = [
            np.array([[float(x) for x in row.replace(",", " ").split()] for row in part.split("/")])
            for part in parts
        ]
        if len(matrices) == 1:  # zero-sum
            matrices.append(-matrices[0])
        first, second = matrices
        if first.ndim != 2 or first.shape != second.shape or 0 in first.shape:
            raise ValueError
        if not (np.isfinite(first).all() and np.isfinite(second).all()):
            raise ValueError
    except ValueError as error:
        raise GameError(
            f"{text!r} is not a pair of payoff matrices; write rows of player 1's payoffs, a semicolon, and "
            "player 2's in the same layout, as in '7 0 / 5 9 ; 4 11 / 6 2' (without the second: zero-sum)"
        ) from error
    return _plain(text, first, second.T.copy())
