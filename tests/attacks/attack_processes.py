"""Attacks on other processes, privileges and the kernel, and on the machine's resources."""

from __future__ import annotations

from attack_kinds import Attack

PROCESSES = [
    Attack(
        "fork",
        """
def attack(w):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return pid
""",
    ),
    Attack(
        "thread",
        """
def attack(w):
    t = threading.Thread(target=lambda: None)
    t.start()
    return True
""",
    ),
    Attack(
        "raw_clone",
        """
def attack(w):
    pid = syscall(w['calls']['clone'], 17, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    return pid
""",
    ),
    Attack(
        "raw_clone3",
        """
def attack(w):
    arguments = struct.pack('8Q', 0, 0, 0, 0, 17, 0, 0, 0)
    pid = syscall(w['calls']['clone3'], ctypes.c_char_p(arguments), 64)
    if pid == 0:
        os._exit(0)
    return pid
""",
    ),
    Attack(
        "execute_program",
        "def attack(w): os.execv('/bin/sh', ['sh', '-c', 'echo BREACH'])",
        ends=("crashed",),
        reason="system call",
        control="def attack(w): os.dup2(w['report'], 1); os.execv('/bin/sh', ['sh', '-c', 'echo BREACH'])",
    ),
    Attack(
        "spawn_program",
        "def attack(w): return os.posix_spawn('/bin/true', ['true'], {})",
    ),
    Attack(
        "ptrace",
        "def attack(w): return syscall(w['calls']['ptrace'], 0x4206, w['victim'], 0, 0) == 0",
        ends=("crashed",),
        reason="system call",
        control="""
def attack(w):
    with Victim() as pid:
        return syscall(w['calls']['ptrace'], 0x4206, pid, 0, 0) == 0
""",
    ),
    Attack(
        "process_vm_readv",
        """
target = None
def attack(w):
    here = ctypes.create_string_buffer(b'secret')
    there = ctypes.create_string_buffer(6)
    local, remote = (struct.pack('QQ', ctypes.addressof(b), 6) for b in (there, here))
    return syscall(w['calls']['process_vm_readv'], target or w['victim'], ctypes.c_char_p(local), 1,
                   ctypes.c_char_p(remote), 1, 0)
""",
        ends=("crashed",),
        reason="system call",
        control="""
def attack(w):
    global target
    space = dict(globals())
    exec(BODY, space)
    here = ctypes.create_string_buffer(b'secret')
    with Victim() as pid:  # a copy of this process, so the addresses are the same
        there = ctypes.create_string_buffer(6)
        local, remote = (struct.pack('QQ', ctypes.addressof(b), 6) for b in (there, here))
        syscall(w['calls']['process_vm_readv'], pid, ctypes.c_char_p(local), 1, ctypes.c_char_p(remote), 1, 0)
        return there.raw == b'secret'
""",
    ),
    Attack(
        "io_uring",
        "def attack(w): return syscall(w['calls']['io_uring_setup'], 4, ctypes.create_string_buffer(256))",
        ends=("crashed",),
        reason="system call",
        needs="io_uring",
    ),
    Attack(
        "unshare",
        "def attack(w): return check(libc.unshare(0x10000000)) == 0",
        ends=("crashed",),
        reason="system call",
        needs="user_namespaces",
    ),
    Attack(
        "kill_trusted_process",
        "def attack(w): return os.kill(w['victim'], 9) is None",
        control="def attack(w):\n    with Victim() as pid:\n        return os.kill(pid, 9) is None",
    ),
    Attack(
        "kill_parent",
        "def attack(w): return os.kill(os.getppid(), 9) is None",
        control="def attack(w):\n    with Victim() as pid:\n        return os.kill(pid, 9) is None",
    ),
    Attack(
        "kill_by_every_call",
        """
def attack(w):
    done = []
    for name, arguments in (('kill', (w['victim'], 0)), ('tkill', (w['victim'], 0)),
                            ('tgkill', (w['victim'], w['victim'], 0)), ('pidfd_open', (w['victim'], 0))):
        try:
            syscall(w['calls'][name], *arguments)
            done.append(name)
        except OSError:
            pass
    return done
""",
    ),
    Attack(
        "become_root",
        "def attack(w): return os.setuid(0) is None",
        control="def attack(w):\n    os.setresuid(12345, 12345, 0)\n    return os.setuid(0) is None",
        only_root=True,
    ),
    Attack(
        "raise_limits",
        """
def attack(w):
    raised = []
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_NOFILE, resource.RLIMIT_CPU):
        before = resource.getrlimit(limit)
        try:
            resource.setrlimit(limit, (before[1], before[1]))
        except (OSError, ValueError):
            continue
        raised.append(resource.getrlimit(limit)[0] != before[0])
    return any(raised)
""",
        control="""
exec(BODY)
attack_ = attack
def attack(w):
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return attack_(w)
""",
    ),
    Attack("outlive_the_parent", "def attack(w): return check(libc.prctl(1, 0, 0, 0, 0)) == 0"),
    Attack("become_inspectable", "def attack(w): return check(libc.prctl(4, 1, 0, 0, 0)) == 0"),
    Attack(
        "executable_memory",
        "def attack(w): return mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
    ),
    Attack(
        "every_other_system_call",
        """
def attack(w):
    # With plausible and with absurd arguments; the x32 calls of the same numbers too.
    done = []
    for name, number in w['denied'].items():
        for nr in (number, number | 0x40000000):
            for arguments in ((0, 0, 0, 0, 0, 0), (-1, -1, -1, -1, -1, -1)):
                ctypes.set_errno(0)
                result = libc.syscall(ctypes.c_long(nr), *map(ctypes.c_long, arguments))
                if result != -1 or ctypes.get_errno() not in (1, 38):  # EPERM, ENOSYS
                    done.append((name, nr, result, ctypes.get_errno()))
    return done
""",
        control="def attack(w): return syscall(w['denied']['getpgid'], 0) > 0",
    ),
    Attack(
        "shared_memory_by_key",
        "def attack(w): return syscall(w['calls']['shmget'], 0, 4096, 0o1600) >= 0",
        control="""
def attack(w):
    segment = syscall(w['calls']['shmget'], 0, 4096, 0o1600)
    syscall(w['calls']['shmctl'], segment, 0, 0)  # remove it again
    return segment >= 0
""",
    ),
]

RESOURCES = [
    Attack(
        "eight_gigabytes_at_once",
        "def attack(w): pass\ndef output(rule): return np.ones(1 << 30)",
        ends=("memory",),
        control="def attack(w): return np.ones(40 << 20).nbytes",
    ),
    Attack(
        "eight_gigabytes_in_pieces",
        "def attack(w): pass\ndef output(rule): return [bytearray(1 << 24) for _ in range(512)]",
        ends=("memory",),
        control="def attack(w): return len([bytearray(1 << 24) for _ in range(20)])",
    ),
    Attack(
        "memory_error_swallowed",
        """
hoard = []
def attack(w):
    try:
        while True:
            hoard.append(bytearray(1 << 24))
    except MemoryError:
        return sum(map(len, hoard)) > 300 << 20
""",
        control="def attack(w):\n    hoard = [bytearray(1 << 24) for _ in range(20)]\n"
        "    return sum(map(len, hoard)) > 300 << 20",
    ),
    Attack(
        "endless_loop",
        "def output(rule):\n    while True: pass",
        ends=("timeout",),
        limits={"call_seconds": 0.3},
        control="LOOP",
    ),
    Attack(
        "endless_loop_while_loading",
        "while True: pass",
        ends=("timeout",),
        limits={"call_seconds": 0.3},
        control="LOOP",
    ),
    Attack(
        "loop_that_ignores_every_signal",
        """
def attack(w):
    for number in range(1, 65):
        try:
            libc.signal(number, ctypes.c_void_p(1))
        except OSError:
            pass
def output(rule):
    while True:
        try:
            while True: pass
        except BaseException: pass
""",
        ends=("timeout",),
        limits={"call_seconds": 0.3},
        control="LOOP",
    ),
    Attack(
        "more_processor_time_than_allowed",
        "def output(rule):\n    while True: pass",
        ends=("timeout",),
        reason="CPU",
        limits={"call_seconds": 30.0, "cpu_seconds": 1.0},
        control="LOOP",
    ),
    Attack(
        "ignore_the_limit_on_processor_time",
        """
def output(rule):
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True: pass
""",
        ends=("timeout",),
        reason="CPU",
        limits={"call_seconds": 30.0, "cpu_seconds": 1.0},
        control="LOOP",
    ),
    Attack(
        "many_slow_calls",
        """
def output(rule):
    end = load("time").monotonic() + 0.05
    while load("time").monotonic() < end: pass
    return np.full(rule.infosets.sequences, 0.5)
""",
        ends=("timeout",),
        reason="wall time",
        limits={"call_seconds": 30.0, "wall_seconds": 0.3},
        calls=100,
        control="ACCEPTS",
    ),
    Attack(
        "print_a_gigabyte",
        """
def attack(w):
    block = 'x' * (1 << 20)
    for _ in range(1024):
        print(block)
    return False
""",
        control="FLOODS",
    ),
    Attack(
        "write_a_gigabyte_to_the_log",
        """
def attack(w):
    block = b'x' * (1 << 20)
    for _ in range(1024):
        try:
            os.write(1, block)
        except BlockingIOError:
            pass
    return False
""",
        control="FLOODS",
    ),
    Attack(
        "deep_recursion",
        "def attack(w): pass\ndef output(rule): return output(rule)",
        ends=("crashed",),
        reason="RecursionError",
        control="def attack(w):\n    try: return recurse()\n    except RecursionError: return True\n"
        "def recurse(): return recurse()",
    ),
    Attack(
        "deep_recursion_without_limit",
        """
sys.setrecursionlimit(10**9)
def output(rule): return [*map(output, [rule])]
""",
        ends=("crashed", "memory"),
        control="DIES",
    ),
    Attack(
        "deep_source",
        "x = " + "-" * 60000 + "1",
        ends=("rejected", "crashed", "memory"),
        control="def attack(w):\n    try: compile('x = ' + '-' * 60000 + '1', 'x', 'exec')\n"
        "    except (RecursionError, MemoryError): return True",
    ),
]
