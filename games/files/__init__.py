"""Game files in Gambit's formats: strategic form (``.nfg``) and extensive form (``.efg``), read and written.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from games.lazy import on_first_use

if TYPE_CHECKING:
    from games.files.extensive import ExtensiveFile, read_efg
    from games.files.reading import read_game_file
    from games.files.strategic import StrategicFile, read_nfg
    from games.files.writing import write_efg, write_game_file, write_nfg

_HOME = {
    "ExtensiveFile": "games.files.extensive",
    "StrategicFile": "games.files.strategic",
    "read_efg": "games.files.extensive",
    "read_game_file": "games.files.reading",
    "read_nfg": "games.files.strategic",
    "write_efg": "games.files.writing",
    "write_game_file": "games.files.writing",
    "write_nfg": "games.files.writing",
}

__all__ = [
    "ExtensiveFile",
    "StrategicFile",
    "read_efg",
    "read_game_file",
    "read_nfg",
    "write_efg",
    "write_game_file",
    "write_nfg",
]

__getattr__ = on_first_use(__name__, _HOME)
