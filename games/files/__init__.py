"""Game files in Gambit's formats: strategic form (``.nfg``) and extensive form (``.efg``), read.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import on_first_use

if TYPE_CHECKING:
    from nashforge.games.files.extensive import ExtensiveFile, read_efg
    from nashforge.games.files.reading import read_game_file
    from nashforge.games.files.strategic import StrategicFile, read_nfg

_HOME = {
    "ExtensiveFile": "nashforge.games.files.extensive",
    "StrategicFile": "nashforge.games.files.strategic",
    "read_efg": "nashforge.games.files.extensive",
    "read_game_file": "nashforge.games.files.reading",
    "read_nfg": "nashforge.games.files.strategic",
}

__all__ = [
    "ExtensiveFile",
    "StrategicFile",
    "read_efg",
    "read_game_file",
    "read_nfg",
]

__getattr__ = on_first_use(__name__, _HOME)
