"""Game files in Gambit's formats: strategic form (``.nfg``) and extensive form (``.efg``), read.

Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import exports

if TYPE_CHECKING:
    from nashforge.games.files.extensive import ExtensiveFile as ExtensiveFile
    from nashforge.games.files.extensive import read_efg as read_efg
    from nashforge.games.files.reading import read_game_file as read_game_file
    from nashforge.games.files.strategic import StrategicFile as StrategicFile
    from nashforge.games.files.strategic import read_nfg as read_nfg

__all__, __getattr__, __dir__ = exports(__name__)
