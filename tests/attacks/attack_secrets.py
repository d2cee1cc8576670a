"""Attacks on files, secrets and the network."""

from __future__ import annotations

from attack_kinds import Attack

FILES = [
    Attack("read_passwd", "def attack(w): return 'root' in open('/etc/passwd').read()"),
    Attack("read_key_file", "def attack(w): return open(w['key_file']).read()"),
    Attack(
        "read_key_file_by_system_call",
        """
def attack(w):
    fd = syscall(w['calls']['openat'], -100, ctypes.c_char_p(w['key_file'].encode()), 0)
    return os.read(fd, 100)
""",
    ),
    Attack(
        "read_key_file_by_openat2",
        """
def attack(w):
    path, how = ctypes.c_char_p(w['key_file'].encode()), ctypes.c_char_p(struct.pack('QQQ', 0, 0, 0))
    return os.read(syscall(w['calls']['openat2'], -100, path, how, 24), 100)
""",
    ),
    Attack("stat_foreign_path", "def attack(w): return os.stat(w['key_file'])"),
    Attack("list_root", "def attack(w): return os.listdir('/')"),
    Attack("change_directory", "def attack(w): return os.chdir('/tmp') is None"),
    Attack("read_link_of_executable", "def attack(w): return os.readlink('/proc/self/exe')"),
    Attack(
        "write_file",
        """
def attack(w):
    with open(w['folder'] + '/written-%d' % os.getpid(), 'w') as f:
        return f.write('x')
""",
    ),
    Attack(
        "ten_gigabyte_file",
        """
def attack(w):
    with open(w['folder'] + '/large-%d' % os.getpid(), 'wb') as f:
        f.truncate(10 << 30)  # sparse: the control does not fill the disk
        return f.seek(0, 2)
""",
    ),
    Attack(
        "ten_gigabytes_in_unnamed_memory",
        """
def attack(w):
    fd = syscall(w['calls']['memfd_create'], ctypes.c_char_p(b'x'), 0)
    os.ftruncate(fd, 10 << 30)
    return os.fstat(fd).st_size
""",
    ),
]

SECRETS = [
    Attack("key_in_environment", "def attack(w): return os.environ.get('NASHFORGE_TEST_KEY')"),
    Attack(
        "key_on_own_stack",
        """
def attack(w):
    # The kernel puts the environment at the top of the stack; clearing os.environ leaves it there.
    libc.getauxval.restype = ctypes.c_ulong
    top = libc.getauxval(31)  # AT_EXECFN, the last string
    stack = ctypes.string_at(top - 32768, 32768)
    return key_in(w, stack.decode('latin-1'))
""",
        control="""
exec(BODY)
attack_ = attack
def attack(w):
    os.environ.clear()
    return attack_(w)
""",
    ),
    Attack(
        "environment_of_trusted_process",
        "def attack(w): return key_in(w, open('/proc/%d/environ' % w['trusted']).read())",
    ),
    Attack(
        "environment_of_parent",
        "def attack(w): return len(open('/proc/%d/environ' % os.getppid(), 'rb').read())",
    ),
    Attack(
        "memory_of_trusted_process",
        "def attack(w): return open('/proc/%d/mem' % w['trusted'], 'rb').fileno()",
        control="""
def attack(w):
    with Victim() as pid:
        return open('/proc/%d/mem' % pid, 'rb').fileno()
""",
    ),
    Attack(
        "evaluator_by_frames",
        """
def attack(w):
    frame, seen = sys._getframe(), []
    while frame is not None:
        seen += [repr(v) for v in list(frame.f_locals.values()) + list(frame.f_globals.values())]
        frame = frame.f_back
    return key_in(w, ' '.join(seen))
""",
        control="""
exec(BODY)
attack_ = attack
def attack(w):
    def evaluate(payoffs):
        return attack_(w)
    return evaluate(os.environ['NASHFORGE_TEST_KEY'])
""",
    ),
    Attack(
        "evaluator_by_garbage_collector",
        """
def attack(w):
    gc.unfreeze()
    found = []
    for o in gc.get_objects() + [m.__dict__ for m in list(sys.modules.values()) if m is not None]:
        for x in gc.get_referents(o):
            kind = type(x)
            ours = ('nashforge.games', 'nashforge.evolve.sandbox.session', 'nashforge.evolve.domains')
            if kind.__module__.startswith((*ours, 'pyspiel')):
                found.append(kind.__name__)
            elif kind in (str, bytes) and key_in(w, str(x)):
                found.append('key')
    return found
""",
        control="""
exec(BODY)
attack_ = attack
def attack(w):
    evaluator = ['payoffs', [os.environ['NASHFORGE_TEST_KEY']]]
    return attack_(w)
""",
    ),
]

NETWORK = [
    Attack("tcp", "def attack(w): return socket.create_connection(('127.0.0.1', w['tcp']), 2)"),
    Attack(
        "udp",
        """
def attack(w):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    return s.sendto(b'key', ('127.0.0.1', w['udp']))
""",
    ),
    Attack(
        "raw_socket",
        "def attack(w): return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
        only_root=True,
    ),
    Attack(
        "abstract_socket",
        """
def attack(w):
    s = socket.socket(socket.AF_UNIX)
    s.connect('\\0' + w['abstract'])
    return s
""",
    ),
    Attack("socket_pair", "def attack(w): return socket.socketpair()"),
    Attack("netlink", "def attack(w): return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)"),
]
