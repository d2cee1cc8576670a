"""Mutation testing at the centre: breaks single lines, one at a time, and reports what no test notices.

``mutations.toml`` names for each mutation a file, a text that occurs in it exactly once, what to put in its
place, and the tests that must then fail. Everything happens in copies of the tree in temporary folders, each
with a Python environment of its own, so that neither the checkout nor an installed Nashforge is touched or
tested by mistake. Before anything is mutated the tests must pass.

numba keeps compiled kernels on disk and looks only at the file of a function to see whether they are stale,
not at the functions that were compiled into it: kernels are compiled afresh for every mutation of one.

    python tools/mutate.py [-k WORD ...] [--jobs N] [--list] [--check]
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MUTATIONS = Path(__file__).with_name("mutations.toml")

SECONDS = 240.0
"""What the tests of one mutation may take, kernels that have to be compiled included."""

KILLED, SURVIVED, BROKEN, LATE = "killed", "SURVIVED", "BROKEN", "TOO LATE"
PYTEST = ("-m", "pytest", "-x", "-q", "--tb=line", "-rfE", "-p", "no:xdist", "-p", "no:cacheprovider")


class MutationError(Exception):
    """The list of mutations does not fit the tree."""


@dataclass(frozen=True)
class Mutation:
    """One change of one place.

    Attributes
    ----------
    name : str
        What is broken by it.
    file : str
        Relative to the root of the tree.
    old, new : str
        What stands there, exactly once in the file, and what is put in its place.
    tests : tuple of str
        Files or single tests, as pytest takes them, at least one of which must fail.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def applied(self, root: Path) -> str:
        """Return the text of the file with the mutation.

        Raises
        ------
        MutationError
            If the old text does not occur exactly once, or the new one is the same.
        """
        path = root / self.file
        if not path.is_file():
            raise MutationError(f"{self.name}: there is no file {self.file}; name the one that has the line")
        text = path.read_text(encoding="utf-8")
        count = text.count(self.old)
        if count != 1:
            raise MutationError(
                f"{self.name}: {self.old!r} occurs {count} times in {self.file}, not once; give the line "
                "as it is now, with as much around it as tells it from others"
            )
        if self.new == self.old:
            raise MutationError(f"{self.name}: old and new text are the same")
        return text.replace(self.old, self.new)

    def check(self, root: Path) -> None:
        """Check that the mutation applies, and that its tests are there.

        Raises
        ------
        MutationError
            If not.
        """
        self.applied(root)
        if not self.tests:
            raise MutationError(f"{self.name}: name at least one test that must fail")
        for test in self.tests:
            file, _, name = test.partition("::")
            path = root / file
            if not path.is_file():
                raise MutationError(f"{self.name}: there is no file of tests {file}")
            function = re.escape(name.partition("[")[0].rpartition("::")[2])
            if name and not re.search(rf"\bdef {function}\(", path.read_text(encoding="utf-8")):
                raise MutationError(f"{self.name}: there is no test {name} in {file}")


@dataclass(frozen=True)
class Outcome:
    """What became of a mutation: a word, by which test or why, and after how many seconds."""

    word: str
    detail: str
    seconds: float


def load(path: Path = MUTATIONS) -> list[Mutation]:
    """Read a list of mutations.

    Raises
    ------
    MutationError
        If an entry is incomplete, or two have one name.
    """
    found: list[Mutation] = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["mutation"]:
        if set(entry) != {"name", "file", "old", "new", "tests"}:
            raise MutationError(f"{entry.get('name', entry)}: give name, file, old, new and tests")
        found.append(Mutation(**{**entry, "tests": tuple(entry["tests"])}))
    names = [mutation.name for mutation in found]
    for name in names:
        if names.count(name) > 1:
            raise MutationError(f"two mutations are called {name!r}")
    return found


class Tree:
    """A copy of the tree in which mutations are tried, with a Python environment that finds only this copy.

    Parameters
    ----------
    root
        The tree that is copied: the files that git knows or would add.
    folder
        Where to; an empty folder.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.path, self._scratch = folder / "tree", folder
        for name in _files(root):
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, target, follow_symlinks=False)  # nashforge/ links the packages
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
        self._python = str(folder / "venv" / "bin" / "python")
        # Packages come from where this Python has them. Links to a checkout, as an editable installation
        # leaves them beside the packages, are not followed from there.
        packages = [part for part in sys.path if Path(part).name in ("site-packages", "dist-packages")]
        [own] = (folder / "venv").glob("lib/python*/site-packages")
        (own / "tree.pth").write_text("\n".join([str(self.path), *packages]) + "\n", encoding="utf-8")

    def run(self, tests: Sequence[str], seconds: float, kernels: Path | None = None) -> Outcome:
        """Run tests until one fails, with compiled kernels from a folder."""
        environment = {name: value for name, value in os.environ.items() if name not in _OUTSIDE}
        environment |= {"NUMBA_CACHE_DIR": str(kernels or self._scratch / "kernels"), "NO_COLOR": "1"}
        environment["TMPDIR"] = str(self._scratch)
        began = time.monotonic()
        process = subprocess.Popen(
            [self._python, *PYTEST, "--hypothesis-seed=0", *tests],
            cwd=self.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return Outcome(LATE, f"no test failed within {seconds:g} s", time.monotonic() - began)
        return Outcome(*_verdict(process.returncode, output), time.monotonic() - began)

    def attempt(self, mutation: Mutation, seconds: float = SECONDS) -> Outcome:
        """Run the tests of a mutation with it in place, and put the file back."""
        path = self.path / mutation.file
        original = path.read_text(encoding="utf-8")
        mutated = mutation.applied(self.path)
        with tempfile.TemporaryDirectory(dir=self._scratch) as fresh:
            _write(path, mutated)
            try:
                return self.run(mutation.tests, seconds, Path(fresh) if _KERNEL.search(original) else None)
            finally:
                _write(path, original)


_OUTSIDE = {
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "PYTEST_ADDOPTS",
    "NASHFORGE_DATABASE",
    "NASHFORGE_CACHE",
}
"""Variables that could lead out of a copy."""


_KERNEL = re.compile(r"^@(numba\.)?(kernel|njit)\b", re.MULTILINE)


def _write(path: Path, text: str) -> None:
    """Write a module, and forget its bytecode: Python compares sizes and whole seconds only."""
    path.write_text(text, encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def _files(root: Path) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return [name for name in names if name and ((root / name).is_file() or (root / name).is_symlink())]


def _verdict(code: int, output: str) -> tuple[str, str]:
    """Return what an exit status of pytest says of the mutation, and the test that noticed it."""
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
    if code == 0:
        return SURVIVED, "all tests pass"
    if code == 1 and failed is not None:
        return KILLED, failed.group(1)
    last = (output.strip().splitlines() or ["no output"])[-1]
    return BROKEN, f"pytest ended with status {code}: {last}"


@contextmanager
def trees(root: Path, count: int) -> Iterator[list[Tree]]:
    """Make copies of a tree; remove them afterwards."""
    with tempfile.TemporaryDirectory(prefix="nashforge-mutate-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)  # some tests run programs as other users
        made = []
        for number in range(count):
            place = Path(folder) / str(number)
            place.mkdir()
            made.append(Tree(root, place))
        yield made


def try_all(mutations: Iterable[Mutation], copies: Sequence[Tree]) -> Iterator[tuple[Mutation, Outcome]]:
    """Try mutations, one at a time in each copy; yield them as they end."""
    waiting: queue.SimpleQueue[Mutation] = queue.SimpleQueue()
    total = 0
    for mutation in mutations:
        waiting.put(mutation)
        total += 1
    ended: queue.SimpleQueue[tuple[Mutation, Outcome] | BaseException] = queue.SimpleQueue()

    def work(tree: Tree) -> None:
        try:
            while True:
                mutation = waiting.get_nowait()
                ended.put((mutation, tree.attempt(mutation)))
        except queue.Empty:
            pass
        except Exception as error:  # noqa: BLE001  handed on to the main thread, which raises it
            ended.put(error)

    for tree in copies:
        threading.Thread(target=work, args=(tree,), daemon=True).start()
    for _ in range(total):
        found = ended.get()
        if isinstance(found, BaseException):
            raise found
        yield found


def _complaints(mutations: Iterable[Mutation]) -> Iterator[str]:
    """Yield what does not fit, all of it at once."""
    for mutation in mutations:
        try:
            mutation.check(ROOT)
        except MutationError as error:
            yield str(error)


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutations and print a table; the exit status is 1 unless all are killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "-k", metavar="WORD", nargs="+", default=[""], help="only those with one of the words in name or file"
    )
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="copies to work in")
    parser.add_argument("--list", action="store_true", help="show the mutations, try none")
    parser.add_argument("--check", action="store_true", help="check that all apply, try none")
    options = parser.parse_args(arguments)
    try:
        every = load()
    except MutationError as error:
        print(f"{MUTATIONS.name}: {error}", file=sys.stderr)
        return 2
    wrong = list(_complaints(every))
    if wrong:
        print(*(f"{MUTATIONS.name}: {complaint}" for complaint in wrong), sep="\n", file=sys.stderr)
        return 2
    chosen = [m for m in every if any(word.lower() in f"{m.name} {m.file}".lower() for word in options.k)]
    if not chosen:
        print(f"no mutation has {' or '.join(options.k)} in its name or file; see --list", file=sys.stderr)
        return 2
    if options.list:
        print(*(f"{mutation.file:36} {mutation.name}" for mutation in chosen), sep="\n")
    if options.list or options.check:
        return 0
    began = time.monotonic()
    with trees(ROOT, max(1, options.jobs)) as copies:
        tests = sorted({test for mutation in chosen for test in mutation.tests})
        print(f"{len(chosen)} mutations in {len(copies)} copies; first the tests without any ...", flush=True)
        before = copies[0].run(tests, 2 * SECONDS)
        if before.word != SURVIVED:
            print(f"the tests must pass before anything is mutated: {before.detail}", file=sys.stderr)
            return 2
        alive = []
        for mutation, outcome in try_all(chosen, copies):
            if outcome.word != KILLED:
                alive.append(mutation)
            print(
                f"{outcome.word:9} {outcome.seconds:5.1f} s  {mutation.file}: {mutation.name}\n"
                f"{'':19}{outcome.detail}",
                flush=True,
            )
    print(f"{len(chosen)} mutations, {len(alive)} not killed, {time.monotonic() - began:.0f} s")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
