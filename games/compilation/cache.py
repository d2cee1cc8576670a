"""The disk cache of compiled games, safe between processes and against damaged files.

One uncompressed ``.npz`` file a game in ``platformdirs.user_cache_dir("nashforge")``, or in the directory the
environment variable ``NASHFORGE_CACHE`` names. Files hold plain arrays and JSON, never pickles; every member
carries a checksum, so a truncated or altered file is noticed and the game compiled again. What is read is
checked as a whole, so that no index points outside its array. A folder that others can write is not used.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import struct
import tempfile
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from filelock import FileLock
from platformdirs import user_cache_dir

from nashforge.games.folders import writable_by_others
from nashforge.games.loading.identities import Identity
from nashforge.games.loading.openspiel import openspiel_version
from nashforge.games.sequence_form import SequenceForm, Treeplex

logger = logging.getLogger(__name__)

FORMAT = 2
"""Version of the file layout."""

IN_MEMORY = 32
"""Compiled games kept by a process (the least recently used are dropped)."""

# What reading a damaged file can raise.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
)


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
        The identity of the game, see `nashforge.games.loading.identities`.
    openspiel : str
        Version of OpenSpiel.
    compiler : int
        Version of the compiler.
    imperfect_recall : str
        The compiler's option of that name.
    information : str
        Likewise.
    """

    game: str
    openspiel: str
    compiler: int
    imperfect_recall: str
    information: str = "state"

    @classmethod
    def of(
        cls, identity: Identity, *, compiler_version: int, imperfect_recall: str, information: str = "state"
    ) -> CacheKey:
        """Return the key of a game."""
        return cls(identity.text, openspiel_version(), compiler_version, imperfect_recall, information)

    def as_json(self) -> str:
        """Return the key as canonical JSON."""
        fields = [FORMAT, self.game, self.openspiel, self.compiler, self.imperfect_recall]
        if self.information != "state":
            fields.append(self.information)
        return json.dumps(fields, ensure_ascii=True)

    @property
    def path(self) -> Path:
        """The file of this key: readable, and unique through a hash of the whole key."""
        name = json.loads(self.game).get("name", "game")
        slug = re.sub(r"[^A-Za-z0-9]+", "_", str(name)).strip("_")[:60]
        digest = hashlib.sha256(self.as_json().encode()).hexdigest()[:32]
        return cache_directory() / f"{slug}-{digest}.npz"


_recent: OrderedDict[tuple[Path, str], SequenceForm] = OrderedDict()
"""The compiled games this process used last; forms are immutable, so sharing them is safe."""
_recent_lock = threading.Lock()


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
    place = key.path, name
    with _recent_lock:
        form = _recent.get(place)
    if form is None:
        form = _stored_or_built(key, build)
        if form.name != name:  # stored under another spelling of the same game
            form = replace(form, name=name)
    with _recent_lock:
        _recent[place] = form
        _recent.move_to_end(place)
        while len(_recent) > IN_MEMORY:
            _recent.popitem(last=False)
    return form


def _stored_or_built(key: CacheKey, build: Callable[[], SequenceForm]) -> SequenceForm:
    if not _usable(key.path.parent):
        return build()
    return read(key.path, key) or _build_once(key.path, key, build)


def _usable(folder: Path) -> bool:
    """Whether the cache can be trusted; if it cannot, say once why."""
    reason = writable_by_others(folder)
    if reason is not None and folder not in _refused:
        _refused.add(folder)
        logger.warning(
            "compiled games are neither read from nor stored in %s: %s, or set NASHFORGE_CACHE to a folder "
            "of your own",
            folder,
            reason,
        )
    return reason is None


_refused: set[Path] = set()
"""Folders whose refusal was told."""


def _build_once(path: Path, key: CacheKey, build: Callable[[], SequenceForm]) -> SequenceForm:
    lock = FileLock(path.with_suffix(".lock"))
    try:
        path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.parent.chmod(0o700)  # made by an older version
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
        "constant_sum": form.constant_sum,
        "players": form.players,
    }
    arrays["meta"] = np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)
    for player, treeplex in enumerate(form.treeplexes):
        arrays[f"start{player}"] = treeplex.start
        arrays[f"parent{player}"] = treeplex.parent
        arrays[f"actions{player}"] = treeplex.actions
        distinct = tuple(dict.fromkeys(treeplex.action_names))
        number = {name: k for k, name in enumerate(distinct)}
        arrays[f"names{player}"] = np.array([number[name] for name in treeplex.action_names], dtype=np.int32)
        _write_texts(arrays, f"name{player}", distinct)
        _write_texts(arrays, f"label{player}", treeplex.labels)
    for left in path.parent.glob(
        f".{path.stem}.*.writing"
    ):  # by a killed writer: the lock admits one at a time
        left.unlink(missing_ok=True)
    # A random name that nobody else has, opened exclusively: no link that waits there is followed.
    handle, temporary = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=".writing", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _write_texts(arrays: dict[str, npt.NDArray[Any]], name: str, texts: tuple[str, ...]) -> None:
    arrays[f"{name}_ends"] = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    arrays[f"{name}_text"] = np.frombuffer("".join(texts).encode(), dtype=np.uint8)


def read_meta(key: CacheKey) -> dict[str, Any] | None:
    """Return what is stored beside the arrays of a game: its players, nodes and what payoffs sum to."""
    if writable_by_others(key.path.parent) is not None:
        return None
    try:
        with _open(key.path) as stream, np.load(stream, allow_pickle=False) as file:
            return _checked_meta(file, key)
    except (OSError, *DAMAGED):
        return None


def _open(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb")


def _checked_meta(file: Any, key: CacheKey) -> dict[str, Any]:
    stored = file.zip.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in stored):
        raise ValueError("its arrays are compressed, as we write none")
    meta = json.loads(file["meta"].tobytes())
    if meta["key"] != key.as_json():
        raise ValueError("the file belongs to another game")
    constant = meta["constant_sum"]
    numbers = isinstance(constant, float | None) and isinstance(meta["zero_sum"], bool)
    if not numbers or type(meta["players"]) is not int or type(meta["nodes"]) is not int:
        raise ValueError("its description is ill-formed")
    if meta["zero_sum"] != (constant == 0.0) or not 0 < meta["players"] < len(stored) or meta["nodes"] < 1:
        raise ValueError("its description contradicts itself")
    return dict(meta)


def read(path: Path, key: CacheKey) -> SequenceForm | None:
    """Load a compiled game, or None if there is no whole and matching file."""
    try:
        with _open(path) as stream, np.load(stream, allow_pickle=False) as file:
            meta = _checked_meta(file, key)
            form = SequenceForm(  # which checks that indices are in range
                name=str(meta["name"]),
                treeplexes=tuple(_read_treeplex(file, player) for player in range(meta["players"])),
                leaf_sequences=_array(file, "leaf_sequences", np.int32),
                leaf_payoffs=_array(file, "leaf_payoffs", np.float64),
                leaf_chance=_array(file, "leaf_chance", np.float64),
                nodes=meta["nodes"],
                zero_sum=meta["zero_sum"],
                constant_sum=meta["constant_sum"],
            )
            _check_sums(form)
            return form
    except FileNotFoundError:
        return None
    except DAMAGED as error:
        logger.warning("compiling again: the cached game %s is damaged (%s)", path, error)
        return None
    except OSError as error:
        logger.warning("compiling again: the cached game %s cannot be read (%s)", path, error)
        return None


def _array(file: Any, name: str, kind: npt.DTypeLike) -> npt.NDArray[Any]:
    array: npt.NDArray[Any] = file[name]
    if array.dtype != kind or not array.flags.c_contiguous:
        raise ValueError(f"{name} is an array of {array.dtype}, or its rows are not one after the other")
    return array


def _read_treeplex(file: Any, player: int) -> Treeplex:
    names = _read_texts(file, f"name{player}")
    chosen = _array(file, f"names{player}", np.int32)
    if chosen.size and not 0 <= chosen.min() <= chosen.max() < len(names):
        raise ValueError("an action's name is out of range")
    return Treeplex(
        start=_array(file, f"start{player}", np.int32),
        parent=_array(file, f"parent{player}", np.int32),
        labels=_read_texts(file, f"label{player}"),
        actions=_array(file, f"actions{player}", np.int32),
        action_names=tuple(names[k] for k in chosen.tolist()),
    )


def _read_texts(file: Any, name: str) -> tuple[str, ...]:
    text = _array(file, f"{name}_text", np.uint8).tobytes().decode()
    ends = _array(file, f"{name}_ends", np.int64)
    if ends.ndim != 1 or ends.size == 0 or ends[0] != 0 or ends[-1] != len(text) or (np.diff(ends) < 0).any():
        raise ValueError(f"{name} has texts that begin before they end")
    return tuple(text[a:b] for a, b in pairwise(ends.tolist()))


def _check_sums(form: SequenceForm) -> None:
    """Refuse payoffs that do not sum to what the file says: solvers rely on it."""
    if form.constant_sum is None:
        return
    sums = form.leaf_payoffs.sum(axis=0) - form.constant_sum * form.leaf_chance
    largest = float(np.abs(form.leaf_payoffs).max(initial=0.0))
    if float(np.abs(sums).max(initial=0.0)) > 1e-8 * largest:
        raise ValueError("its payoffs do not have the sum that it says")
