"""Sequential social dilemmas on grids (Gathering, Cleanup), a cooperative grid, and matrix dilemmas.

Environments are compiled step kernels over arrays; `games.dilemmas.openspiel` registers them as OpenSpiel
games. Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from games.lazy import on_first_use

if TYPE_CHECKING:
    from games.dilemmas.environment import Environment, make
    from games.dilemmas.maps import GridMap, MapError, load_map, map_names
    from games.dilemmas.rules import PRESETS, Rules
    from games.dilemmas.settings import Setting, SettingError

_MODULES = {
    "Environment": "games.dilemmas.environment",
    "make": "games.dilemmas.environment",
    "GridMap": "games.dilemmas.maps",
    "MapError": "games.dilemmas.maps",
    "load_map": "games.dilemmas.maps",
    "map_names": "games.dilemmas.maps",
    "PRESETS": "games.dilemmas.rules",
    "Rules": "games.dilemmas.rules",
    "Setting": "games.dilemmas.settings",
    "SettingError": "games.dilemmas.settings",
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
