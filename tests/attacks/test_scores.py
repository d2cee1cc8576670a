"""A score cannot be bought: the attack of `score_attack` and its kin, beside controls in which it pays."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import score_attack
from score_attack import CHANNELS, SHARED_MODULE, program

from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Fitness, Report, Task
from nashforge.evolve.sandbox import Sandbox
from nashforge.evolve.sandbox.tiers import Machine
from nashforge.games import compile as compile_game
from nashforge.games import disguise
from nashforge.games.sequence_form import SequenceForm
from nashforge.solvers import exploitability, solve
from nashforge.solvers.cfr.engine import CFR
from nashforge.solvers.cfr.interface import Infosets
from nashforge.solvers.programs.session import InlineSession, Session, load_module
from nashforge.solvers.sequence_form.profile import average_profile, uniform_profile
from nashforge.solvers.sequence_form.tables import tables

GAME, ITERATIONS = "kuhn_poker", 20
NO_WALLS = Machine(fork=True, seccomp=False, landlock_abi=0, uids=False, reasons=("none at all",))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of the strictest tier."""
    with Sandbox(["nashforge.solvers.cfr.host"]) as made:
        yield made


def gain(value: float, game: Any = GAME) -> float:
    """Return the orders of magnitude by which an exploitability is better than DCFR's."""
    return float(np.log10(solve(game, "dcfr", ITERATIONS).exploitability / value))


def together(source: str, form: SequenceForm) -> Sequence[Session]:
    """Serve all players from one module in one process, as it once was."""
    namespace = load_module(source)
    return [InlineSession(namespace, **each) for each in CFR.arguments(form, ITERATIONS)]


def averages_of_its_own(source: str, form: SequenceForm) -> float:
    """Return the exploitability under the engine as it was: rules return averages, all in one process."""
    namespace = load_module(source)
    rules = [namespace["Bought"](Infosets(tree.start), ITERATIONS) for tree in form.treeplexes]
    policies = [policy.copy() for policy in uniform_profile(form)]
    averages = [np.zeros_like(policy) for policy in policies]
    work = tables(form)
    plans, reaches = np.empty(work.length), [np.empty_like(policy) for policy in policies]
    for p, policy in enumerate(policies):
        work.set_plan(p, policy, plans, reaches[p])
    regrets = [np.empty_like(policy) for policy in policies]
    updates = [
        work.update(p, plans, policies[p], regrets[p], reaches[p], averages[p]) for p in range(len(rules))
    ]
    for t in range(1, ITERATIONS + 1):
        for p, rule in enumerate(rules):
            updates[p].regrets()
            rule.observe(t, regrets[p].copy())
            averages[p] = rule.accumulate(t, policies[p].copy(), reaches[p].copy(), averages[p])
            policies[p][:] = rule.policy(t)
            work.set_plan(p, policies[p], plans, reaches[p])
    return exploitability(form, average_profile(form, averages))


def evaluated(source: str, sandbox: Sandbox) -> Report:
    """Evaluate a program as a search does."""
    work = domain("cfr")
    stage = work.games_stage([GAME], ITERATIONS, Fitness(kind="negative"))
    return work.evaluate(Task(token="", domain="cfr", source=source, stages=(stage,)), sandbox)


@pytest.mark.parametrize("seed", [None, 5])
def test_the_attack_once_paid(seed: int | None) -> None:
    """The control of the controls: what was possible, also behind a disguise."""
    form = compile_game(GAME)
    if seed is not None:
        form = disguise(form, seed, permute=True, dummies=0.25, perturbation=0.3).form
    assert gain(averages_of_its_own(program(SHARED_MODULE, score_attack.ACCUMULATE), form), form) > 1.5


def test_players_that_share_a_process_could_still_buy_it() -> None:
    form = compile_game(GAME)
    assert gain(CFR.run(form, together(program(SHARED_MODULE), form), ITERATIONS).gap) > 1.5


def test_players_do_not_share_a_process(sandbox: Sandbox) -> None:
    found = evaluated(program(SHARED_MODULE), sandbox)
    assert found.status == "ok"
    assert found.stages[0].log is not None
    assert "ALONE" in found.stages[0].log
    assert "SOLVED" not in found.stages[0].log
    assert gain(-(found.stages[0].fitness or 0)) < 0


def placed(channel: str, folder: Path) -> str:
    """Return a variant of the attack whose instances look for each other at a place of their own."""
    where = f"PLACE = {str(folder)!r}\nKEY = {random.SystemRandom().randrange(1 << 20, 1 << 30)}\n"
    return program(where + CHANNELS[channel])


@pytest.mark.parametrize("channel", CHANNELS)
def test_players_cannot_reach_each_other(sandbox: Sandbox, tmp_path: Path, channel: str) -> None:
    tmp_path.chmod(0o777)
    source, form = placed(channel, tmp_path), compile_game(GAME)
    with (
        Sandbox(["nashforge.solvers.cfr.host"], tier="none", machine=NO_WALLS) as open_,
        open_.sessions(source, CFR.arguments(form, ITERATIONS)) as sessions,
    ):
        value = CFR.run(form, sessions, ITERATIONS).gap
    assert "SOLVED" in sessions.log
    assert gain(value) > 1.5

    found = evaluated(placed(channel, tmp_path), sandbox)
    log = found.stages[0].log or ""
    assert "SOLVED" not in log
    assert found.status != "ok" or gain(-(found.stages[0].fitness or 0)) < 0


def test_nothing_is_solved_inside_a_call(sandbox: Sandbox) -> None:
    """Even a program that knows all payoffs has no time for it."""
    knows = program("def exchange(seat): return [seat.notes, seat.notes]")
    form = compile_game(GAME)
    solved = knows.replace("A, *trees = payoffs(*both)", "A, *trees = payoffs(*both); A = np.eye(*A.shape)")
    with sandbox.sessions(solved, CFR.arguments(form, ITERATIONS)) as sessions:
        CFR.run(form, sessions, ITERATIONS)  # the control: without a bound on calls there is
    assert "SOLVED" in sessions.log
    found = evaluated(solved, sandbox)
    assert found.status == "timeout"
    assert "that a call may take on average (up to call 19)" in (found.reason or "")


ALONE = """
import numpy as np
from nashforge.solvers.cfr.interface import RegretMinimizer

class Alone(RegretMinimizer):
    def start(self): self.total, self.seen = self.infosets.zeros(), self.infosets.zeros()
    def observe(self, t, regret):
        self.total = np.maximum(self.total + regret, 0.0)
        self.seen = {seen}
    def weights(self, t, policy, reach): return {weights}
    def policy(self, t): return self.infosets.normalize({policy})
"""
BEST_REPLY = "(self.seen == self.infosets.spread(self.infosets.max(self.seen))) * 1.0"


@pytest.mark.parametrize(
    ("seen", "policy", "weights"),
    [
        # A best reply to what was seen, alone, at the end, or to the last alone.
        ("self.seen + regret", f"{BEST_REPLY} if t >= 18 else self.total", "(0, 1) if t == 20 else (1, 0)"),
        ("regret", f"{BEST_REPLY} if t >= 18 else self.total", "(0, 1) if t == 20 else (1, 0)"),
        # The last policy alone, and by a weight that drowns all others.
        ("regret", "self.total", "0, 1"),
        ("regret", "self.total", "1, 1e15**t"),
    ],
)
def test_what_is_played_last_buys_nothing(sandbox: Sandbox, seen: str, policy: str, weights: str) -> None:
    source = ALONE.replace("{seen}", seen).replace("{policy}", policy).replace("{weights}", weights)
    found = evaluated(source, sandbox)
    assert found.status == "ok", found.reason
    assert gain(-(found.stages[0].fitness or 0)) < 0


def test_a_child_is_told_of_its_own_player_only() -> None:
    form = compile_game("leduc_poker")
    for player, each in enumerate(CFR.arguments(form, 7)):
        own = form.treeplexes[player]
        setup = {"horizon": 7, "start": own.start.tolist(), "parent": own.parent.tolist()}
        assert each["setup"] == setup
        names = [name for name, _, _ in (*each["inputs"], *each["outputs"])]
        assert names == ["regret", "reach", "policy", "keep", "add"]
