"""Payoff matrices from a string: a family, a game with laboratory play, a literal, or a game string."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, overload

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import GameError, GameStringError, UnsupportedGameError
from nashforge.games.leaves import strategic_payoffs, sums_to
from nashforge.games.matrix.families import FAMILIES
from nashforge.games.matrix.human import human_game, human_games
from nashforge.games.sequence_form import SequenceForm, Treeplex

Array = npt.NDArray[np.float64]

_FAMILY = re.compile(r"(?P<name>[a-z_]+)\((?P<n>\d+)(x(?P<m>\d+))?(,\s*seed=(?P<seed>\d+))?\)")


@dataclass(frozen=True, eq=False)
class Bimatrix:
    """A one-shot game of two players.

    Attributes
    ----------
    name : str
    payoffs_1, payoffs_2 : ndarrays of shape (n, m)
        Each player's payoffs, player 1's actions as rows of both.
    actions : pair of tuples of str
        Labels of the actions of each player.
    """

    name: str
    payoffs_1: Array
    payoffs_2: Array
    actions: tuple[tuple[str, ...], tuple[str, ...]]
    exact: tuple[list[list[Fraction]], list[list[Fraction]]] | None = None
    """Both matrices in fractions, where payoffs were written as decimals: 0.1 is then a tenth."""
    names: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    """Names of the actions of each player, where they have any beside their labels."""

    @property
    def payoffs(self) -> tuple[Array, Array]:
        """Both matrices."""
        return self.payoffs_1, self.payoffs_2


@overload
def bimatrix(text: str, *, extensive: Literal[False] = False) -> Bimatrix: ...
@overload
def bimatrix(text: str, *, extensive: bool) -> Bimatrix | SequenceForm: ...
def bimatrix(text: str, *, extensive: bool = False) -> Bimatrix | SequenceForm:
    """Return the game that a string names.

    Parameters
    ----------
    text
        A game with laboratory play (``SC4``), a family with its size and seed (``random(3x4,seed=7)``), rows
        of both players' payoffs (``"7 0 / 5 9 ; 4 11 / 6 2"``, both with player 1's actions as rows), or an
        OpenSpiel game string of a one-shot game of two players (``matrix_pd``, ``blotto(coins=5)``).
    extensive
        Return other games compiled, rather than refuse them.

    Raises
    ------
    nashforge.games.GameError
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
    if is_literal(given):
        return _literal(given)
    from nashforge import games

    try:
        form = games.compile(given)
    except GameStringError as error:
        raise GameStringError(
            f"{error}; or give a game with laboratory play (SC1 to SC12, GHP4), a family "
            f"({', '.join(f'{name}(3x3,seed=1)' for name in FAMILIES)}), or rows of payoffs "
            "such as '3 0 / 5 1 ; 3 5 / 0 1'"
        ) from error
    return form if extensive and not is_one_shot(form) else one_shot(form)


def is_literal(text: str) -> bool:
    """Whether a string is meant as rows of payoffs: its first word is a number, and more than that follows.

    Game strings begin with a letter, and may hold the slashes of paths and the semicolons of lists.
    """
    words = [word for word in re.split(r"[\s,/;]+", text) if word]
    if len(words) < 2 or text.startswith("/") or text.endswith((".nfg", ".efg")):
        return False
    try:
        float(words[0])
    except ValueError:
        return False
    return True


def is_one_shot(form: SequenceForm) -> bool:
    """Whether a compiled game has two players with one information set each: it is a pair of matrices."""
    return form.players == 2 and all(treeplex.infosets == 1 for treeplex in form.treeplexes)


def one_shot(form: SequenceForm) -> Bimatrix:
    """Return the payoff matrices of a compiled game in which both players act at most once and know nothing.

    Raises
    ------
    nashforge.games.UnsupportedGameError
        If it is not a game of two players with one information set each.
    """
    if not is_one_shot(form):
        raise UnsupportedGameError(
            f"{form.name} is not a one-shot game of two players: it has {form.players} players with "
            f"{', '.join(str(treeplex.infosets) for treeplex in form.treeplexes)} information sets"
        )
    first, second = strategic_payoffs(form)
    names = tuple(treeplex.action_names for treeplex in form.treeplexes)
    found = _plain(form.name, first, second)
    return replace(found, names=(names[0], names[1])) if all(names) else found


def one_shot_form(name: str, payoffs_1: Array, payoffs_2: Array) -> SequenceForm:
    """Return payoff matrices, player 1's actions as rows, as a sequence form; the inverse of `one_shot`."""
    n, m = payoffs_1.shape

    def treeplex(actions: int) -> Treeplex:
        return Treeplex(
            start=np.array([0, actions], dtype=np.int32),
            parent=np.array([actions], dtype=np.int32),
            labels=("",),
            actions=np.arange(actions, dtype=np.int32),
        )

    rows, columns = (part.ravel().astype(np.int32) for part in np.mgrid[:n, :m])
    payoffs = np.stack([payoffs_1.ravel(), payoffs_2.ravel()])
    constant = sums_to(payoffs)
    return SequenceForm(
        name=name,
        treeplexes=(treeplex(n), treeplex(m)),
        leaf_sequences=np.stack([rows, columns]),
        leaf_payoffs=payoffs,
        leaf_chance=np.ones(n * m),
        nodes=1 + n + n * m,
        zero_sum=constant == 0.0,
        constant_sum=constant,
    )


def _plain(name: str, first: Array, second: Array) -> Bimatrix:
    n, m = first.shape
    return Bimatrix(name, first, second, (tuple(map(str, range(n))), tuple(map(str, range(m)))))


def _literal(text: str) -> Bimatrix:
    try:
        exact = [
            [[Fraction(x) for x in row.replace(",", " ").split()] for row in part.split("/")]
            for part in text.split(";")
        ]
        if len(exact) == 1:  # zero-sum
            exact.append([[-x for x in row] for row in exact[0]])
        first, second = (np.array([[float(x) for x in row] for row in matrix]) for matrix in exact)
        if first.ndim != 2 or first.shape != second.shape or 0 in first.shape:
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise GameError(
            f"{text!r} is not a pair of payoff matrices; write rows of player 0's payoffs, a semicolon, and "
            "player 1's in the same layout, as in '7 0 / 5 9 ; 4 11 / 6 2' (without the second: zero-sum); a "
            "slash separates rows, so that fractions such as 1/3 are written in a file (.nfg) or in Python"
        ) from error
    found = _plain(text, first, second)
    return replace(found, exact=(exact[0], exact[1]))
