"""Games: those of OpenSpiel compiled to sequence form, suites of them, and disguises.

Names are imported on first use, so that ``import games`` loads neither OpenSpiel nor numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import exports

if TYPE_CHECKING:
    from nashforge.games.compilation.compiler import compile as compile
    from nashforge.games.disguises import Disguise as Disguise
    from nashforge.games.disguises import disguise as disguise
    from nashforge.games.errors import GameError as GameError
    from nashforge.games.errors import GameFileError as GameFileError
    from nashforge.games.errors import GameStringError as GameStringError
    from nashforge.games.errors import ImperfectRecallError as ImperfectRecallError
    from nashforge.games.errors import InconsistentActionsError as InconsistentActionsError
    from nashforge.games.errors import NodeLimitError as NodeLimitError
    from nashforge.games.errors import SuiteError as SuiteError
    from nashforge.games.errors import UnsupportedGameError as UnsupportedGameError
    from nashforge.games.loading.identities import Identity as Identity
    from nashforge.games.loading.identities import identity as identity
    from nashforge.games.loading.identities import portable as portable
    from nashforge.games.loading.source import GameSource as GameSource
    from nashforge.games.loading.source import LoadedGame as LoadedGame
    from nashforge.games.loading.source import exact_payoffs as exact_payoffs
    from nashforge.games.loading.source import load as load
    from nashforge.games.sequence_form import SequenceForm as SequenceForm
    from nashforge.games.sequence_form import Treeplex as Treeplex
    from nashforge.games.suites import Suite as Suite
    from nashforge.games.suites import family as family
    from nashforge.games.suites import load_suite as load_suite
    from nashforge.games.suites import suite_names as suite_names

__all__, __getattr__, __dir__ = exports(__name__)
