"""Policies that try to cheat: every attack must leave the attacker with exactly what honest play earns.

The five attacks on Gallego's public implementation (2026, arXiv 2603.19453) write to the live environment,
where one attacker among nine honest collectors gains 2 to 59 times its income. Here a policy has a snapshot
in a process of its own. The controls make the same writes where they would work.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from nashforge.evolve.domains.dilemmas.arena import HOSTS, play_confined
from nashforge.evolve.sandbox import (
    CandidateFailure,
    Limits,
    ProgramCrashed,
    ProgramRejected,
    ProgramTimeout,
    Sandbox,
)
from nashforge.games.dilemmas import Setting, kernels
from nashforge.games.dilemmas.environment import Environment
from nashforge.solvers.policies import policy_names, policy_source
from nashforge.solvers.policies.episode import in_process

HONEST = policy_source("nearest_apple")
ATTACKER = 0
SEED = 0
GATHERING = Setting("gathering", horizon=200, preset="gallego2026")
CLEANUP = Setting("cleanup", horizon=200, preset="gallego2026")

PROGRAM = """
import numpy as np
from nashforge.solvers.policies.interface import *
builtins_ = np.__builtins__ if isinstance(np.__builtins__, dict) else vars(np.__builtins__)
load = builtins_["__import__"]
gc, sys, ctypes, operator = (load(name) for name in ("gc", "sys", "ctypes", "operator"))
evidence = []

def attempt(action):
    # Whatever is forbidden must not stop the attacker from the next way of trying it.
    try:
        action()
    except BaseException as error:
        return type(error).__name__

def overwrite(array, value):
    def through(view):
        view.setflags(write=True)
        view[...] = value
    attempt(lambda: operator.setitem(array, Ellipsis, value))
    attempt(lambda: through(array))
    attempt(lambda: through(array.base))
    attempt(lambda: np.copyto(array, value, casting="unsafe"))
    # This does change the snapshot, which is of no use to the attacker.
    data = np.full(array.shape, value, array.dtype).tobytes()
    ctypes.memmove(array.ctypes.data, data, len(data))

def act(observation, memory):
    action = step_toward(observation, nearest(observation, observation.apples))
    attack(observation, memory)
    return action
"""

TELEPORT = """
def teleport(observation):
    overwrite(observation.cells, observation.world.apple_cells[observation.step % 5])
    attempt(lambda: object.__setattr__(observation, "cell", int(observation.world.apple_cells[0])))
"""
DISABLE = "def disable(observation):\n    overwrite(observation.timeouts, 9999)\n"
PURGE = """
def purge(observation):
    overwrite(observation.waste, 0)
    overwrite(observation.dirty, False)
"""
SPAWN = """
def spawn(observation):
    overwrite(observation.waits, 0)
    overwrite(observation.apples, 0)
"""
EVERYTHING = """
def everything(observation):
    for part in (teleport, disable, purge, spawn):
        part(observation)
"""
ATTACKS = {"teleport": TELEPORT, "disable": DISABLE, "purge": PURGE, "spawn": SPAWN, "everything": EVERYTHING}


def attacker(name: str) -> str:
    """Return the program of one of the five attacks."""
    chosen = f"def attack(observation, memory):\n    {name}(observation)\n"
    return PROGRAM + "".join(ATTACKS.values()) + chosen


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of the strictest tier, with all that attackers may want in memory."""
    with Sandbox(HOSTS, preload=("ctypes", "gc", "random", "secrets")) as made:
        yield made


def income(sandbox: Sandbox, setting: Setting, source: str) -> list[float]:
    """Return everyone's return with one program among honest collectors."""
    sources = [source if seat == ATTACKER else HONEST for seat in range(setting.agents)]
    return play_confined(sandbox, setting, sources, SEED).episode.returns.tolist()


def honest(setting: Setting) -> list[float]:
    """Return everyone's return among honest collectors."""
    return in_process(setting, [HONEST] * setting.agents, SEED).returns.tolist()


def corrupt(environment: Environment, name: str) -> None:
    """Do to the live environment what an attack wants to do."""
    everything = name == "everything"
    if name == "disable" or everything:
        out = np.where(np.arange(environment.agents) == ATTACKER, 0, 9999)
        environment.table[kernels.TIMEOUT] = out
    if name == "purge" or everything:
        environment.waste[:] = 0
    if name == "spawn" or everything:
        environment.apples[:] = 0
    if name == "teleport" or everything:
        ripe = environment.grid.apples[environment.apples == 0]
        if len(ripe):
            environment.table[kernels.CELL, ATTACKER] = ripe[0]


@pytest.mark.parametrize("setting", [GATHERING, CLEANUP], ids=["gathering", "cleanup"])
@pytest.mark.parametrize("name", ATTACKS)
def test_the_five_attacks_gain_nothing(sandbox: Sandbox, setting: Setting, name: str) -> None:
    expected = honest(setting)
    found = income(sandbox, setting, attacker(name))
    assert found[ATTACKER] / expected[ATTACKER] == 1.0
    assert found == expected  # and cost nobody anything


@pytest.mark.parametrize("name", ATTACKS)
def test_the_five_attacks_work_on_a_live_environment(name: str) -> None:
    # The control: the same writes, made where the original let policies make them.
    best = 0.0
    for setting in (GATHERING, CLEANUP):
        sources = [HONEST] * setting.agents
        gained = in_process(setting, sources, SEED, lambda env: corrupt(env, name)).returns[ATTACKER]
        best = max(best, gained / honest(setting)[ATTACKER])
    assert best > 1.3


MORE = {
    "replaces methods": """
    interface = sys.modules["nashforge.solvers.policies.interface"]
    for name in list(vars(interface)):
        if callable(vars(interface)[name]):
            attempt(lambda: setattr(interface, name, lambda *_: STAND))
    host = sys.modules["nashforge.solvers.policies.host"]
    attempt(lambda: setattr(host, "STAND", BEAM))
    attempt(lambda: setattr(np, "flatnonzero", lambda *_: np.zeros(0, int)))
""",
    "looks for the environment": """
    names = ("Environment", "Gathering", "Cleanup", "Generator", "RandomState", "Episode")
    found = [type(o).__name__ for o in gc.get_objects() if type(o).__name__ in names]
    modules = ("games.dilemmas.environment", "evolve.search.loop", "solvers.policies.episode")
    modules = ("numpy.random", *(f"nashforge.{name}" for name in modules))
    found += [name for name in modules if name in sys.modules]
    if found:
        raise SystemExit(f"BREACH {found}")
""",
    "reaches for random numbers": """
    def seed():
        load("random").seed(0)
        np.random.seed(0)
    attempt(seed)
""",
    "writes files": """
    for path in ("/tmp/planted.npy", "planted.npy", "/dev/shm/planted.npy"):
        for write in (lambda: np.save(path, observation.cells), lambda: observation.cells.tofile(path),
                      lambda: np.memmap(path, mode="w+", shape=3), lambda: np.savetxt(path, [1])):
            if attempt(write) is None:
                raise SystemExit("BREACH " + path)
""",
    "plants what the next agent or episode could find": """
    if "planted" in globals() or hasattr(np, "planted") or "planted" in memory:
        if observation.step == 0:
            raise SystemExit("BREACH")
    globals()["planted"] = np.planted = memory["planted"] = 1
""",
}


@pytest.mark.parametrize("body", MORE.values(), ids=MORE.keys())
def test_further_holes_are_closed(sandbox: Sandbox, body: str) -> None:
    program = PROGRAM + "def attack(observation, memory):" + body
    expected = honest(GATHERING)
    for _ in range(2):
        assert income(sandbox, GATHERING, program) == expected


def test_a_policy_cannot_outlive_its_time_by_swallowing_exceptions(sandbox: Sandbox) -> None:
    body = """
    while True:
        try:
            while True: pass
        except BaseException:
            pass
"""
    program = PROGRAM + "def attack(observation, memory):" + body
    sources = [program] + [HONEST] * 9
    with pytest.raises(ProgramTimeout):
        play_confined(sandbox, GATHERING, sources, SEED, Limits(call_seconds=0.5))


def test_writing_to_the_map_kills_only_the_attacker(sandbox: Sandbox) -> None:
    body = "\n    ctypes.memset(observation.world.distance.ctypes.data, 0, 1000)\n"
    with pytest.raises(ProgramCrashed, match="SIGSEGV"):
        income(sandbox, GATHERING, PROGRAM + "def attack(observation, memory):" + body)


@pytest.mark.parametrize(
    ("line", "failure"),
    [
        ("import numpy.random", ProgramRejected),
        ("from nashforge.games.dilemmas.environment import make", ProgramRejected),
        ("import os", ProgramRejected),
        ("np.random.seed(0)", CandidateFailure),
    ],
)
def test_what_may_not_be_imported(sandbox: Sandbox, line: str, failure: type[CandidateFailure]) -> None:
    source = f"import numpy as np\n{line}\ndef act(observation, memory):\n    return 7\n"
    with pytest.raises(failure):
        income(sandbox, GATHERING, source)


def test_answers_can_only_be_actions(sandbox: Sandbox) -> None:
    # Past the host, into the shared outputs: what is no action fails the program.
    body = """
    if "real" not in memory:
        host = next(o for o in gc.get_objects() if type(o).__name__ == "Host")
        memory["real"], host._actions = host._actions, np.zeros(1)
    memory["real"][...] = 99.0
"""
    with pytest.raises(CandidateFailure, match="no actions"):
        income(sandbox, GATHERING, PROGRAM + "def attack(observation, memory):" + body)


@pytest.mark.parametrize("game", ["gathering", "cleanup"])
@pytest.mark.parametrize("name", policy_names())
def test_honest_policies_do_the_same_in_and_out_of_the_sandbox(
    sandbox: Sandbox, game: str, name: str
) -> None:
    setting = Setting(game, map=f"{game}_small", agents=4, horizon=150)
    sources = [policy_source(name)] * 4
    inside = play_confined(sandbox, setting, sources, 5).episode
    outside = in_process(setting, sources, 5)
    assert (inside.returns == outside.returns).all()
    assert (inside.tally == outside.tally).all()


def test_a_restricted_view_gives_each_agent_a_process(sandbox: Sandbox) -> None:
    # What one agent plants in numpy, no other can find.
    source = """
import numpy as np
def act(observation, memory):
    planted = getattr(np, "planted", {observation.agent})
    planted.add(observation.agent)
    np.planted = planted
    if len(planted) > 1:
        raise SystemExit("shared")
    return 7
"""
    setting = Setting("gathering", map="gathering_small", agents=3, horizon=20, view=3)
    assert play_confined(sandbox, setting, [source] * 3, 0).episode.raised == 0
    with pytest.raises(CandidateFailure):  # the control: with the full view they share a process
        play_confined(
            sandbox, Setting("gathering", map="gathering_small", agents=3, horizon=20), [source] * 3, 0
        )
