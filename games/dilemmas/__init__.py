"""Sequential social dilemmas on grids (Gathering, Cleanup), a cooperative grid, and matrix dilemmas.

Environments are compiled step kernels over arrays; `nashforge.games.dilemmas.openspiel` registers them as
OpenSpiel games. Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import exports

if TYPE_CHECKING:
    from nashforge.games.dilemmas.environment import Environment as Environment
    from nashforge.games.dilemmas.environment import make as make
    from nashforge.games.dilemmas.maps import GridMap as GridMap
    from nashforge.games.dilemmas.maps import MapError as MapError
    from nashforge.games.dilemmas.maps import load_map as load_map
    from nashforge.games.dilemmas.maps import map_names as map_names
    from nashforge.games.dilemmas.rules import PRESETS as PRESETS
    from nashforge.games.dilemmas.rules import Rules as Rules
    from nashforge.games.dilemmas.settings import Setting as Setting
    from nashforge.games.dilemmas.settings import SettingError as SettingError

__all__, __getattr__, __dir__ = exports(__name__)
