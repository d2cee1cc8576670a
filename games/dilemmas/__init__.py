"""Sequential social dilemmas on grids (Gathering, Cleanup), a cooperative grid, and matrix dilemmas.

Environments are compiled step kernels over arrays; `nashforge.games.dilemmas.openspiel` registers them as
OpenSpiel games. Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import on_first_use

if TYPE_CHECKING:
    from nashforge.games.dilemmas.environment import Environment, make
    from nashforge.games.dilemmas.maps import GridMap, MapError, load_map, map_names
    from nashforge.games.dilemmas.rules import PRESETS, Rules
    from nashforge.games.dilemmas.settings import Setting, SettingError

_MODULES = {
    "Environment": "nashforge.games.dilemmas.environment",
    "make": "nashforge.games.dilemmas.environment",
    "GridMap": "nashforge.games.dilemmas.maps",
    "MapError": "nashforge.games.dilemmas.maps",
    "load_map": "nashforge.games.dilemmas.maps",
    "map_names": "nashforge.games.dilemmas.maps",
    "PRESETS": "nashforge.games.dilemmas.rules",
    "Rules": "nashforge.games.dilemmas.rules",
    "Setting": "nashforge.games.dilemmas.settings",
    "SettingError": "nashforge.games.dilemmas.settings",
}

__all__ = [
    "PRESETS",
    "Environment",
    "GridMap",
    "MapError",
    "Rules",
    "Setting",
    "SettingError",
    "load_map",
    "make",
    "map_names",
]

__getattr__ = on_first_use(__name__, _MODULES)
