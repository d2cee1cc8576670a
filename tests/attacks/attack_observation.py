"""Attacks that watch, find or hold up other processes by calls that computing needs; and on code pages."""

from __future__ import annotations

from attack_kinds import Attack

_TELL_APART = """
NOBODY = 4194303  # the last process id that Linux can give

def outcome(number, *arguments):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *arguments)
    return (result >= 0, ctypes.get_errno())

def tells_apart(w, name, *arguments):
    # Whether a call ends otherwise for a process that exists; HERE stands for its id.
    ends = []
    for pid in (w['victim'], NOBODY):
        filled = [argument(pid) if callable(argument) else argument for argument in arguments]
        as_long = [ctypes.c_long(a) if isinstance(a, int) else a for a in filled]
        ends.append(outcome(w['calls'][name], *as_long))
    return ends[0] != ends[1]

def pid_itself(pid):
    return pid

def processor_clock(pid):
    return ~pid << 3 | 2

memory = ctypes.create_string_buffer(4096)
"""

_CODE_PAGE = """
page = ctypes.cast(libc.wordexp, ctypes.c_void_p).value // 4096 * 4096  # which nobody here calls
"""

OBSERVATION = [
    Attack(
        "processor_time_of_others",
        _TELL_APART + "def attack(w): return tells_apart(w, 'clock_gettime', processor_clock, memory)",
    ),
    Attack(
        "clocks_of_others",
        _TELL_APART + "def attack(w): return tells_apart(w, 'clock_getres', processor_clock, memory)",
    ),
    Attack(
        "clocks_of_others_in_other_words",
        # The kernel looks at the lower half of the argument only.
        _TELL_APART
        + """
def high(pid):
    return processor_clock(pid) & 0xffffffff | 0x7 << 32
def attack(w):
    return tells_apart(w, 'clock_gettime', high, memory)
""",
    ),
    Attack(
        "sleep_by_the_clock_of_others",
        # Until a time that is past, so that it returns at once.
        _TELL_APART
        + "def attack(w): return tells_apart(w, 'clock_nanosleep', processor_clock, 1, memory, None)",
    ),
    Attack(
        "processors_of_others",
        _TELL_APART + "def attack(w): return tells_apart(w, 'sched_getaffinity', pid_itself, 4096, memory)",
    ),
    Attack(
        "processors_of_all",
        """
def attack(w):
    found = []
    for pid in range(1, 40000):
        try:
            found.append((pid, len(os.sched_getaffinity(pid))))
        except OSError:
            pass
    return len(found) > 1
""",
    ),
    Attack(
        "lock_that_another_holds",
        # The kernel looks the holder of a lock with inheritance of priority up by its id.
        _TELL_APART
        + """
def word(pid):
    return ctypes.byref(ctypes.c_uint32(pid))
def attack(w):
    kinds = (6 | 128, 8 | 128, 13 | 128)
    return [kind for kind in kinds if tells_apart(w, 'futex', word, kind, 0, memory, None, 0)]
""",
    ),
    Attack(
        "find_by_every_other_call",
        _TELL_APART
        + """
def attack(w):
    own = [('kill', (pid_itself, 0)), ('tkill', (pid_itself, 0)), ('tgkill', (pid_itself, pid_itself, 0)),
           ('getpgid', (pid_itself,)), ('getsid', (pid_itself,)), ('getpriority', (0, pid_itself)),
           ('sched_getparam', (pid_itself, memory)), ('sched_getscheduler', (pid_itself,)),
           ('sched_getattr', (pid_itself, memory, 48, 0)), ('sched_rr_get_interval', (pid_itself, memory)),
           ('get_robust_list', (pid_itself, memory, ctypes.byref(memory, 64))),
           ('prlimit64', (pid_itself, 7, None, memory)), ('pidfd_open', (pid_itself, 0)),
           ('ioprio_get', (1, pid_itself)), ('kcmp', (pid_itself, pid_itself, 0, 0, 0)),
           ('move_pages', (pid_itself, 0, None, None, None, 0))]
    return [name for name, arguments in own if tells_apart(w, name, *arguments)]
""",
    ),
    Attack(
        "pages_like_those_of_others",
        "def attack(w):\n    block = mmap.mmap(-1, 1 << 16, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
        "    return block.madvise(12) is None",
        needs="merged_pages",
    ),
    Attack(
        "number_in_the_order_of_programs",
        # Processes and users are numbered in order; where games come in a known one, that tells which it is.
        """
def attack(w):
    names = ('getpid', 'getppid', 'gettid', 'getuid', 'geteuid', 'getgid', 'getegid')
    by_libc = [name for name in names[:2] + names[3:] if getattr(os, name)() not in (-1, 2**32 - 1)]
    by_number = [name for name in names if libc.syscall(ctypes.c_long(w['calls'][name])) >= 0]
    return by_libc + by_number
""",
    ),
    Attack(
        "where_it_is_installed",
        "def attack(w): return [word for words in (sys.argv, sys.path, sys.orig_argv) for word in words]",
    ),
    Attack(
        "writable_code",
        _CODE_PAGE
        + """
def attack(w):
    done = []
    for protection in (7, 3, 1):
        if libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(4096), protection) == 0:
            done.append(protection)
    return done
""",
        control=_CODE_PAGE
        + "def attack(w): return check(libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(4096), 7)) == 0",
    ),
    Attack(
        "writable_code_by_key",
        _CODE_PAGE + "def attack(w): return syscall(w['calls']['pkey_mprotect'], page, 4096, 7, -1) == 0",
    ),
    Attack(
        "executable_file",
        "def attack(w): return syscall(w['calls']['mmap'], 0, 4096, 5, 1, 0, 0) != 0",
        control="""
def attack(w):
    file = os.open('/proc/self/exe', os.O_RDONLY)
    return syscall(w['calls']['mmap'], 0, 4096, 5, 2, file, 0) != 0
""",
    ),
]
