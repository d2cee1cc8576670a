"""Payoff matrices from a string: a family, a game with laboratory play, a literal, or a game string."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import GameError, GameStringError, UnsupportedGameError
from nashforge.games.leaves import strategic_payoffs, sums_to
from nashforge.games.matrix.families import FAMILIES
from nashforge.games.matrix.human import human_game, human_games
from nashforge.games.matrix.layout import own_rows
from nashforge.games.sequence_form import SequenceForm, Treeplex

Array = npt.NDArray[np.float64]

_FAMILY = re.compile(r"(?P<name>[a-z_]+)\((?P<n>\d+)(x(?P<m>\d+))?(,\s*seed=(?P<seed>\d+))?\)")


@dataclass(frozen=True, eq=False)
class Bimatrix:
    """A one-shot game of two players.

    Attributes
    ----------
    name : str
    payoffs : pair of ndarrays of shape (n, m)
        Each player's payoffs, player 1's actions as rows of both.
    given : pair, or None
        The same as they were given, where that is exact: perhaps in fractions.
    labels : pair of tuples of str, or None
        Of the actions of each player.
    names : pair of tuples of str, or None
        Of the actions of each player, where they have any beside their labels.
    """

    name: str
    payoffs: tuple[Array, Array]
    given: tuple[Any, Any] | None = field(default=None, repr=False)
    labels: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    names: tuple[tuple[str, ...], tuple[str, ...]] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Number of actions of each player."""
        n, m = self.payoffs[0].shape
        return n, m

    @property
    def actions(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Labels of the actions of each player: their numbers, where they have no others."""
        n, m = self.shape
        return self.labels or (tuple(map(str, range(n))), tuple(map(str, range(m))))

    @property
    def own(self) -> tuple[Array, Array]:
        """Both matrices with the player's own actions as rows, shapes ``(n, m)`` and ``(m, n)``."""
        return own_rows(*self.payoffs)

    @cached_property
    def exact(self) -> tuple[list[list[Fraction]], list[list[Fraction]]]:
        """Both matrices in fractions: 0.1 is a tenth where it was given as a decimal, else the float."""
        first, second = (
            [[Fraction(x) for x in row] for row in (m.tolist() if isinstance(m, np.ndarray) else m)]
            for m in self.given or self.payoffs
        )
        return first, second


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
        return Bimatrix(game.name, game.payoffs, labels=(("up", "down"), ("left", "right")))
    match = _FAMILY.fullmatch(given)
    if match and match["name"] in FAMILIES:
        n = int(match["n"])
        m = int(match["m"] or n)
        if not (1 <= n <= 1000 and 1 <= m <= 1000):
            raise GameStringError(f"sizes must be between 1 and 1000; got {given!r}")
        rng = np.random.default_rng(int(match["seed"] or 0))
        return Bimatrix(given, FAMILIES[match["name"]](rng, n, m))
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
    rows, columns = (treeplex.action_names for treeplex in form.treeplexes)
    return Bimatrix(form.name, (first, second), names=(rows, columns) if rows and columns else None)


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
    return Bimatrix(text, (first, second), given=(exact[0], exact[1]))
