"""What is played: OpenSpiel games compiled to sequence form, suites of them, and disguises.

Names are imported on first use, so that ``import games`` loads neither OpenSpiel nor numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from games.lazy import on_first_use

if TYPE_CHECKING:
    from games.compiler import compile
    from games.disguises import Disguise, disguise
    from games.errors import (
        GameError,
        GameFileError,
        GameStringError,
        ImperfectRecallError,
        InconsistentActionsError,
        NodeLimitError,
        SuiteError,
        UnsupportedGameError,
    )
    from games.identities import Identity, identity, portable
    from games.sequence_form import SequenceForm, Treeplex
    from games.source import GameSource, LoadedGame, exact_payoffs, load
    from games.suites import Suite, load_suite, suite_names

_MODULES = {
    "compile": "games.compiler",
    "SequenceForm": "games.sequence_form",
    "Treeplex": "games.sequence_form",
    "Disguise": "games.disguises",
    "disguise": "games.disguises",
    "Suite": "games.suites",
    "load_suite": "games.suites",
    "suite_names": "games.suites",
    "GameError": "games.errors",
    "GameFileError": "games.errors",
    "GameSource": "games.source",
    "GameStringError": "games.errors",
    "Identity": "games.identities",
    "LoadedGame": "games.source",
    "exact_payoffs": "games.source",
    "identity": "games.identities",
    "load": "games.source",
    "portable": "games.identities",
    "ImperfectRecallError": "games.errors",
    "InconsistentActionsError": "games.errors",
    "NodeLimitError": "games.errors",
    "SuiteError": "games.errors",
    "UnsupportedGameError": "games.errors",
}

__all__ = [
    "Disguise",
    "GameError",
    "GameFileError",
    "GameSource",
    "GameStringError",
    "Identity",
    "ImperfectRecallError",
    "InconsistentActionsError",
    "LoadedGame",
    "NodeLimitError",
    "SequenceForm",
    "Suite",
    "SuiteError",
    "Treeplex",
    "UnsupportedGameError",
    "compile",
    "disguise",
    "exact_payoffs",
    "identity",
    "load",
    "load_suite",
    "portable",
    "suite_names",
]

__getattr__ = on_first_use(__name__, _MODULES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
