"""What an attack is: source that runs both inside the sandbox and, as a control, outside.

``BODY`` of an attack defines ``attack(world)``, which returns evidence (anything true) if it got what it
wanted. The control runs the same source without the sandbox, where it must succeed; ``control`` replaces
the body where the real thing would do damage, or names one of the controls of ``attack_controls``.
``world`` says what there is to attack; see ``attack_runner``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PRELUDE = """
import numpy as np
# Leave the guarded imports behind: the sandbox must not depend on them. All this is loaded already.
builtins_ = np.__builtins__ if isinstance(np.__builtins__, dict) else vars(np.__builtins__)
load, open = builtins_["__import__"], builtins_["open"]
os, sys, ctypes, socket, signal = (load(n) for n in ("os", "sys", "ctypes", "socket", "signal"))
threading, resource, mmap = (load(n) for n in ("threading", "resource", "mmap"))
gc, re, struct = (load(n) for n in ("gc", "re", "struct"))
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def syscall(number, *arguments):
    as_long = (ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)
    return check(libc.syscall(ctypes.c_long(number), *as_long))

def key_in(world, text):
    # The pattern does not match itself, only a key.
    found = re.search(world["key_pattern"], text)
    return found and found.group()

class Victim:
    # Outside the sandbox: a child of ours, which may be traced and killed without harm.
    def __enter__(self):
        self.pid = os.fork()
        if self.pid == 0:
            while True:
                signal.pause()
        return self.pid
    def __exit__(self, *_):
        try:
            os.kill(self.pid, 9)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)
"""

RULE = """
from nashforge.solvers.cfr.interface import RegretMinimizer

class Attack(RegretMinimizer):
    def observe(self, t, regret):
        self.regret = regret
        if "attack" in globals():
            try:
                evidence = attack(WORLD)
            except BaseException as error:
                print("DENIED", type(error).__name__, error)
            else:
                print("BREACH" if evidence else "DENIED", repr(evidence)[:2000])

    def weights(self, t, policy, reach):
        return 1, 1

    def policy(self, t):
        return output(self) if "output" in globals() else self.infosets.uniform()
"""


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes
    ----------
    name
        For the test's name.
    body
        Source that defines ``attack(world)``, or ``output(rule)`` to return something bad.
    ends
        How the program may end: statuses, ``"ok"`` meaning that it carried on after its attempt was denied.
    control
        Source for the control, or None for ``body`` itself.
    reason
        Text that the failure's reason must contain.
    only_root
        The control has teeth only as root (an unprivileged user may not do this anyway).
    needs
        A condition that this machine must meet for the control to have teeth; see ``attack_runner``.
    limits
        Limits of the session that differ from the usual ones of the tests.
    calls
        How often the program is called.
    """

    name: str
    body: str
    ends: tuple[str, ...] = ("ok",)
    control: str | None = None
    reason: str = ""
    only_root: bool = False
    needs: str = ""
    limits: dict[str, Any] = field(default_factory=dict)
    calls: int = 1
