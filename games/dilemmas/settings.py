"""Settings of social dilemmas, each one string: ``cleanup(agents=10,map=cleanup,preset=gallego2026)``."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace

from nashforge.games.dilemmas.maps import load_map
from nashforge.games.dilemmas.rules import HORIZON, PRESETS
from nashforge.games.errors import GameError
from nashforge.games.naming import choice

GAMES = ("gathering", "cleanup")
MOST_AGENTS = 60
"""An observation asks for its agents by the bits of one number."""

PAPER_AGENTS = 10


class SettingError(GameError):
    """A setting that cannot be played."""


@dataclass(frozen=True)
class Setting:
    """A game with its map, number of agents and rules.

    Attributes
    ----------
    game
        ``gathering`` or ``cleanup``.
    map
        Name or path of the map; by default the game's map of paper size.
    agents
        How many play; by default 10, or as many as the map has places to start from.
    preset
        Rules of resolution, one of `PRESETS`.
    horizon
        Steps of an episode.
    view
        Agents see so many cells in every direction; None: everything.
    offspring
        How many may be spawned in a founder's line, one by another; 0: nobody spawns or leaves.
    spawn_cost
        What a child costs the agent that spawns it.
    """

    game: str
    map: str = ""
    agents: int = 0
    preset: str = "default"
    horizon: int = HORIZON
    view: int | None = None
    offspring: int = 0
    spawn_cost: int = 0

    def __post_init__(self) -> None:
        if self.game not in GAMES:
            raise SettingError(f"there is no dilemma {self.game!r}; {choice(self.game, GAMES)}")
        if self.preset not in PRESETS:
            raise SettingError(f"there is no preset {self.preset!r}; {choice(self.preset, PRESETS)}")
        object.__setattr__(self, "map", self.map or self.game)
        if self.map != self.map.strip() or re.search(r"[,()\n]", self.map):
            raise SettingError(
                f"the path of the map {self.map!r} has a comma, a bracket or a blank at its ends, which the "
                "string of a setting cannot hold; rename the file"
            )
        grid = load_map(self.map)
        if self.game == "cleanup" and not len(grid.river):
            raise SettingError(f"the map {self.map} has no river, which Cleanup needs; draw some ~ and %")
        starts = len(grid.starts)
        object.__setattr__(self, "agents", self.agents or min(PAPER_AGENTS, starts))
        if not 1 <= self.agents <= min(starts, MOST_AGENTS):
            raise SettingError(
                f"{self.agents} agents cannot play on the map {self.map}; it has room for 1 to "
                f"{min(starts, MOST_AGENTS)}"
            )
        if self.horizon < 1:
            raise SettingError(f"the horizon is {self.horizon}, but an episode has at least 1 step")
        if self.view is not None and self.view < 1:
            raise SettingError(f"a view of {self.view} cells shows nothing; give at least 1, or leave it out")
        self._check_lines()

    def _check_lines(self) -> None:
        """Raise an error unless the founders' lines and the cost of spawning can be played."""
        if min(self.offspring, self.spawn_cost) < 0:
            raise SettingError(
                f"offspring={self.offspring} and spawn_cost={self.spawn_cost} are not both 0 or more"
            )
        if self.spawn_cost and not self.fluid:
            raise SettingError(
                f"spawn_cost={self.spawn_cost} is given, but nobody spawns; give offspring=3 with it, say"
            )
        if self.seats > MOST_AGENTS:
            raise SettingError(
                f"{self.agents} founders with offspring={self.offspring} each are {self.seats} agents, and "
                f"at most {MOST_AGENTS} can play; give offspring={MOST_AGENTS // self.agents - 1} or fewer"
            )

    @property
    def fluid(self) -> bool:
        """Whether agents may spawn and leave."""
        return self.offspring > 0

    @property
    def seats(self) -> int:
        """The most agents that may ever play: agent k is of the line of founder ``k % agents``."""
        return self.agents * (1 + self.offspring)

    def __str__(self) -> str:
        given = [f"agents={self.agents}", f"map={self.map}", f"preset={self.preset}"]
        if self.horizon != HORIZON:
            given.append(f"horizon={self.horizon}")
        if self.view is not None:
            given.append(f"view={self.view}")
        if self.fluid:
            given += [f"offspring={self.offspring}", f"spawn_cost={self.spawn_cost}"]
        return f"{self.game}({','.join(given)})"

    def with_horizon(self, horizon: int) -> Setting:
        """Return the same setting with other episodes."""
        return replace(self, horizon=horizon)


def parse_setting(text: str) -> Setting:
    """Return the setting that a string names.

    Raises
    ------
    SettingError
        If it cannot be read or cannot be played; says what is wrong and what is allowed.
    """
    match = re.fullmatch(r"\s*(\w+)\s*(?:\((.*)\))?\s*", text)
    if match is None:
        raise SettingError(f"{text!r} is no setting; write for example 'cleanup(agents=5,map=cleanup_small)'")
    name, inside = match.groups()
    known = {field.name for field in fields(Setting)} - {"game"}
    values: dict[str, str | int] = {}
    for part in filter(None, (piece.strip() for piece in (inside or "").split(","))):
        key, found, value = (piece.strip() for piece in part.partition("="))
        if not found or key not in known or key in values:
            raise SettingError(
                f"{part!r} in {text!r} is no option, or given twice; the options are "
                f"{', '.join(sorted(known))}"
            )
        if key in ("map", "preset"):
            values[key] = value
        elif re.fullmatch(r"-?\d+", value):
            values[key] = int(value)
        else:
            raise SettingError(f"{key} = {value!r} in {text!r} is not a whole number")
    return Setting(name, **values)  # type: ignore[arg-type]
