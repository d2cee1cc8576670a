"""Attacks on the result: forged, missing, malformed or manipulated."""

from __future__ import annotations

from attack_kinds import Attack

RESULTS = [
    Attack(
        "exit_without_result",
        "def output(rule): os._exit(0)",
        ends=("crashed",),
        reason="without a result",
        control="EXITS",
    ),
    Attack(
        "exit_while_loading", "os._exit(0)", ends=("crashed",), reason="without a result", control="EXITS"
    ),
    Attack(
        "forge_results_on_every_descriptor",
        """
def attack(w):
    # What was written is no breach; that it was believed would show in how the call ends.
    for serial in range(0, 50):
        for fd in range(64):
            try:
                os.write(fd, struct.pack('<q', serial))
            except OSError:
                pass
def output(rule):
    while True: pass
""",
        ends=("crashed", "invalid_output"),
        control="FORGE",
    ),
    Attack(
        "forge_an_early_result",
        """
def attack(w):
    os.write(4, struct.pack('<q', 1))
def output(rule):
    while True: pass
""",
        ends=("invalid_output",),
        reason="missing",
        control="FORGE",
    ),
    Attack(
        "forge_a_machine_failure",
        "def output(rule): os.write(4, struct.pack('<q', -(6 | 4 << 8)) + b'disk'); os._exit(0)",
        ends=("crashed",),
        control="FORGE",
    ),
    Attack(
        "forge_half_a_message",
        "def output(rule): os.write(4, b'abc'); os._exit(0)",
        ends=("crashed",),
        control="FORGE",
    ),
    Attack(
        "forge_a_long_text",
        "def output(rule): os.write(4, struct.pack('<q', -(3 | 1 << 40))); os._exit(0)",
        ends=("crashed",),
        control="FORGE",
    ),
    Attack(
        "close_the_channel",
        "def output(rule):\n    os.close(4)\n    while True: pass",
        ends=("crashed",),
        control="FORGE",
    ),
    Attack(
        "terminal_codes_in_the_reason",
        "def output(rule): raise ValueError('\\x1b]0;owned\\x07\\x9b31m')",
        ends=("crashed",),
        control="def attack(w): return '\\x1b' in str(ValueError('\\x1b]0;owned\\x07'))",
    ),
    Attack(
        "wrong_shape",
        "def output(rule): return np.ones(3)",
        ends=("invalid_output",),
        reason="shape",
        control="ACCEPTS",
    ),
    Attack(
        "object_array",
        "def output(rule): return np.array([object()] * rule.infosets.sequences)",
        ends=("invalid_output",),
        control="ACCEPTS",
    ),
    Attack(
        "pickle_bomb",
        """
class Bomb:
    def __reduce__(self): return (exec, ("import os; os.mkdir('%s/bomb')" % WORLD['folder'],))
def output(rule): return np.array([Bomb()] * rule.infosets.sequences)
""",
        ends=("invalid_output",),
        control="BOMB",
    ),
    Attack(
        "not_a_number",
        "def output(rule): return np.full(rule.infosets.sequences, np.nan)",
        ends=("invalid_output",),
        control="ACCEPTS",
    ),
    Attack(
        "infinity_in_one_entry",
        "def output(rule):\n    x = np.ones(rule.infosets.sequences)\n    x[1] = np.inf\n    return x",
        ends=("invalid_output",),
        reason="not finite",
        control="ACCEPTS",
    ),
    Attack(
        "patch_numpy",
        """
def output(rule):
    for name in ('isfinite', 'isnan', 'all', 'asarray', 'array', 'copyto'):
        setattr(np, name, lambda *a, **k: a[0] if a else True)
    return np.full(rule.infosets.sequences, np.nan)
""",
        ends=("invalid_output",),
        control="""
def attack(w):
    np.isfinite = lambda x: np.array(True)
    return bool(np.isfinite(np.nan).all())
""",
    ),
    Attack(
        "truncate_the_shared_map",
        """
def attack(w):
    done = []
    for fd in range(64):
        for size in (0, 1 << 30):
            try:
                os.ftruncate(fd, size)
                done.append(fd)
            except OSError:
                pass
    return done
""",
        control="""
def attack(w):
    fd = os.memfd_create('x')
    os.ftruncate(fd, 4096)
    os.ftruncate(fd, 0)
    return os.fstat(fd).st_size == 0
""",
    ),
    Attack(
        "write_to_the_inputs",
        """
def attack(w):
    frame = sys._getframe(2)
    array = frame.f_locals['self']._regret
    array.flags.writeable = True
    return True
""",
        control="def attack(w):\n    array = np.ones(3)\n    array.flags.writeable = False\n"
        "    array.flags.writeable = True\n    return True",
    ),
    Attack(
        "unprotect_the_inputs",
        """
def attack(w):
    array = sys._getframe(2).f_locals['self']._regret
    page = array.ctypes.data // 4096 * 4096
    return check(libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(4096), 3)) == 0
""",
        control="""
def attack(w):
    block = mmap.mmap(-1, 4096, prot=mmap.PROT_READ)
    array = np.frombuffer(block, np.uint8)
    return check(libc.mprotect(ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(4096), 3)) == 0
""",
    ),
    Attack(
        "write_to_the_inputs_by_address",
        """
def attack(w):
    array = sys._getframe(2).f_locals['self']._regret
    ctypes.memmove(array.ctypes.data, b'x' * 8, 8)
    return True
""",
        ends=("crashed",),
        control="""
def attack(w):
    array = np.ones(1)
    array.flags.writeable = False
    ctypes.memmove(array.ctypes.data, b'x' * 8, 8)
    return array[0] != 1
""",
    ),
]
