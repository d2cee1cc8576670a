"""The display of long compilations appears to people only."""

from __future__ import annotations

import io

import pytest

from nashforge import games
from nashforge.games.compilation import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def show(monkeypatch):
    """Put a stream in the place of standard error; called in the test, as pytest resets streams before it."""

    def replace(stream: io.StringIO) -> io.StringIO:
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.setenv("TERM", "xterm")
        return stream

    return replace


def test_a_long_compilation_is_shown_on_a_terminal(show, monkeypatch):
    terminal = show(Terminal())
    monkeypatch.setattr(progress, "DELAY", 0.0)
    games.compile("liars_dice(dice_sides=5)", cache=False)
    assert "compiling liars_dice(dice_sides=5)" in terminal.getvalue()


def test_a_short_compilation_is_not(show):
    terminal = show(Terminal())
    games.compile("kuhn_poker", cache=False)
    assert terminal.getvalue() == ""


def test_nothing_is_shown_where_nobody_looks(show, monkeypatch):
    stream = show(io.StringIO())
    monkeypatch.setattr(progress, "DELAY", 0.0)
    games.compile("liars_dice(dice_sides=5)", cache=False)
    assert stream.getvalue() == ""


def test_a_callers_own_progress_replaces_the_display(show, monkeypatch):
    terminal = show(Terminal())
    monkeypatch.setattr(progress, "DELAY", 0.0)
    seen: list[int] = []
    games.compile("liars_dice(dice_sides=5)", cache=False, progress=seen.append)
    assert seen
    assert terminal.getvalue() == ""
