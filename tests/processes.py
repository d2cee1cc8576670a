"""Processes as /proc shows them (Linux): a process may end between being listed and being looked at."""

from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Return the processes that a process started, by any of its threads, and those that these started."""
    found = []
    for thread in sorted(_entries(pid, "task")):
        for child in map(int, _read(pid, f"task/{thread}/children").split()):
            found += [child, *descendants(child)]
    return found


def is_alive(pid: int | str) -> bool:
    """Whether a process runs; a zombie that nobody has waited for does not."""
    return state(pid) not in ("", "Z", "X")


def state(pid: int | str) -> str:
    """Return the letter of a process's state, as in proc(5); nothing if there is none."""
    return "".join(_read(pid, "stat").decode().rpartition(")")[2].split()[:1])


def environment(pid: int) -> bytes:
    """Return the environment that a process was started with; nothing if it has ended."""
    return _read(pid, "environ")


def _read(pid: int | str, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def _entries(pid: int, name: str) -> list[str]:
    try:
        return [entry.name for entry in Path(f"/proc/{pid}/{name}").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return []
