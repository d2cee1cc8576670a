"""Playing an episode: a trusted environment asks programs behind sessions for actions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.dilemmas import kernels
from nashforge.games.dilemmas.actions import STAND
from nashforge.games.dilemmas.environment import Environment, make
from nashforge.games.dilemmas.maps import GridMap, load_map
from nashforge.games.dilemmas.paths import paths
from nashforge.games.dilemmas.rules import (
    CLEANUP_BEAM_LENGTH,
    CLEANUP_BEAM_WIDTH,
    GATHERING_BEAM_LENGTH,
    GATHERING_BEAM_WIDTH,
    PRESETS,
)
from nashforge.games.dilemmas.settings import Setting
from nashforge.solvers.policies import host
from nashforge.solvers.policies.metrics import FAULTS, population_metrics, social_metrics
from nashforge.solvers.programs.session import InlineSession, Session, load_module

SLOW_SECONDS = 1.0
"""An answer (of all agents of a program in a step) that takes longer is counted as slow; time for which the
program had no processor does not count.
"""

SLOW_ANSWERS = 10
"""So many are forgiven in an episode; a sandbox also ends a program whose single answer never comes."""

HOST = "nashforge.solvers.policies.host"


class PolicyFailure(ValueError):
    """A program answered with something that is no action of the game."""


class SlowPolicy(ValueError):
    """A program answered too slowly too often."""


@dataclass(frozen=True)
class Team:
    """Agents that run one program, and the session that runs it."""

    session: Session
    seats: tuple[int, ...]


@dataclass(frozen=True)
class Episode:
    """The record of an episode.

    Attributes
    ----------
    setting : Setting
        What was played.
    returns : ndarray of float64, shape (agents,)
        Sum of the rewards of each agent.
    tally : ndarray of int64, shape (10, agents)
        What agents did, see `nashforge.games.dilemmas.kernels`.
    eaten : ndarray of int64, shape (apple cells,)
        How often an apple was eaten in each cell.
    lived : ndarray of int64, shape (agents,)
        Steps in which each agent was there.
    invalid, raised, slow : int
        Actions that were none (the agent stood instead), exceptions (likewise), slow answers.
    seconds : float
        Wall time.
    """

    setting: Setting
    returns: npt.NDArray[np.float64]
    tally: npt.NDArray[np.int64]
    eaten: npt.NDArray[np.int64]
    lived: npt.NDArray[np.int64]
    invalid: int
    raised: int
    slow: int
    seconds: float

    @property
    def by_founder(self) -> npt.NDArray[np.float64]:
        """Sum of the returns of each founder's line, shape ``(founders,)``."""
        lines: npt.NDArray[np.float64] = self.returns.reshape(-1, self.setting.agents).sum(axis=0)
        return lines

    @property
    def faults(self) -> dict[str, int]:
        """The faults that were forgiven, by the names of `nashforge.solvers.policies.metrics.FAULTS`."""
        return dict(zip(FAULTS, (self.invalid, self.raised, self.slow), strict=True))

    @property
    def metrics(self) -> dict[str, float | None]:
        """The social metrics, see `nashforge.solvers.policies.metrics`."""
        setting = self.setting
        found = social_metrics(self.returns, self.tally, setting.horizon, self.lived)
        if setting.fluid:
            found |= population_metrics(self.returns, self.lived, setting.agents, setting.horizon)
        return found


@dataclass
class _Faults:
    """The faults of one team so far."""

    invalid: int = 0
    raised: int = 0
    slow: int = 0


def session_arguments(setting: Setting, source: str, seats: Sequence[int]) -> dict[str, Any]:
    """Return what a session needs besides the program: host, setup, inputs and outputs."""
    grid = load_map(setting.map)
    setup = {
        "game": setting.game,
        "horizon": setting.horizon,
        "height": grid.height,
        "width": grid.width,
        "cells": grid.cells,
        "agents": setting.seats,
        "founders": setting.agents,
        "spawn_cost": setting.spawn_cost if setting.fluid else None,
        "apples": len(grid.apples),
        "river": len(grid.river) if setting.game == "cleanup" else 0,
        "reach": beam_table(setting.game, grid, setting.preset).shape[2],
        "seats": list(seats),
        "program": source,
    }
    return {"host": HOST, "setup": setup, "inputs": host.inputs(setup), "outputs": host.outputs(seats)}


def send_map(session: Session, setting: Setting) -> None:
    """Write the tables of the map into a session's inputs, once."""
    grid, inputs = load_map(setting.map), session.inputs
    ways = paths(grid)
    inputs["walls"][:] = grid.walls
    inputs["apple_cells"][:] = grid.apples
    inputs["distance"][:] = ways.distance
    inputs["first"][:] = ways.first
    inputs["beam"][:] = beams = beam_table(setting.game, grid, setting.preset)
    inputs["reached_from"][:] = _inverse(beams)
    if setting.game == "cleanup":
        inputs["river_cells"][:] = grid.river


@lru_cache(maxsize=16)
def beam_table(game: str, grid: GridMap, preset: str) -> npt.NDArray[np.int16]:
    """Return the cells that a beam reaches, by cell and facing, padded with -1."""
    stop = PRESETS[preset].beams_stop_at_walls
    length, width = (
        (CLEANUP_BEAM_LENGTH, CLEANUP_BEAM_WIDTH)
        if game == "cleanup"
        else (GATHERING_BEAM_LENGTH, GATHERING_BEAM_WIDTH)
    )
    found = np.full((grid.cells, 4, length * width), -1, dtype=np.int16)
    area = np.zeros(grid.cells, dtype=np.int32)
    for cell in np.flatnonzero(~grid.walls):
        for facing in range(4):
            count = kernels.rectangle(int(cell), facing, length, width, stop, grid.walls, grid.width, area)
            found[cell, facing, :count] = area[:count]
    return found


def _inverse(beams: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Return from where (``4 * cell + facing``) each cell is reached, padded with ``4 * cells``."""
    cells, _, reach = beams.shape
    found = np.full((cells, 4 * reach), 4 * cells, dtype=np.int16)
    spot, _ = np.divmod(np.flatnonzero(beams.ravel() >= 0), reach)
    target = beams[beams >= 0]
    order = np.argsort(target, kind="stable")
    target, spot = target[order], spot[order]
    place = np.arange(len(target)) - np.searchsorted(target, target)
    found[target, place] = spot
    return found


def play(
    environment: Environment,
    seed: int,
    teams: Sequence[Team],
    on_step: Callable[[Environment], None] | None = None,
) -> Episode:
    """Play an episode to its end.

    Parameters
    ----------
    environment
        Is reset first.
    seed
        Of the environment's luck and, separately, of the random numbers that policies are given.
    teams
        Every agent has a seat in exactly one of them; their maps were shown (`send_map`).
    on_step
        Called after the reset and after every step.

    Raises
    ------
    PolicyFailure
        If a program answers with something that is no action.
    SlowPolicy
        If a program is slow too often.
    nashforge.evolve.sandbox.CandidateFailure
        From a session, when the program cannot go on.
    """
    setting = environment.setting
    agents = setting.seats
    seated = sorted(seat for team in teams for seat in team.seats)
    if seated != list(range(agents)):
        raise ValueError(f"the teams have the seats {seated}; every agent from 0 to {agents - 1} needs one")
    if setting.view is not None and any(len(team.seats) > 1 for team in teams):
        raise ValueError("with a restricted view every agent needs a session of its own; give teams one seat")
    began = time.perf_counter()
    environment.reset(np.random.default_rng([seed, 0]))
    chances = np.random.default_rng([seed, 1]).random((setting.horizon, agents))
    actions = np.full(agents, STAND, dtype=np.int64)
    legal = np.asarray(environment.actions, dtype=np.float64)
    faults = [_Faults() for _ in teams]
    if on_step is not None:
        on_step(environment)
    for step in range(setting.horizon):
        # A counter of 1 falls to 0 before anybody acts.
        timeouts = environment.table[kernels.TIMEOUT]
        asked = sum(1 << int(i) for i in np.flatnonzero((timeouts >= 0) & (timeouts <= 1)))
        for team, wrong in zip(teams, faults, strict=True):
            session, seats = team.session, team.seats
            seen = environment.state if setting.view is None else _in_view(environment, seats[0])
            session.inputs["state"][:] = seen
            session.inputs["chance"][:] = chances[step]
            before = session.waited
            session.call(step, asked, expect=("actions",))
            if session.waited - before > SLOW_SECONDS:
                _slow(wrong)
            answer = session.outputs["actions"]
            fine = (answer[:, None] == legal).any(axis=1)
            if not fine.all():
                answer = _forgiven(answer, fine, wrong)
            actions[list(seats)] = answer
        environment.step(actions)
        if on_step is not None:
            on_step(environment)
    return Episode(
        setting=setting,
        returns=environment.returns.copy(),
        tally=environment.tally.copy(),
        eaten=environment.eaten.copy(),
        lived=environment.lived.copy(),
        invalid=sum(wrong.invalid for wrong in faults),
        raised=sum(wrong.raised for wrong in faults),
        slow=sum(wrong.slow for wrong in faults),
        seconds=time.perf_counter() - began,
    )


def self_play(
    setting: Setting,
    source: str,
    seeds: Iterable[int],
    on_step: Callable[[Environment], None] | None = None,
) -> list[Episode]:
    """Play episodes in which every agent runs one program, in this process.

    Parameters
    ----------
    setting
        What is played.
    source
        The program. It is trusted: to run code of unknown origin, use the sandbox.
    seeds
        One an episode.
    """
    return [in_process(setting, [source] * setting.agents, seed, on_step) for seed in seeds]


def in_process(
    setting: Setting,
    sources: Sequence[str],
    seed: int,
    on_step: Callable[[Environment], None] | None = None,
) -> Episode:
    """Play an episode with a trusted program for each founder; agents with equal sources form a team."""
    return play_served(
        setting,
        sources,
        seed,
        lambda source, arguments: nullcontext(InlineSession(load_module(source, "policy"), **arguments)),
        on_step,
    )


def play_served(
    setting: Setting,
    sources: Sequence[str],
    seed: int,
    serve: Callable[[str, Mapping[str, Any]], AbstractContextManager[Session]],
    on_step: Callable[[Environment], None] | None = None,
) -> Episode:
    """Play an episode with a program for each founder, behind sessions that last as long as the episode.

    Parameters
    ----------
    serve
        Serves a program with the arguments of a session, one for each team.
    """
    with ExitStack() as stack:
        teams = []
        for source, seats in seat_assignment(setting, sources):
            session = stack.enter_context(serve(source, session_arguments(setting, source, seats)))
            send_map(session, setting)
            teams.append(Team(session, seats))
        return play(make(setting), seed, teams, on_step)


def lines(setting: Setting, sources: Sequence[str]) -> list[str]:
    """Return the program of every agent that may ever play: that of its founder."""
    if len(sources) != setting.agents:
        raise ValueError(f"{len(sources)} programs for {setting.agents} agents; give one for each")
    return [sources[seat % setting.agents] for seat in range(setting.seats)]


def seat_assignment(setting: Setting, sources: Sequence[str]) -> list[tuple[str, tuple[int, ...]]]:
    """Return which agents share a session: those of one program, unless their view is restricted.

    With a restricted view each has a process of its own, so that none can learn what another sees.
    """
    everyone = lines(setting, sources)
    if setting.view is not None:
        return [(source, (seat,)) for seat, source in enumerate(everyone)]
    seats: dict[str, list[int]] = {}
    for seat, source in enumerate(everyone):
        seats.setdefault(source, []).append(seat)
    return [(source, tuple(taken)) for source, taken in seats.items()]


def _in_view(environment: Environment, seat: int) -> npt.NDArray[np.int16]:
    """Return the state with everything outside an agent's view replaced by -1."""
    setting, grid = environment.setting, environment.grid
    assert setting.view is not None
    row, column = divmod(int(environment.table[kernels.CELL, seat]), grid.width)

    def near(cells: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        rows, columns = np.divmod(cells, grid.width)
        close: npt.NDArray[np.bool_] = np.maximum(abs(rows - row), abs(columns - column)) <= setting.view
        return close

    agents = np.where(near(environment.table[kernels.CELL]), environment.table, np.int16(-1))
    apples = np.where(near(grid.apples), environment.apples, np.int16(-1))
    river = grid.river[: len(environment.waste)]
    waste = np.where(near(river), environment.waste, np.int16(-1))
    return np.concatenate([agents.ravel(), apples, waste])


def _forgiven(
    answer: npt.NDArray[np.float64], fine: npt.NDArray[np.bool_], faults: _Faults
) -> npt.NDArray[np.float64]:
    """Count what is no action and let those agents stand."""
    wrong = answer[~fine]
    faults.invalid += int(np.count_nonzero(wrong == host.INVALID))
    faults.raised += int(np.count_nonzero(wrong == host.RAISED))
    if not np.isin(wrong, (host.INVALID, host.RAISED)).all():
        raise PolicyFailure(f"the program answered with {wrong.tolist()}, which are no actions")
    # The host gives up first, with the line of the program; this holds even where a program deceives it.
    if faults.invalid + faults.raised > host.FAULTS:
        raise PolicyFailure(
            f"the program gave {faults.invalid} invalid actions and raised {faults.raised} exceptions, more "
            "than are forgiven"
        )
    return np.where(fine, answer, float(STAND))


def _slow(faults: _Faults) -> None:
    faults.slow += 1
    if faults.slow > SLOW_ANSWERS:
        raise SlowPolicy(
            f"more than {SLOW_ANSWERS} answers took longer than {SLOW_SECONDS:g} s each; make act() faster"
        )
