"""Runs all agents of a program behind flat arrays: in the sandbox's child or in-process, to equal results.

All of them are asked in one message a step. Each has a copy of the program's module, its own memory, and sees
a snapshot that nobody can write to; the environment itself is in another process.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashforge.games.dilemmas.actions import NAMES, STAND, legal_actions
from nashforge.solvers.policies.interface import Memory, Observation, World
from nashforge.solvers.programs.session import ArraySpec

IMPORTS = ("nashforge.solvers.policies.interface",)

AGENT_ROWS = 5
INVALID, RAISED = -1.0, -2.0
"""Written in place of an action that is none, or of one that an exception prevented: the agent stands."""

FAULTS = 10
"""So many of either are forgiven in an episode; the next one fails the program."""

MAP = ("walls", "apple_cells", "river_cells", "distance", "first", "beam", "reached_from")
"""Inputs that are parts of the world, by its names."""

Act = Callable[[Observation, Memory], Any]


def inputs(setup: Mapping[str, Any]) -> list[ArraySpec]:
    """Arrays that the trusted side writes: the map's tables once, the rest before every call."""
    cells, agents, apples, river = (setup[name] for name in ("cells", "agents", "apples", "river"))
    return [
        ("walls", (cells,), "|b1"),
        ("apple_cells", (apples,), "<i4"),
        ("river_cells", (river,), "<i4"),
        ("distance", (cells, cells), "<i2"),
        ("first", (cells, cells), "|i1"),
        ("beam", (cells, 4, setup["reach"]), "<i2"),
        ("reached_from", (cells, 4 * setup["reach"]), "<i2"),
        ("state", (AGENT_ROWS * agents + apples + river,), "<i2"),
        ("chance", (agents,), "<f8"),
    ]


def outputs(seats: Sequence[int]) -> list[ArraySpec]:
    """Arrays that the program writes: an action for each of its agents."""
    return [("actions", (len(seats),), "<f8")]


class Host:
    """The agents of one program in one episode.

    Parameters
    ----------
    namespace
        The executed module of the program.
    setup
        ``game``, ``horizon``, ``height``, ``width``, the sizes that `inputs` needs, ``founders``,
        ``spawn_cost`` (None: nobody spawns or leaves), ``seats`` (which agents run the program) and
        ``program`` (its source, of which every further agent runs a copy).
    inputs, outputs
        Shared arrays by name; see the functions of the same names.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        setup: Mapping[str, Any],
        inputs: Mapping[str, npt.NDArray[Any]],
        outputs: Mapping[str, npt.NDArray[np.float64]],
    ) -> None:
        self._seats: list[int] = list(setup["seats"])
        first = _find(namespace)
        code = compile(setup["program"], first.__code__.co_filename, "exec", dont_inherit=True)
        self._acts: list[Act] = [first]
        for _ in self._seats[1:]:
            copy = {"__name__": namespace["__name__"], "__builtins__": _copied(namespace["__builtins__"])}
            exec(code, copy)
            self._acts.append(_find(copy))
        self._memories: list[Memory] = [{} for _ in self._seats]
        self._world = World(
            agents=setup["agents"],
            horizon=setup["horizon"],
            height=setup["height"],
            width=setup["width"],
            founders=setup["founders"],
            spawn_cost=setup["spawn_cost"],
            **{name: inputs[name] for name in MAP},
        )
        self._state, self._chance, self._actions = inputs["state"], inputs["chance"], outputs["actions"]
        self._legal = frozenset(legal_actions(setup["game"], fluid=setup["spawn_cost"] is not None))
        self._cuts = [AGENT_ROWS * setup["agents"], AGENT_ROWS * setup["agents"] + setup["apples"]]
        self._none_dirty = _immutable(np.zeros(setup["cells"], dtype=bool))
        self._faults = 0

    def call(self, step: int, asked: int) -> None:
        """Ask those agents whose bits are set in ``asked``, and write an action for every seat."""
        actions = self._actions
        shared = self._observe()
        apples, waits, waste, dirty, density, cells, facings, timeouts, hits, last = shared
        where, looks, chance = cells.tolist(), facings.tolist(), self._chance.tolist()
        world, legal = self._world, self._legal
        for k, seat in enumerate(self._seats):
            if not asked >> seat & 1:
                actions[k] = STAND
                continue
            observation = Observation(
                world,
                step,
                seat,
                where[seat],
                looks[seat],
                apples,
                waits,
                waste,
                dirty,
                density,
                cells,
                facings,
                timeouts,
                hits,
                last,
                chance[seat],
            )
            try:
                action = operator.index(self._acts[k](observation, self._memories[k]))
            except Exception as error:  # noqa: BLE001 - a program may raise anything
                actions[k] = RAISED
                self._fault(error)
                continue
            if action in legal:
                actions[k] = action
            else:
                actions[k] = INVALID
                allowed = ", ".join(f"{number} {NAMES[number]}" for number in sorted(legal))
                self._fault(ValueError(f"act() returned {action}, but the actions are {allowed}"))

    def _observe(self) -> tuple[Any, ...]:
        """Take the snapshot that all agents of this step share."""
        # Arrays on bytes cannot be made writable again, whatever a program tries.
        state = np.frombuffer(self._state.tobytes(), dtype=np.int16)
        agents = self._world.agents
        head, tail = self._cuts
        cells, facings, timeouts, hits, last = (
            state[k * agents : (k + 1) * agents] for k in range(AGENT_ROWS)
        )
        waits, river = state[head:tail], state[tail:]
        apples = _immutable(self._world.apple_cells[waits == 0])
        waste, dirty, density = self._world.river_cells[:0], self._none_dirty, 0.0
        if len(river):
            waste = _immutable(self._world.river_cells[river == 1])
            marked = np.zeros(len(dirty), dtype=bool)
            marked[waste] = True
            dirty = _immutable(marked)
            density = len(waste) / max(int(np.count_nonzero(river >= 0)), 1)
        return apples, waits, waste, dirty, density, cells, facings, timeouts, hits, last

    def _fault(self, error: Exception) -> None:
        """Count what went wrong; raise it when it is too much."""
        self._faults += 1
        if self._faults > FAULTS:
            raise error


def _find(namespace: Mapping[str, Any]) -> Any:
    act = namespace.get("act")
    if not callable(act) or not hasattr(act, "__code__"):
        raise ValueError("a policy must define a function act(observation, memory) that returns an action")
    return act


def _copied(given: Any) -> dict[str, Any]:
    """Return builtins of its own for a copy of the program, so that copies cannot meet there."""
    return dict(given) if isinstance(given, dict) else dict(vars(given))


def _immutable(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.frombuffer(array.tobytes(), dtype=array.dtype)
