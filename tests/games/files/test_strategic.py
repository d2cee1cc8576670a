"""Strategic games in Gambit's format: read as pygambit reads them, and written so that it reads them."""

from __future__ import annotations

import io
import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashforge import games
from nashforge.games.files.strategic import StrategicFile, read_nfg
from nashforge.games.writing import write_nfg

PAYOFFS = st.fractions(max_denominator=60, min_value=-100, max_value=100)
NAMES = st.text(st.sampled_from('ab "\\,{}0'), max_size=5)


def payoffs_by_gambit(text: str):
    """Return exact payoffs of a strategic game, shape (players, *strategies), as pygambit reads them."""
    gambit = pytest.importorskip("pygambit")
    game = gambit.read_nfg(io.BytesIO(text.encode()))
    sizes = [len(player.strategies) for player in game.players]
    table = np.empty((len(sizes), *sizes), dtype=object)
    for profile in product(*map(range, sizes)):
        for k, player in enumerate(game.players):
            value = game[profile][player]
            table[(k, *profile)] = (
                Fraction(int(value.numerator), int(value.denominator))
                if hasattr(value, "numerator")
                else Fraction(str(value))
            )
    return table


def table_of(data, sizes: tuple[int, ...]):
    rows = data.draw(
        st.lists(PAYOFFS, min_size=len(sizes) * math.prod(sizes), max_size=len(sizes) * math.prod(sizes))
    )
    table = np.empty(len(rows), dtype=object)
    table[:] = rows
    return table.reshape(len(sizes), *sizes)


def spelled(value: Fraction, decimal: bool) -> str:
    text = f"{float(value):.6f}"
    return text if decimal and Fraction(text) == value else str(value)


@settings(max_examples=60)
@given(
    data=st.data(),
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple),
    outcomes=st.booleans(),
    comment=st.sampled_from(["", '""', '"a \\"comment\\"\nof two lines"']),
    decimal=st.booleans(),
    comma=st.booleans(),
)
def test_strategic_files_are_read_as_gambit_reads_them(data, sizes, outcomes, comment, decimal, comma):
    table = table_of(data, sizes)
    rows = table.reshape(len(sizes), -1, order="F").T
    numbers = [(", " if comma and outcomes else " ").join(spelled(x, decimal) for x in row) for row in rows]
    players = " ".join(f'"P{k}"' for k in range(len(sizes)))
    if outcomes:
        strategies = " ".join("{ " + " ".join(f'"s{a}"' for a in range(n)) + " }" for n in sizes)
        listed = "\n".join(f'{{ "o{k}" {row} }}' for k, row in enumerate(numbers))
        body = f"{{\n{listed}\n}}\n" + " ".join(str(k + 1) for k in range(len(rows)))
    else:
        strategies, body = " ".join(map(str, sizes)), "\n".join(numbers)
    text = f'NFG 1 R "a \\"title\\"" {{ {players} }} {{ {strategies} }}\n{comment}\n{body}\n'
    read = read_nfg(text, "my.nfg")
    assert (read.payoffs == table).all()
    assert (payoffs_by_gambit(text) == table).all()


@settings(max_examples=30)
@given(data=st.data(), sizes=st.lists(st.integers(1, 3), min_size=2, max_size=3).map(tuple))
def test_strategic_games_are_written_as_gambit_and_we_read_them(data, sizes):
    table = table_of(data, sizes)
    names = [[data.draw(NAMES) for _ in range(n)] for n in sizes]
    loaded = games.LoadedGame(
        data.draw(NAMES),
        StrategicFile("", tuple("AB C"[: len(sizes)]), tuple(map(tuple, names)), table),
        None,
        False,
    )
    file = io.StringIO()
    write_nfg(loaded, loaded.game.sequence_form("", 10**6), file)
    assert (read_nfg(file.getvalue(), "x.nfg").payoffs == table).all()
    assert (payoffs_by_gambit(file.getvalue()) == table).all()
