"""What happens on machines that offer less; and that each tier confines as it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nashforge.evolve.sandbox import Machine, ProgramCrashed, Sandbox, SandboxUnavailable, Tier, probe
from nashforge.evolve.sandbox.tiers import covers_users, may_set_ids

HOST = "nashforge.solvers.cfr.host"
Program = Callable[..., str]
STRICT = Machine(fork=True, seccomp=True, landlock_abi=7, uids=False)
NO_LANDLOCK = Machine(fork=True, seccomp=True, landlock_abi=0, uids=False, reasons=("Landlock is missing.",))
NOTHING = Machine(fork=True, seccomp=False, landlock_abi=0, uids=False, reasons=("This is a toaster.",))
WINDOWS = Machine(fork=False, seccomp=False, landlock_abi=0, uids=False)

READ = """
open = np.__builtins__["open"] if isinstance(np.__builtins__, dict) else np.__builtins__.open
print("READ", len(open("/etc/passwd").read()))
return self.infosets.uniform()
"""


def test_this_machine_is_strict() -> None:
    machine = probe()
    assert machine.tier is Tier.STRICT, machine.reasons


@pytest.mark.parametrize(
    ("machine", "tier"),
    [(STRICT, Tier.STRICT), (NO_LANDLOCK, Tier.NO_LANDLOCK), (NOTHING, Tier.NONE), (WINDOWS, None)],
)
def test_tiers_offered(machine: Machine, tier: Tier | None) -> None:
    assert machine.tier is tier


@pytest.mark.parametrize(
    ("machine", "weakest"), [(NO_LANDLOCK, "strict"), (NOTHING, "strict"), (NOTHING, "no-landlock")]
)
def test_weaker_machines_are_refused(machine: Machine, weakest: str) -> None:
    with pytest.raises(SandboxUnavailable, match="Linux container or virtual machine") as caught:
        Sandbox([HOST], tier=weakest, machine=machine)
    assert machine.reasons[0] in str(caught.value)
    assert "allow the weaker tier" in str(caught.value)


def test_no_flag_helps_where_nothing_forks() -> None:
    with pytest.raises(SandboxUnavailable, match="Linux container or virtual machine"):
        Sandbox([HOST], tier="none", machine=WINDOWS)


def test_users_in_namespaces() -> None:
    assert covers_users("         0          0 4294967295\n")
    assert covers_users("0 100000 65536\n")
    assert covers_users("0 1000 1\n1 100000 65536\n")
    assert not covers_users("0 1000 1\n")
    assert not covers_users("0 100000 65000\n")
    assert not covers_users("")


def test_capabilities() -> None:
    assert may_set_ids("Name:\tx\nCapEff:\t000001ffffffffff\nSeccomp:\t0\n")
    assert may_set_ids("CapEff:\t00000000000000c0\n")
    assert not may_set_ids("CapEff:\t0000000000000080\n")
    assert not may_set_ids("CapEff:\t0000000000000000\n")


def test_unknown_tiers_are_refused() -> None:
    with pytest.raises(ValueError, match="paranoid"):
        Sandbox([HOST], tier="paranoid")


@pytest.mark.parametrize("machine", [STRICT, NO_LANDLOCK])
def test_confined_tiers_deny_files(machine: Machine, game: dict[str, Any], program: Program) -> None:
    with Sandbox([HOST], tier="no-landlock", machine=machine) as sandbox:
        assert sandbox.tier is machine.tier
        with sandbox.session(program(READ), **game) as session:
            assert session.tier == machine.tier
            with pytest.raises(ProgramCrashed, match="PermissionError"):
                session.call(1, expect=("policy",))


def test_no_tier_runs_but_does_not_confine(game: dict[str, Any], program: Program) -> None:
    with Sandbox([HOST], tier="none", machine=NOTHING) as sandbox:
        assert sandbox.tier is Tier.NONE
        with sandbox.session(program(READ), **game) as session:
            session.call(1, expect=("policy",))
        assert session.tier == "none"
        assert "READ" in session.log


def test_the_strongest_tier_is_used_even_if_weaker_ones_are_allowed(
    game: dict[str, Any], program: Program
) -> None:
    with Sandbox([HOST], tier="none") as sandbox:
        assert sandbox.tier is probe().tier
