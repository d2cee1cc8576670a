"""Runs one bot in one match behind flat arrays, in a process of its own: bots draw from the C library."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyspiel

from nashforge.games.roshambo.bots import THROWS, game_string

IMPORTS: tuple[str, ...] = ()
"""Bots import nothing."""

_C_LIBRARY = ctypes.CDLL(None)  # opened here: a confined process opens nothing

_BOT = 0
"""The bot's seat; the game is symmetric."""


class Host:
    """A bot of OpenSpiel, seeded so that a match can be repeated.

    Parameters
    ----------
    namespace
        Of the program beside it, which is empty: bots are no programs.
    setup
        ``bot`` and ``seed``. A bot always expects a whole match, however soon that ends: some are compiled
        for its length, and crash in a shorter one.
    inputs, outputs
        Shared arrays by name; ``throw`` is written.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        setup: Mapping[str, Any],
        inputs: Mapping[str, npt.NDArray[Any]],
        outputs: Mapping[str, npt.NDArray[np.float64]],
    ) -> None:
        _C_LIBRARY.srandom(ctypes.c_uint(setup["seed"]))
        self._state = pyspiel.load_game(game_string(THROWS)).new_initial_state()
        self._bot = pyspiel.make_roshambo_bot(_BOT, setup["bot"], THROWS)
        self._throw = outputs["throw"]
        self._last = -1

    def call(self, theirs: int) -> None:
        """Write the bot's next throw, given the other player's last one; before the first it is ignored."""
        if self._last >= 0:
            self._state.apply_actions([self._last, theirs])
        self._last = self._bot.step(self._state)
        self._throw[0] = self._last
