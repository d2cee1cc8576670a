"""Gathering and Cleanup as OpenSpiel games, so that its tools and bots run on them.

Importing this module registers ``python_gathering`` and ``python_cleanup``. All randomness of an episode
follows from one chance node at its start, which draws a seed that players do not observe; after it every step
is a simultaneous move. Who is out of the game can only stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyspiel

from nashforge.games.dilemmas import kernels
from nashforge.games.dilemmas.actions import NAMES, STAND, legal_actions
from nashforge.games.dilemmas.environment import make
from nashforge.games.dilemmas.maps import load_map
from nashforge.games.dilemmas.rules import FREEZE, HIT_PENALTY, HORIZON
from nashforge.games.dilemmas.settings import GAMES, MOST_AGENTS, Setting

SEEDS = 1024
"""Outcomes of the chance node, unless a game says otherwise."""

PLANES = 10
"""Planes of an observation: self, its four facings, others, out of the game, apples, waste, walls."""


def _type(game: str) -> pyspiel.GameType:
    return pyspiel.GameType(
        short_name=f"python_{game}",
        long_name=f"Python {game.capitalize()}",
        dynamics=pyspiel.GameType.Dynamics.SIMULTANEOUS,
        chance_mode=pyspiel.GameType.ChanceMode.EXPLICIT_STOCHASTIC,
        information=pyspiel.GameType.Information.IMPERFECT_INFORMATION,
        utility=pyspiel.GameType.Utility.GENERAL_SUM,
        reward_model=pyspiel.GameType.RewardModel.REWARDS,
        max_num_players=MOST_AGENTS,
        min_num_players=1,
        provides_information_state_string=False,
        provides_information_state_tensor=False,
        provides_observation_string=True,
        provides_observation_tensor=True,
        parameter_specification={
            "agents": 0,
            "map": "",
            "preset": "default",
            "horizon": HORIZON,
            "seeds": SEEDS,
        },
    )


_TYPES = {game: _type(game) for game in GAMES}


class DilemmaGame(pyspiel.Game):  # type: ignore[misc]
    """A social dilemma with a map, a number of agents and rules; see `nashforge.games.dilemmas.settings`."""

    game = ""

    def __init__(self, params: dict[str, Any] | None = None) -> None:
        given = {**_TYPES[self.game].parameter_specification, **(params or {})}
        self.setting = Setting(self.game, given["map"], given["agents"], given["preset"], given["horizon"])
        self.seeds = max(int(given["seeds"]), 1)
        setting, grid = self.setting, load_map(self.setting.map)
        least = 0.0 if self.game == "gathering" else -setting.horizon * (1.0 + setting.agents * HIT_PENALTY)
        super().__init__(
            _TYPES[self.game],
            pyspiel.GameInfo(
                num_distinct_actions=len(legal_actions(self.game)),
                max_chance_outcomes=self.seeds,
                num_players=setting.agents,
                min_utility=least,
                max_utility=float(setting.horizon),
                max_game_length=setting.horizon,
            ),
            params or {},
        )
        self.shape = (PLANES, grid.height, grid.width)

    def new_initial_state(self) -> DilemmaState:
        """Return the chance node before the episode."""
        return DilemmaState(self)

    def make_py_observer(self, iig_obs_type: Any = None, params: Any = None) -> DilemmaObserver:
        """Return what turns states into observations of a player."""
        return DilemmaObserver(self.shape)


class DilemmaState(pyspiel.State):  # type: ignore[misc]
    """A state: a chance node, then one simultaneous node a step."""

    def __init__(self, game: DilemmaGame) -> None:
        super().__init__(game)
        self.seeds = game.seeds
        self.environment = make(game.setting)
        self.begun = False

    def current_player(self) -> int:
        """Return whose turn it is: chance, everybody, or nobody at the end."""
        if not self.begun:
            return int(pyspiel.PlayerId.CHANCE)
        end, together = pyspiel.PlayerId.TERMINAL, pyspiel.PlayerId.SIMULTANEOUS
        return int(end if self.environment.done else together)

    def chance_outcomes(self) -> list[tuple[int, float]]:
        """Return the seeds, all equally likely."""
        return [(seed, 1.0 / self.seeds) for seed in range(self.seeds)]

    def _legal_actions(self, player: int) -> list[int]:
        # A counter of 1 falls to 0 before anybody acts.
        out = self.environment.table[kernels.TIMEOUT, player] > 1
        return [STAND] if out else list(self.environment.actions)

    def _apply_action(self, action: int) -> None:
        self.environment.reset(np.random.default_rng([action, 0]))
        self.begun = True

    def _apply_actions(self, actions: Sequence[int]) -> None:
        self.environment.step(actions)

    def _action_to_string(self, player: int, action: int) -> str:
        return f"seed {action}" if player == pyspiel.PlayerId.CHANCE else NAMES[action]

    def is_terminal(self) -> bool:
        """Whether the episode is over."""
        return self.begun and self.environment.done

    def rewards(self) -> list[float]:
        """Return the rewards of the last step."""
        return [float(reward) for reward in self.environment.rewards]

    def returns(self) -> list[float]:
        """Return the sums of rewards so far."""
        return [float(total) for total in self.environment.returns]

    def __str__(self) -> str:
        if not self.begun:
            return "before the episode"
        table = self.environment.table.tolist()
        apples = int((self.environment.apples == 0).sum())
        return (
            f"step {self.environment.step_number}: {table}, {apples} apples, {self.environment.density():.3f}"
        )


class DilemmaObserver:
    """Observations of a player, as planes over the map."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.tensor = np.zeros(int(np.prod(shape)), dtype=np.float32)
        self.dict: dict[str, npt.NDArray[np.float32]] = {"planes": self.tensor.reshape(shape)}

    def set_from(self, state: DilemmaState, player: int) -> None:
        """Fill the tensor."""
        planes = self.dict["planes"]
        planes[...] = 0.0
        environment = state.environment
        flat = planes.reshape(PLANES, -1)
        if state.begun:
            table, grid = environment.table, environment.grid
            own = int(table[kernels.CELL, player])
            flat[0, own] = 1.0
            flat[1 + int(table[kernels.FACING, player]), own] = 1.0
            others = np.arange(environment.agents) != player
            flat[5, table[kernels.CELL, others]] = 1.0
            flat[6, table[kernels.CELL]] = table[kernels.TIMEOUT] / FREEZE
            flat[7, grid.apples] = environment.apples == 0
            if len(environment.waste):
                flat[8, grid.river] = environment.waste
        flat[9] = environment.grid.walls

    def string_from(self, state: DilemmaState, player: int) -> str:
        """Return the observation as text."""
        return f"agent {player}, {state}"


class GatheringGame(DilemmaGame):
    """``python_gathering``."""

    game = "gathering"


class CleanupGame(DilemmaGame):
    """``python_cleanup``."""

    game = "cleanup"


pyspiel.register_game(_TYPES["gathering"], GatheringGame)
pyspiel.register_game(_TYPES["cleanup"], CleanupGame)
