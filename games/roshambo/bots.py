"""The bots of repeated rock, paper, scissors that OpenSpiel has, in a sentence each.

They are those of Billings' programming competitions of 1999 and 2000 (ICGA Journal 23(1), 2000), which
Lanctot et al. (2023), arXiv 2303.03196, made a benchmark of: a population of bots, matches of 1,000 throws.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from nashforge.games.errors import GameError
from nashforge.games.naming import choice

THROWS = 1000
"""Of a match, as in the competitions."""

PAYOFF = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=np.float64)
"""Of the row's throw against the column's; both are 0 rock, 1 paper, 2 scissors. Shape ``(3, 3)``."""

PAYOFF.flags.writeable = False

BOTS: Mapping[str, str] = MappingProxyType(
    {
        "actr_lag2_decay": "a model of human memory (ACT-R): what followed the last two throws, fading",
        "adddriftbot2": "the sum of both last throws plus a gear that drifts every 200 throws; half random",
        "addshiftbot3": "the sum of both last throws plus a gear that shifts when it loses; a fifth random",
        "antiflatbot": "exploits those who even their throws out: beats the other's rarest throw",
        "antirotnbot": "counts how the other rotates from throw to throw; random when it falls behind",
        "biopic": "counts what follows contexts of either history, and switches between predictors",
        "boom": "statistics of contexts at many lags with fading weights; bails out of what loses",
        "copybot": "throws what beats the other's last throw",
        "debruijn81": "a fixed text of De Bruijn sequences, in which all short patterns are equally frequent",
        "driftbot": "the other's last throw plus a gear that drifts every 111 throws; half at random",
        "flatbot3": "evens its own throws out, with noise",
        "foxtrotbot": "random, then its last throw moved by a pattern of three, in turn",
        "freqbot2": "beats the other's most frequent throw",
        "granite": "conditional frequencies of both players' throws, with a check on how it fares",
        "greenberg": "the winner of 2000: many predictors and levels of second-guessing, scored over windows",
        "halbot": "MegaHAL, third in 1999: a Markov model of unbounded order in a trie of contexts",
        "inocencio": "frequencies of the last throws, in proportion",
        "iocainebot": "Iocaine Powder, the winner of 1999: longest matches, three levels of second-guessing",
        "marble": "conditional frequencies of both players' throws, with other weights than granite's",
        "markov5": "a table of transitions from recent rounds, drawn from in proportion",
        "markovbails": "as markov5, but random from when it loses",
        "mixed_strategy": "a mix of simple strategies, chosen by their success",
        "mod1bot": "counts after each event of the last round, and plays against the most extreme counts",
        "multibot": "seven simple strategies, chosen by their recent success",
        "peterbot": "frequencies of both players and last throws, for simple opponents",
        "phasenbott": "second in 1999: predictors in the manner of Iocaine Powder, chosen by their success",
        "pibot": "the digits of pi modulo three",
        "piedra": "counts of what follows the last two rounds; random for good once 40 behind",
        "predbot": "fading counts after either player's last throws; plays against the most extreme",
        "r226bot": "20 % rock, 20 % paper, 60 % scissors",
        "randbot": "uniformly random",
        "robertot": "votes of single earlier rounds at many lags",
        "rockbot": "always rock",
        "rotatebot": "rock, paper, scissors in turn",
        "russrocker4": "a Markov model of the last three rounds",
        "shofar": "simple strategies and patterns, drawn by weights that grow with their success",
        "sunCrazybot": "a random map from its last throw to the next, shuffled the sooner the more it loses",
        "sunNervebot": "probabilities by the last round, which a win raises and a loss lowers",
        "sweetrock": "piedra, with more weight on what came last",
        "switchalot": "seldom (12 %) repeats its last throw",
        "switchbot": "never repeats its last throw",
        "textbot": "a fixed English text turned into throws, with too many scissors",
        "zq_move": "counts of what follows patterns of up to nine rounds; bails out of losses",
    }
)
"""What each bot does, by its name in OpenSpiel."""


class BotError(GameError):
    """A bot that does not exist, or cannot be played here."""


def check_bot(name: str) -> str:
    """Return the name of a bot.

    Raises
    ------
    BotError
        If there is none of that name.
    """
    if name not in BOTS:
        raise BotError(f"there is no bot {name!r} of rock, paper, scissors; {choice(name, BOTS)}")
    return name


def require_bots() -> None:
    """Make sure that the installed OpenSpiel has the bots.

    Raises
    ------
    BotError
        If it was built without them, or has others.
    """
    import pyspiel

    if not hasattr(pyspiel, "roshambo_bot_names"):
        raise BotError(
            "the installed OpenSpiel was built without the bots of rock, paper, scissors; install its wheel, "
            "or build it with OPEN_SPIEL_BUILD_WITH_ROSHAMBO=ON"
        )
    missing = sorted(set(BOTS) - set(pyspiel.roshambo_bot_names()))
    if missing:
        raise BotError(f"the installed OpenSpiel lacks the bots {', '.join(missing)}; install a newer one")


def game_string(throws: int) -> str:
    """Return the OpenSpiel string of a match."""
    return f"repeated_game(stage_game=matrix_rps(),num_repetitions={throws})"
