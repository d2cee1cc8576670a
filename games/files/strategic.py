"""Games in strategic form from Gambit's ``.nfg`` files, exactly, and as sequence forms.

The body is a list of payoffs, one for every player and every profile with the first player's strategy
changing fastest, or a list of outcomes and the number of an outcome for every profile. Gambit, "Game
representation formats", https://gambitproject.readthedocs.io/en/latest/formats.html.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.errors import NodeLimitError
from nashforge.games.files.tokens import Tokens
from nashforge.games.leaves import sums_to
from nashforge.games.sequence_form import SequenceForm, Treeplex


@dataclass(frozen=True, eq=False)
class StrategicFile:
    """A game in strategic form with exact payoffs.

    Attributes
    ----------
    title : str
    players : tuple of str
        Their names.
    strategies : tuple of tuples of str
        The names of each player's strategies.
    payoffs : ndarray of Fraction, shape (players, strategies of player 1, of player 2, ...)
    """

    title: str
    players: tuple[str, ...]
    strategies: tuple[tuple[str, ...], ...]
    payoffs: npt.NDArray[Any]

    def sequence_form(self, name: str, max_nodes: int) -> SequenceForm:
        """Return the game as one in which all players move once and know nothing.

        Raises
        ------
        NodeLimitError
            If the tree would have more than ``max_nodes`` histories.
        """
        sizes = [len(own) for own in self.strategies]
        nodes = sum(math.prod(sizes[:k]) for k in range(len(sizes) + 1))
        if nodes > max_nodes:
            raise NodeLimitError(name, max_nodes)
        treeplexes = tuple(
            Treeplex(
                start=np.array([0, len(own)], dtype=np.int32),
                parent=np.array([len(own)], dtype=np.int32),
                labels=(f"player {player + 1}",),
                actions=np.arange(len(own), dtype=np.int32),
                action_names=own,
            )
            for player, own in enumerate(self.strategies)
        )
        payoffs = np.array([[float(x) for x in table.ravel()] for table in self.payoffs])
        constant = sums_to(payoffs)
        return SequenceForm(
            name=name,
            treeplexes=treeplexes,
            leaf_sequences=np.stack([axis.ravel() for axis in np.indices(sizes, dtype=np.int32)]),
            leaf_payoffs=payoffs,
            leaf_chance=np.ones(payoffs.shape[1]),
            nodes=nodes,
            zero_sum=constant == 0.0,
            constant_sum=constant,
        )


def read_nfg(content: str, name: str) -> StrategicFile:
    """Read a game in strategic form.

    Parameters
    ----------
    content
        Of the file.
    name
        How errors call the file.

    Raises
    ------
    GameFileError
        If it is ill-formed; the sentence names the line and what was expected there.
    """
    tokens = Tokens(content, name)
    title = tokens.header("NFG", "1")
    line = tokens.next.line
    players = tuple(tokens.texts("the players' names"))
    if not players:
        raise tokens.problem("expected at least one player", line)
    strategies = _strategies(tokens, len(players), len(content))
    tokens.taken("text")  # a comment
    sizes = [len(own) for own in strategies]
    profiles = math.prod(sizes)
    if profiles * len(players) > len(content):  # each payoff takes a character at least
        raise tokens.problem(f"expected {profiles:,} profiles of strategies, more than the file has", line)
    table = (
        _outcomes(tokens, sizes, len(players))
        if tokens.next.kind == "{"
        else _list(tokens, sizes, len(players))
    )
    if tokens.next.kind != "end":
        tokens.expected(f"the end of the file after {profiles} profiles of strategies")
    # Fortran order: the first player's strategy changes fastest.
    payoffs = np.empty((len(players), *sizes), dtype=object)
    for player in range(len(players)):
        column = np.empty(profiles, dtype=object)
        column[:] = [row[player] for row in table]
        payoffs[player] = column.reshape(sizes, order="F")
    return StrategicFile(title, players, strategies, payoffs)


def _strategies(tokens: Tokens, players: int, most: int) -> tuple[tuple[str, ...], ...]:
    what = f"the strategies of {players} players, as numbers {{ 2 3 }} or names"
    tokens.take("{", what)
    found: list[tuple[str, ...]] = []
    for player in range(1, players + 1):
        line = tokens.next.line
        if tokens.next.kind == "{":
            own = tuple(tokens.texts(f"the strategies of player {player}"))
            if not own:
                raise tokens.problem(f"expected at least one strategy of player {player}", line)
        else:
            count = tokens.integer(f"how many strategies player {player} of {players} has", 1, 10**7)
            if count > most:
                raise tokens.problem(
                    f"expected {count:,} strategies of player {player}, more than the file has", line
                )
            own = tuple(map(str, range(1, count + 1)))
        found.append(own)
    tokens.take("}", f'"}}" after the strategies of {players} players')
    return tuple(found)


def _list(tokens: Tokens, sizes: list[int], players: int) -> list[tuple[Fraction, ...]]:
    rows = []
    for k in range(math.prod(sizes)):
        where = f"in profile {k + 1} of {math.prod(sizes)}"
        rows.append(
            tuple(tokens.number(f"the payoff of player {player} {where}") for player in range(1, players + 1))
        )
    return rows


def _outcomes(tokens: Tokens, sizes: list[int], players: int) -> list[tuple[Fraction, ...]]:
    tokens.take("{", "outcomes")
    outcomes = [(Fraction(0),) * players]  # outcome 0 is none
    while tokens.taken("{"):
        tokens.taken("text")
        what = f"of outcome {len(outcomes)}"
        outcomes.append(
            tuple(tokens.number(f"the payoff of player {k} {what}") for k in range(1, players + 1))
        )
        tokens.take("}", f'"}}" after the payoffs {what}')
    tokens.take("}", 'another outcome { "name" payoffs }, or "}"')
    profiles, last = math.prod(sizes), len(outcomes) - 1
    return [
        outcomes[
            tokens.integer(
                f"the number of an outcome, 0 to {last}, of profile {k + 1} of {profiles}", 0, last
            )
        ]
        for k in range(profiles)
    ]
