"""Runs attacks without the sandbox, to show that they have teeth; each in a forked process of its own."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from attack_kinds import PRELUDE, Attack

SEQUENCES = 6
PATIENCE = 10.0


def control(attack: Attack, world: dict[str, Any]) -> tuple[bool, str]:
    """Return whether an attack, or its harmless equivalent, succeeds outside, and what happened."""
    special: dict[str | None, Callable[[Attack, dict[str, Any]], tuple[bool, str]]] = {
        "LOOP": _never_ends,
        "DIES": _dies,
        "EXITS": _exits_well,
        "FORGE": _forged_message_arrives,
        "FLOODS": _floods,
        "ACCEPTS": _bad_value_arrives,
        "BOMB": _bomb_explodes,
    }
    return special.get(attack.control, _succeeds)(attack, world)


def _succeeds(attack: Attack, world: dict[str, Any]) -> tuple[bool, str]:
    body = attack.body if attack.control is None else attack.control

    def child(report: int) -> None:
        space = _space(attack, world | {"report": report})
        exec(body, space)
        evidence = space["attack"](space["WORLD"])
        os.write(report, (("BREACH " if evidence else "nothing ") + repr(evidence)[:500]).encode())

    text, _ = _in_child(child)
    return "BREACH" in text, text


def _never_ends(attack: Attack, world: dict[str, Any]) -> tuple[bool, str]:
    pid, report = _fork(lambda _: _whole(attack, world))
    ended = bool(_wait_readable(report, 0.3))
    os.kill(pid, signal.SIGTERM if "signal" in attack.name else 0)
    ended = ended or bool(_wait_readable(report, 0.1))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(report)
    return not ended, "it ended" if ended else "it ran until it was killed"


def _dies(attack: Attack, world: dict[str, Any]) -> tuple[bool, str]:
    text, status = _in_child(lambda _: _whole(attack, world))
    # From Python 3.12 on, the interpreter survives this one by itself.
    return os.WIFSIGNALED(status) or "RecursionError" in text, f"status {status} {text}"


def _exits_well(attack: Attack, world: dict[str, Any]) -> tuple[bool, str]:
    _, status = _in_child(lambda _: _whole(attack, world))
    return status == 0, f"status {status}: looks like success"


def _forged_message_arrives(attack: Attack, world: dict[str, Any]) -> tuple[bool, str]:
    """A reader that trusts what comes through its pipe gets an answer without any work, or waits for ever."""

    def child(report: int) -> None:
        os.dup2(report, 4)
        os.closerange(5, 256)
        for number in (0, 1, 2, 3):
            with contextlib.suppress(OSError):
                os.close(number)
        _whole(attack, world)

    pid, report = _fork(child)
    _wait_readable(report, PATIENCE)
    data = os.read(report, 8)
    ended, _ = os.waitpid(pid, os.WNOHANG)
    if not ended:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    os.close(report)
    return bool(data) or not ended, f"the reader got {data!r}"


def _floods(attack: Attack, world: dict[str, Any]) -> tuple[bool, str]:
    def child(report: int) -> None:
        os.dup2(report, 1)
        sys.stdout = os.fdopen(1, "w", buffering=1)
        _whole(attack, world)

    pid, report = _fork(child)
    count = 0
    while count <= 1 << 20 and _wait_readable(report, PATIENCE):
        part = os.read(report, 1 << 16)
        if not part:
            break
        count += len(part)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(report)
    return count > 1 << 20, f"{count} bytes arrived, and no end"


def _bad_value_arrives(attack: Attack, world: dict[str, Any]) -> tuple[bool, str]:
    space = _space(attack, world)
    exec(attack.body, space)
    value = space["output"](_rule())
    if "slow" in attack.name:
        return True, "it takes as long as it likes"
    try:
        good = np.asarray(value, float).shape == (SEQUENCES,) and bool(np.isfinite(value).all())
    except (TypeError, ValueError):
        good = False
    return not good, f"an evaluator that trusts it gets {value!r}"[:200]


def _bomb_explodes(attack: Attack, world: dict[str, Any]) -> tuple[bool, str]:
    def child(_: int) -> None:
        space = _space(attack, world)
        space["__name__"] = "bomb"
        sys.modules["bomb"] = SimpleNamespace()  # type: ignore[assignment]
        exec(attack.body, space)
        pickle.loads(pickle.dumps(space["output"](_rule())))

    text, _ = _in_child(child)
    crater = Path(world["folder"]) / "bomb"
    exploded = crater.exists()
    if exploded:
        crater.rmdir()
    return exploded, text


def _rule() -> Any:
    return SimpleNamespace(infosets=SimpleNamespace(sequences=SEQUENCES))


def _space(attack: Attack, world: dict[str, Any]) -> dict[str, Any]:
    space: dict[str, Any] = {"WORLD": world, "BODY": attack.body}
    exec(PRELUDE, space)
    return space


def _whole(attack: Attack, world: dict[str, Any]) -> None:
    """Do what the program does in the sandbox: load, attack, return a result."""
    space = _space(attack, world)
    exec(attack.body, space)
    if "attack" in space:
        space["attack"](world)
    if "output" in space:
        space["output"](_rule())


def _fork(action: Callable[[int], object]) -> tuple[int, int]:
    receive, send = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(receive)
        try:
            action(send)
        except BaseException:  # noqa: BLE001 - it is told to the parent, which judges
            with contextlib.suppress(OSError):
                os.write(send, traceback.format_exc().encode()[-2000:])
            os._exit(3)
        os._exit(0)
    os.close(send)
    return pid, receive


def _in_child(action: Callable[[int], object]) -> tuple[str, int]:
    pid, report = _fork(action)
    data = b""
    deadline = time.monotonic() + PATIENCE
    while _wait_readable(report, deadline - time.monotonic()):
        part = os.read(report, 4096)
        if not part:
            break
        data += part
    with contextlib.suppress(ProcessLookupError):
        if time.monotonic() >= deadline:
            os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    os.close(report)
    return data.decode("utf-8", "replace"), status


def _wait_readable(descriptor: int, seconds: float) -> list[Any]:
    return select.select([descriptor], [], [], max(0.0, seconds))[0]
