"""Names of processes: of one that is gone nobody need wait, and of another's none is taken for it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from nashforge.evolve.executors.identity import has_ended, process_name


def test_a_process_of_this_machine_is_known_to_live_or_to_be_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = process_name(child.pid)
    assert name != process_name()
    assert not has_ended(name)
    assert not has_ended(process_name())
    child.communicate(b"\n")
    assert has_ended(name)


@pytest.mark.skipif(sys.platform != "linux", reason="says what a process does")
def test_who_was_killed_is_gone_though_its_parent_has_not_asked() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        name = process_name(child.pid)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert has_ended(name)


@pytest.mark.skipif(sys.platform != "linux", reason="says when a process started")
def test_a_number_that_came_again_is_another_process() -> None:
    before = process_name().rpartition(".")[0] + ".1"
    assert before != process_name()
    assert has_ended(before)


def test_of_another_machine_or_container_nothing_is_known() -> None:
    """Containers are often called alike, and the first process of each has the number 1."""
    name = process_name()
    shown, _, identity = name.partition("/")
    assert shown == f"{platform.node()}:{os.getpid()}"
    where, _, start = identity.partition(".")
    elsewhere = f"{shown}/{'0' * len(where)}.{start}"
    gone = f"{platform.node()}:{2**22 + 1}"
    for other in (elsewhere, f"{gone}/{'0' * len(where)}.{start}", gone, "elsewhere:1", None, "", "worker"):
        assert not has_ended(other)
    assert has_ended(f"{gone}/{where}.{start}")
    assert has_ended(f"{platform.node()}:{10**30}/{where}.{start}")
