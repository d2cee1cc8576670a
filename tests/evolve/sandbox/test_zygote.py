"""The process behind the sandbox: clean, replaced when lost, gone when the trusted process is."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nashforge.evolve.sandbox import InfrastructureError, Sandbox, SandboxSession
from tests.processes import is_alive

Program = Callable[..., str]
HOST = "nashforge.solvers.cfr.host"
ROOT = Path(__file__).resolve().parents[3]


def test_environment_is_clean(
    game: dict[str, Any], program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-secret")
    with Sandbox([HOST]) as sandbox:
        sandbox.start()
        folder = Path(f"/proc/{sandbox.zygote_pid}")
        assert b"sk-secret" not in (folder / "environ").read_bytes()
        assert len(os.listdir(folder / "task")) == 1
        kinds = {os.readlink(fd).partition(":")[0] for fd in (folder / "fd").iterdir()}
        # Nothing, the messages of its start, the control channel, and the handle of this process.
        assert kinds <= {"/dev/null", "pipe", "socket", "anon_inode", "pidfd"}


def test_descriptors_of_the_trusted_process_are_not_inherited(
    sandbox: Sandbox, game: dict[str, Any], program: Program, tmp_path: Path
) -> None:
    with open(tmp_path / "secret", "w") as file:
        os.set_inheritable(file.fileno(), True)
        with Sandbox([HOST]) as own, own.session(program(), **game) as session:
            links = [os.readlink(fd) for fd in Path(f"/proc/{own.zygote_pid}/fd").iterdir()]
            assert not any("secret" in link for link in links)
            if os.geteuid() == 0:
                held = sorted(int(fd.name) for fd in Path(f"/proc/{session.pid}/fd").iterdir())
                assert held == [0, 1, 2, 3, 4]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the user")
def test_every_program_has_a_user_of_its_own(
    sandbox: Sandbox, game: dict[str, Any], program: Program
) -> None:
    with Sandbox([HOST]) as other:
        sessions = [box.session(program(), **game) for box in (sandbox, other) for _ in range(3)]
        try:
            uids = [os.stat(f"/proc/{s.pid}/task").st_uid for s in sessions]
            states = [Path(f"/proc/{s.pid}/status").read_text() for s in sessions]
        finally:
            for session in sessions:
                session.close()
    real = [next(line.split()[1:5] for line in s.splitlines() if line.startswith("Uid:")) for s in states]
    assert all(len(set(four)) == 1 for four in real)
    assert len({four[0] for four in real}) == 6
    assert "0" not in {four[0] for four in real}
    assert len(uids) == 6
    for state in states:
        fields = dict(line.split(":\t", 1) for line in state.splitlines() if ":\t" in line)
        assert fields["Seccomp"] == "2"
        assert fields["NoNewPrivs"] == "1"
        assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0


def test_a_lost_zygote_is_replaced(game: dict[str, Any], program: Program) -> None:
    with Sandbox([HOST]) as sandbox:
        session = sandbox.session(program(), **game)
        first = sandbox.zygote_pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        with pytest.raises(InfrastructureError, match="gone away"):
            _call_until_it_fails(session)
        with sandbox.session(program(), **game) as again:
            again.call(1, expect=("policy",))
        assert sandbox.zygote_pid != first


def test_a_program_killed_from_outside_is_not_at_fault(
    sandbox: Sandbox, game: dict[str, Any], program: Program
) -> None:
    with sandbox.session(program(), **game) as session:
        assert session.pid is not None
        os.kill(session.pid, signal.SIGKILL)
        with pytest.raises(InfrastructureError, match="killed from outside"):
            _call_until_it_fails(session)


def test_an_interrupted_call_ends_the_session(
    sandbox: Sandbox, game: dict[str, Any], program: Program
) -> None:
    with sandbox.session(program("while True: pass"), **game) as session:
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            session.call(1, expect=("policy",))
        timer.join()
        assert session.pid is None
        with pytest.raises(RuntimeError, match="closed"):
            session.call(2, expect=("policy",))


def test_threads_share_a_sandbox(sandbox: Sandbox, game: dict[str, Any], program: Program) -> None:
    results: list[list[float]] = []

    def work(value: float) -> None:
        for _ in range(5):
            with sandbox.session(program(), **game) as session:
                session.inputs["regret"][...] = [value, 1.0] * 3
                session.call(1, expect=("policy",))
                results.append([value, *session.outputs["policy"].tolist()])

    threads = [threading.Thread(target=work, args=(float(v),)) for v in (1, 3, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 15
    for value, *policy in results:
        assert policy == [value / (value + 1.0), 1.0 / (value + 1.0)] * 3


def test_a_zygote_outlives_the_thread_that_started_it(game: dict[str, Any], program: Program) -> None:
    with Sandbox([HOST]) as sandbox:
        thread = threading.Thread(target=sandbox.start)
        thread.start()
        thread.join()
        first = sandbox.zygote_pid
        with sandbox.session(program(), **game) as session:
            session.call(1, expect=("policy",))
        assert sandbox.zygote_pid == first


def test_a_forked_process_gets_a_zygote_of_its_own(game: dict[str, Any], program: Program) -> None:
    with Sandbox([HOST]) as sandbox:
        sandbox.start()
        first = sandbox.zygote_pid
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                with sandbox.session(program(), **game) as session:
                    session.call(1, expect=("policy",))
                code = 0 if sandbox.zygote_pid != first else 2
                sandbox.close()
            finally:
                os._exit(code)
        assert os.waitpid(pid, 0)[1] == 0
        with sandbox.session(program(), **game) as session:
            session.call(1, expect=("policy",))
        assert sandbox.zygote_pid == first


def test_nothing_is_left_behind(game: dict[str, Any], program: Program) -> None:
    descriptors = len(os.listdir("/proc/self/fd"))
    with Sandbox([HOST]) as sandbox:
        for _ in range(5):
            with sandbox.session(program(), **game) as session:
                session.call(1, expect=("policy",))
        left_open = sandbox.session(program(), **game)
        pids = [left_open.pid, sandbox.zygote_pid]
    del session, left_open
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    with pytest.raises(RuntimeError, match="closed"):
        sandbox.session(program(), **game)


def test_an_unknown_module_is_named() -> None:
    with (
        pytest.raises(InfrastructureError, match="no_such_module_anywhere"),
        Sandbox(["no_such_module_anywhere"]) as s,
    ):
        s.start()


def test_a_module_that_fails_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "failing_host.py").write_text("raise RuntimeError('no luck today')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(InfrastructureError, match="no luck today"), Sandbox(["failing_host"]) as sandbox:
        sandbox.start()


def test_hosts_must_be_announced(sandbox: Sandbox, game: dict[str, Any], program: Program) -> None:
    with pytest.raises(ValueError, match="'os' is not one of this sandbox's"):
        sandbox.session(program(), **game | {"host": "os"})


@pytest.mark.parametrize("busy", ["while True: pass", "return self.infosets.uniform()"])
def test_nothing_survives_the_trusted_process(busy: str, game: dict[str, Any], program: Program) -> None:
    script = textwrap.dedent(
        f"""
        import sys, threading
        from nashforge.evolve.sandbox import Sandbox
        sandbox = Sandbox([{HOST!r}])
        session = sandbox.session({program(busy)!r}, **{game!r})
        print(sandbox.zygote_pid, session.pid, flush=True)
        session.call(1, expect=("policy",))
        threading.Event().wait()
        """
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60.0
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(pids) == 2
    assert not any(is_alive(pid) for pid in pids)


def _call_until_it_fails(session: SandboxSession) -> None:
    for t in itertools.count(1):  # a kill takes effect a little later
        session.call(t, expect=("policy",))
