"""What is played: OpenSpiel games compiled to sequence form, suites of them, and disguises.

Names are imported on first use, so that ``import games`` loads neither OpenSpiel nor numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import on_first_use

if TYPE_CHECKING:
    from nashforge.games.compilation.compiler import compile
    from nashforge.games.disguises import Disguise, disguise
    from nashforge.games.errors import (
        GameError,
        GameFileError,
        GameStringError,
        ImperfectRecallError,
        InconsistentActionsError,
        NodeLimitError,
        SuiteError,
        UnsupportedGameError,
    )
    from nashforge.games.loading.identities import Identity, identity, portable
    from nashforge.games.loading.source import GameSource, LoadedGame, exact_payoffs, load
    from nashforge.games.sequence_form import SequenceForm, Treeplex
    from nashforge.games.suites import Suite, load_suite, suite_names

_MODULES = {
    "compile": "nashforge.games.compilation.compiler",
    "SequenceForm": "nashforge.games.sequence_form",
    "Treeplex": "nashforge.games.sequence_form",
    "Disguise": "nashforge.games.disguises",
    "disguise": "nashforge.games.disguises",
    "Suite": "nashforge.games.suites",
    "load_suite": "nashforge.games.suites",
    "suite_names": "nashforge.games.suites",
    "GameError": "nashforge.games.errors",
    "GameFileError": "nashforge.games.errors",
    "GameSource": "nashforge.games.loading.source",
    "GameStringError": "nashforge.games.errors",
    "Identity": "nashforge.games.loading.identities",
    "LoadedGame": "nashforge.games.loading.source",
    "exact_payoffs": "nashforge.games.loading.source",
    "identity": "nashforge.games.loading.identities",
    "load": "nashforge.games.loading.source",
    "portable": "nashforge.games.loading.identities",
    "ImperfectRecallError": "nashforge.games.errors",
    "InconsistentActionsError": "nashforge.games.errors",
    "NodeLimitError": "nashforge.games.errors",
    "SuiteError": "nashforge.games.errors",
    "UnsupportedGameError": "nashforge.games.errors",
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
