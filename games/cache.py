"""The disk cache of compiled games, safe between processes and against damaged files.

One uncompressed ``.npz`` file a game in ``platformdirs.user_cache_dir("nashforge")``, or in the directory the
environment variable ``NASHFORGE_CACHE`` names. Files hold plain arrays and JSON, never pickles; every member
carries a checksum, so a truncated or altered file is noticed and the game compiled again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock
from platformdirs import user_cache_dir

from games.openspiel import Game, data_files, openspiel_version
from games.sequence_form import SequenceForm, Treeplex

logger = logging.getLogger(__name__)

FORMAT = 1
"""Version of the file layout."""

IN_MEMORY = 32
"""Compiled games kept by a process (the least recently used are dropped)."""

# What reading a damaged file can raise.
DAMAGED = (zipfile.BadZipFile, EOFError, KeyError, ValueError, TypeError, RuntimeError)


def cache_directory() -> Path:
    """Return the directory of compiled games: ``$NASHFORGE_CACHE``, else the user's cache directory."""
    override = os.environ.get("NASHFORGE_CACHE")
    return Path(override if override else user_cache_dir("nashforge")) / "games"


@dataclass(frozen=True)
class CacheKey:
    """Everything that decides what a game compiles to.

    Attributes
    ----------
    game : str
        OpenSpiel's canonical spelling of the game.
    openspiel : str
        Version of OpenSpiel.
    compiler : int
        Version of the compiler.
    imperfect_recall : str
        The compiler's option of that name.
    files : tuple of (str, str)
        Files the game reads, with the SHA-256 of their contents.
    """

    game: str
    openspiel: str
    compiler: int
    imperfect_recall: str
    files: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, game: Game, *, compiler_version: int, imperfect_recall: str) -> CacheKey:
        """Return the key of a loaded game."""
        files = tuple(
            (os.path.abspath(name), hashlib.sha256(Path(name).read_bytes()).hexdigest())
            for name in data_files(game)
        )
        return cls(str(game), openspiel_version(), compiler_version, imperfect_recall, files)

    def as_json(self) -> str:
        """Return the key as canonical JSON."""
        fields = [FORMAT, self.game, self.openspiel, self.compiler, self.imperfect_recall, self.files]
        return json.dumps(fields, ensure_ascii=True)

    @property
    def path(self) -> Path:
        """The file of this key: readable, and unique through a hash of the whole key."""
        slug = re.sub(r"[^A-Za-z0-9]+", "_", self.game).strip("_")[:60]
        digest = hashlib.sha256(self.as_json().encode()).hexdigest()[:20]
        return cache_directory() / f"{slug}-{digest}.npz"


class _Recent:
    """The compiled games this process used last; forms are immutable, so sharing them is safe."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._forms: OrderedDict[tuple[Path, str], SequenceForm] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[Path, str]) -> SequenceForm | None:
        with self._lock:
            if key in self._forms:
                self._forms.move_to_end(key)
            return self._forms.get(key)

    def put(self, key: tuple[Path, str], form: SequenceForm) -> None:
        with self._lock:
            self._forms[key] = form
            self._forms.move_to_end(key)
            while len(self._forms) > self._size:
                self._forms.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._forms.clear()


_recent = _Recent(IN_MEMORY)


def clear_memory() -> None:
    """Forget the compiled games this process holds; files stay."""
    _recent.clear()


def load_or_build(key: CacheKey, build: Callable[[], SequenceForm], name: str) -> SequenceForm:
    """Return the game of ``key`` from memory or disk; else build it, once between all processes.

    A cache that cannot be written or locked costs a logged warning and the time to build, never the result.

    Parameters
    ----------
    key : CacheKey
    build : callable
        Compiles the game; whatever it raises is passed on and nothing is stored.
    name : str
        The name the returned form shall have.
    """
    path = key.path
    form = _recent.get((path, name))
    if form is None:
        form = read(path, key)
        if form is None:
            form = _build_once(path, key, build)
        if form.name != name:  # stored under another spelling of the same game
            form = replace(form, name=name)
        _recent.put((path, name), form)
    return form


def _build_once(path: Path, key: CacheKey, build: Callable[[], SequenceForm]) -> SequenceForm:
    lock = FileLock(path.with_suffix(".lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (OSError, NotImplementedError) as error:  # read-only directory; file system without locks
        logger.warning("the game cache %s cannot be used: %s", path.parent, error)
        return build()
    try:
        form = read(path, key)  # another process may have built it while this one waited
        if form is None:
            form = build()
            try:
                write(path, key, form)
            except OSError as error:
                logger.warning("the compiled game cannot be stored in %s: %s", path.parent, error)
        return form
    finally:
        lock.release()


def write(path: Path, key: CacheKey, form: SequenceForm) -> None:
    """Store a compiled game so that readers see the whole file or none; the caller holds its lock."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "leaf_sequences": form.leaf_sequences,
        "leaf_payoffs": form.leaf_payoffs,
        "leaf_chance": form.leaf_chance,
    }
    meta = {
        "key": key.as_json(),
        "name": form.name,
        "nodes": form.nodes,
        "zero_sum": form.zero_sum,
        "players": form.players,
    }
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
    for player, treeplex in enumerate(form.treeplexes):
        ends = np.cumsum([0, *map(len, treeplex.labels)], dtype=np.int64)
        arrays[f"start{player}"] = treeplex.start
        arrays[f"parent{player}"] = treeplex.parent
        arrays[f"actions{player}"] = treeplex.actions
        arrays[f"label_ends{player}"] = ends
        text = "".join(treeplex.labels).encode()
        arrays[f"label_text{player}"] = np.frombuffer(text, dtype=np.uint8)
    # One name for all writers: the lock admits one at a time, and what a killed one leaves is overwritten.
    temporary = path.with_name(f".{path.stem}.writing")
    try:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)  # there only if something went wrong


def read(path: Path, key: CacheKey) -> SequenceForm | None:
    """Load a compiled game, or None if there is no whole and matching file."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            meta = json.loads(file["meta"].tobytes())
            if meta["key"] != key.as_json():
                raise ValueError("the file belongs to another game")
            return SequenceForm(
                name=str(meta["name"]),
                treeplexes=tuple(_read_treeplex(file, player) for player in range(meta["players"])),
                leaf_sequences=file["leaf_sequences"],
                leaf_payoffs=file["leaf_payoffs"],
                leaf_chance=file["leaf_chance"],
                nodes=int(meta["nodes"]),
                zero_sum=bool(meta["zero_sum"]),
            )
    except FileNotFoundError:
        return None
    except DAMAGED as error:
        logger.warning("compiling again: the cached game %s is damaged (%s)", path, error)
        return None
    except OSError as error:
        logger.warning("compiling again: the cached game %s cannot be read (%s)", path, error)
        return None


def _read_treeplex(file: Any, player: int) -> Treeplex:
    text = file[f"label_text{player}"].tobytes().decode()
    return Treeplex(
        start=file[f"start{player}"],
        parent=file[f"parent{player}"],
        labels=tuple(text[a:b] for a, b in pairwise(file[f"label_ends{player}"].tolist())),
        actions=file[f"actions{player}"],
    )
