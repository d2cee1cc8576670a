"""Runs every attack in the sandbox, and its control outside, as whatever user starts it; prints JSON.

A program of its own, so that the tests can run it as root and as an unprivileged user alike. It needs numpy
and the packages under test only.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import seccompy
from attack_catalogue import ATTACKS
from attack_controls import control
from attack_kinds import PRELUDE, RULE, Attack

from nashforge.evolve.sandbox import CandidateFailure, InfrastructureError, Limits, Sandbox
from nashforge.evolve.sandbox.kernel import ALLOWED_CALLS, FATAL_CALLS, RESTRICTED_CALLS
from nashforge.solvers.cfr import host

KEY_PATTERN = "nashforge-test-key-[0-9a-f]{16}"
LIMITS: dict[str, Any] = {
    "wall_seconds": 30.0,
    "cpu_seconds": 20.0,
    "memory_bytes": 256 << 20,
    "call_seconds": 20.0,
}
PRELOAD = ("ctypes", "socket", "threading", "resource", "mmap", "gc", "re", "struct", "time", "pickle")
GAME: dict[str, Any] = {
    "host": "nashforge.solvers.cfr.host",
    "setup": {"horizon": 10, "start": [0, 2, 4, 6]},
    "inputs": host.inputs(6),
    "outputs": host.outputs(6, 3),
}

_MERGEABLE = 12

_NOT_FILTERED = {"uprobe", "uretprobe"}
"""The kernel lets these pass every filter and answers with SIGILL unless a kernel probe made the call."""


@contextmanager
def attacked_world() -> Iterator[dict[str, Any]]:
    """Set up everything that there is to attack, and tear it down."""
    key = os.environ["NASHFORGE_TEST_KEY"]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        key_file = Path(folder) / "id_ed25519"
        key_file.write_text(key)
        key_file.chmod(0o600)
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        abstract = socket.socket(socket.AF_UNIX)
        name = f"nashforge-attacked-{os.getpid()}"
        abstract.bind(f"\0{name}")
        abstract.listen(8)
        victim = os.fork()
        if victim == 0:
            while True:
                signal.pause()
        calls = {name: number for name, number in _all_calls().items() if not name.startswith("exit")}
        allowed = {*ALLOWED_CALLS, *RESTRICTED_CALLS}
        try:
            yield {
                "folder": folder,
                "key_file": str(key_file),
                "key_pattern": KEY_PATTERN,
                "tcp": tcp.getsockname()[1],
                "udp": udp.getsockname()[1],
                "abstract": name,
                "victim": victim,
                "plants": [f"{f}/{name}" for f in (folder, "/tmp", "/dev/shm", "/var/tmp")],
                "trusted": os.getpid(),
                "calls": calls,
                "denied": {n: calls[n] for n in calls if n not in allowed | _NOT_FILTERED | {*FATAL_CALLS}},
            }
        finally:
            os.kill(victim, signal.SIGKILL)
            os.waitpid(victim, 0)
            for open_socket in (tcp, udp, abstract):
                open_socket.close()


def _all_calls() -> dict[str, int]:
    tables = {"x86_64": "X86_64_SYSCALLS", "aarch64": "AARCH64_SYSCALLS"}
    table: dict[str, int] = getattr(seccompy.syscalls, tables[seccompy.arch()])
    return table


def in_sandbox(sandbox: Sandbox, attack: Attack, world: dict[str, Any]) -> dict[str, Any]:
    """Run an attack in the sandbox and return how it ended."""
    source = f"WORLD = {world!r}\n{PRELUDE}\n{attack.body}\n{RULE}"
    result: dict[str, Any] = {"status": "ok", "reason": ""}
    try:
        with sandbox.session(source, limits=Limits(**LIMITS | attack.limits), **GAME) as session:
            session.inputs["regret"][...] = 7.0
            for t in range(attack.calls):
                session.call(t + 1, expect=("policy",))
        log = session.log
        result["regret"] = session.inputs["regret"].tolist()
        result["policy"] = session.outputs["policy"].tolist()
    except CandidateFailure as failure:
        log = failure.log
        result |= {"status": failure.status.value, "reason": failure.reason}
    except InfrastructureError as error:
        log = ""
        result |= {"status": "infrastructure", "reason": str(error)}
    result |= {"log": log[:3000], "log_length": len(log), "breach": "BREACH" in log}
    return result


def fatal_calls(sandbox: Sandbox, world: dict[str, Any]) -> dict[str, str]:
    """Return how a program ends that makes each of the calls that kill at once."""
    ends = {}
    for name in FATAL_CALLS:
        if name in world["calls"]:
            attack = Attack(name, f"def attack(w): return syscall(w['calls'][{name!r}], -1, -1, -1, -1, -1)")
            ends[name] = in_sandbox(sandbox, attack, world)["status"]
    return ends


PLANT = """
def attack(w):
    np.planted = sys.planted = builtins_['planted'] = load('nashforge.solvers.cfr.interface').planted = 1
    np.maximum = None
    for path in w['plants']:
        try:
            open(path, 'w').write('x')
        except OSError:
            pass
    os.environ['planted'] = 'x'
    libc.setenv(b'planted', b'x', 1)
    return False
"""
LOOK = """
def attack(w):
    return [name for name, found in (
        ('numpy', hasattr(np, 'planted') or np.maximum is None), ('sys', hasattr(sys, 'planted')),
        ('builtins', 'planted' in builtins_), ('interface', hasattr(load('nashforge.solvers.cfr.interface'),
        'planted')), ('environment', 'planted' in os.environ or libc.getenv(b'planted')), ('modules',
        any(hasattr(m, 'planted') for m in list(sys.modules.values()))),
    ) if found]
"""


def kept_state(sandbox: Sandbox, world: dict[str, Any]) -> dict[str, Any]:
    """Return what one evaluation leaves for the next, in the sandbox and, as a control, outside."""
    plant = in_sandbox(sandbox, Attack("plant", PLANT), world)
    look = in_sandbox(sandbox, Attack("look", LOOK), world)
    files = [path for path in world["plants"] if Path(path).exists()]
    outside = control(Attack("both", "", control=_BOTH), world | {"plant": PLANT, "look": LOOK})
    for path in world["plants"]:
        Path(path).unlink(missing_ok=True)
    return {"plant": plant, "look": look, "files": files, "control": outside}


_BOTH = "exec(WORLD['plant'])\nattack(WORLD)\nexec(WORLD['look'])"


def abilities() -> list[str]:
    """Return which of the conditions that some controls need this machine and user meet."""
    libc = ctypes.CDLL(None, use_errno=True)
    able = []
    ring = libc.syscall(_all_calls()["io_uring_setup"], 4, ctypes.create_string_buffer(256))
    if ring >= 0:
        os.close(ring)
        able.append("io_uring")
    pid = os.fork()
    if pid == 0:
        os._exit(0 if libc.unshare(0x10000000) == 0 else 1)
    if os.waitpid(pid, 0)[1] == 0:
        able.append("user_namespaces")
    try:
        mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).madvise(_MERGEABLE)
    except OSError:  # this kernel merges no pages
        pass
    else:
        able.append("merged_pages")
    return able


def main() -> None:
    results: dict[str, Any] = {"uid": os.geteuid(), "able": abilities()}
    with attacked_world() as world:
        controls = {attack.name: control(attack, world) for attack in ATTACKS}
        with Sandbox([GAME["host"]], preload=PRELOAD) as sandbox:
            results["tier"] = sandbox.tier
            results["attacks"] = {a.name: in_sandbox(sandbox, a, world) for a in ATTACKS}
            results["fatal"] = fatal_calls(sandbox, world)
            results["state"] = kept_state(sandbox, world)
            results["honest"] = in_sandbox(sandbox, Attack("honest", ""), world)
        results["controls"] = controls
        results["bomb"] = (Path(world["folder"]) / "bomb").exists()
        try:
            os.kill(world["victim"], 0)
            results["victim"] = "alive"
        except OSError as error:
            results["victim"] = errno.errorcode[error.errno or 0]
    results["threads"] = threading.active_count()
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
