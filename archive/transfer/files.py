"""Archives that travel: everything, or some runs and programs, as one file that merges into any archive.

The file is gzipped JSON lines (see :mod:`nashforge.archive.transfer.lines`): a header, programs, runs,
studies, candidates, evaluations, model calls, and a last line that counts them. Everything in it is named by
content or by a global identity, so that importing a file twice, or files that overlap, adds each thing once.
Unfinished evaluations and calls under way stay behind: they belong to processes of the exporting machine.

A file may be anybody's. It is read within the bounds of :mod:`nashforge.archive.transfer.limits`, every line
is checked before it is stored, and what comes from it is marked as imported for good.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import secrets
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import IO, BinaryIO, TypeAlias

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import DBAPIError, StatementError

from nashforge.archive.errors import ArchiveError, Conflict, DamagedExport, DiskFull
from nashforge.archive.storage.rows import ProgramRef, RunRef
from nashforge.archive.store import Archive
from nashforge.archive.transfer.checks import Check, check_line
from nashforge.archive.transfer.gather import gather
from nashforge.archive.transfer.limits import (
    BATCH_BYTES,
    BATCH_LINES,
    LONGEST_LINE,
    MOST_BYTES,
    MOST_LINES,
    MOST_VALUES,
    STORED_LINES,
)
from nashforge.archive.transfer.lines import VERSION, EndLine, HeaderLine, Line, checked_parser, parser
from nashforge.archive.transfer.merge import Merge
from nashforge.archive.transfer.references import Missing, References

_PACKING = 6
"""Of 9: the rest would take twice the time, for a hundredth of the size."""
_DESCRIPTORS = "/proc/self/fd"
_MOST_QUOTED = 200
"""Characters of a file that an error repeats."""


@dataclass(frozen=True)
class TransferReport:
    """The rows that an export wrote or an import added.

    Attributes
    ----------
    added : dict of str to int
        Things written or new, by kind (``program``, ``run``, ``study``, ``candidate``, ``evaluation``,
        ``model_call``).
    known : dict of str to int
        Things that were in the archive already (imports).
    renamed : dict of str to str
        Nicknames of runs and programs that were taken here, and what they are called instead.
    missing_parents : int
        Parents that lie in runs which neither the file nor the archive holds; those links are left out.
    left_out : dict of str to int
        What the file says beyond the archive of runs that were made or continued here, by kind: not taken.
    """

    added: dict[str, int]
    known: dict[str, int] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    missing_parents: int = 0
    left_out: dict[str, int] = field(default_factory=dict)


def export_archive(
    archive: Archive,
    path: str | Path,
    *,
    runs: Sequence[RunRef | str] | None = None,
    programs: Sequence[ProgramRef] | None = None,
    model_calls: bool = True,
    overwrite: bool = False,
) -> TransferReport:
    """Write an archive, or a part of it, to a file; the file appears whole or not at all.

    Parameters
    ----------
    archive
        Where from.
    path
        The file, usually ``NAME.jsonl.gz``.
    runs
        Only these runs, with their programs and all measurements of those.
    programs
        Only these programs with the measurements made outside runs; may be combined with ``runs``. Without
        either, everything is exported.
    model_calls
        Whether requests to and answers of models go along; a run replays only with them.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    Conflict
        If the file exists and may not be replaced.
    """
    target = Path(path)
    if target.exists() and not overwrite:
        raise Conflict(f"the file {target} exists; choose another name or allow it to be replaced")
    counts: Counter[str] = Counter()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # No time stamp and no name: the same archive gives the same file again.
        with _appearing(target) as raw, gzip.GzipFile("", "wb", _PACKING, raw, mtime=0) as packed:
            _write(packed, HeaderLine())
            for line in gather(archive, runs, programs, model_calls):
                counts[line.kind] += 1
                _write(packed, line)
            _write(packed, EndLine(counts=dict(counts)))
    except OSError as error:
        raise _no_room(target, error) from error
    return TransferReport(dict(counts))


@contextmanager
def _appearing(target: Path) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name when the block ends well; else nothing of it is left.

    Where the system has files without names (Linux, on most file systems), nothing is left of it even if the
    process is killed.
    """
    name: str | None = None
    try:
        if not (hasattr(os, "O_TMPFILE") and os.path.exists(_DESCRIPTORS)):
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        handle = os.open(target.parent, os.O_WRONLY | os.O_TMPFILE, 0o600)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT):
            raise
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as raw:
            yield raw
            raw.flush()
            os.fsync(raw.fileno())
            if name is None:
                name = str(target.parent / f".{target.name}.{secrets.token_hex(8)}")
                # With a descriptor of a folder, of which an absolute path makes no use, links are followed.
                os.link(f"{_DESCRIPTORS}/{raw.fileno()}", name, src_dir_fd=raw.fileno())
        os.replace(name, target)
    finally:
        if name is not None:
            Path(name).unlink(missing_ok=True)  # there only if something went wrong


def _no_room(target: Path, error: OSError) -> ArchiveError:
    return DiskFull(
        f"{target} cannot be written ({error.strerror or error}); choose a writable place with room"
    )


def _write(file: gzip.GzipFile, line: Line) -> None:
    file.write(line.model_dump_json().encode("utf-8") + b"\n")


def import_archive(archive: Archive, path: str | Path, *, check: Check | None = None) -> TransferReport:
    """Merge an export file into an archive.

    The file is checked from its first line to its last before anything is stored; then it is stored in
    batches. Whoever interrupts that imports the file again: it goes on where it was.

    What is there already stays as it is, except that an imported run is completed by a later export of it:
    unfinished candidates take over their outcome and missing fitness is filled in. Everything new is marked
    with the time of its arrival.

    Parameters
    ----------
    check
        Called with the kind and the fields of every line that refers to what this package does not know
        (configurations, settings); raises ValueError for what cannot be read
        (`nashforge.evolve.config.importing.check`).

    Raises
    ------
    DamagedExport
        If the file is not an export, is cut short, was altered (a program whose hash does not fit), or is
        beyond the bounds of `nashforge.archive.transfer.limits`, or if a line refers to what is neither
        before it nor in the archive: then nothing was stored. If it was changed meanwhile, what came before
        is stored.
    ArchiveError
        If it cannot be read.
    """
    source = Path(path)
    merge = Merge()
    try:
        with source.open("rb") as file:
            sums = _check(archive, file, source, check or (lambda kind, values: None))
            file.seek(0)
            checked = _lines(_same(_texts(file, source), sums, source), source, checked_parser())
            batches = _batches(checked)
            while _store(archive, merge, batches, source):
                pass
    except OSError as error:
        raise ArchiveError(
            f"the file {source} cannot be read ({error.strerror or error}); check the path"
        ) from error
    return TransferReport(
        dict(merge.added), dict(merge.known), merge.renamed, merge.missing_parents, dict(merge.left_out)
    )


_Batch: TypeAlias = list[tuple[int, Line]]


def _store(archive: Archive, merge: Merge, batches: Iterator[_Batch], source: Path) -> bool:
    """Merge some batches in one transaction; return whether there may be more."""
    taken = 0
    with archive.database.transaction() as connection:
        merge.begin(connection)
        for batch in batches:
            with _told(source, batch[0][0]):
                merge.prepare([line for _, line in batch])
            for number, line in batch:
                with _told(source, number):
                    merge.take(line)
            with _told(source, batch[-1][0]):
                merge.flush()
            taken += len(batch)
            if taken >= STORED_LINES:
                return True
        merge.link_parents()
    return False


def _check(archive: Archive, file: BinaryIO, source: Path, check: Check) -> list[bytes]:
    """Check a file from its first line to its last; return the digests of its pieces."""
    sums: list[bytes] = []

    def read() -> Iterator[bytes]:
        for piece in _pieces(_texts(file, source)):
            sums.append(_digest(piece))
            yield from piece

    references = References(archive)
    try:
        for number, line, _ in _lines(read(), source):
            with _told(source, number):
                check_line(line, check)
                references.read(number, line)
        references.resolve()
    except Missing as error:
        raise _wrong(source, error.number, error) from error
    return sums


def _same(texts: Iterator[bytes], sums: Sequence[bytes], source: Path) -> Iterator[bytes]:
    """Yield lines that were checked; somebody may write to the file meanwhile."""
    for piece, digest in zip_longest(_pieces(texts), sums, fillvalue=b""):
        if not isinstance(piece, list) or _digest(piece) != digest:
            raise DamagedExport(f"{source} was changed while it was imported; import it again")
        yield from piece


def _pieces(texts: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Yield lines together, few enough to be kept in memory."""
    piece: list[bytes] = []
    size = 0
    for text in texts:
        piece.append(text)
        size += len(text)
        if len(piece) >= BATCH_LINES or size >= BATCH_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _digest(piece: Sequence[bytes]) -> bytes:
    return hashlib.blake2b(b"".join(piece), digest_size=16).digest()


@contextmanager
def _told(source: Path, number: int) -> Iterator[None]:
    """Say which line of a file is wrong."""
    try:
        yield
    except Missing:
        raise
    except (ValueError, StatementError) as error:
        if isinstance(error, DBAPIError):
            raise
        raise _wrong(source, number, error) from error


def _wrong(source: Path, number: int, error: Exception) -> DamagedExport:
    return DamagedExport(f"line {number} of {source} is wrong ({_short(error)}); export again")


def _batches(lines: Iterator[tuple[int, Line, int]]) -> Iterator[_Batch]:
    """Yield lines of one kind together, few enough to be kept in memory whatever they hold."""
    batch: _Batch = []
    taken = 0
    for number, line, size in lines:
        full = len(batch) >= BATCH_LINES or taken + size > BATCH_BYTES
        if batch and (full or line.kind != batch[0][1].kind):
            yield batch
            batch, taken = [], 0
        batch.append((number, line))
        taken += size
    if batch:
        yield batch


def _lines(
    texts: Iterator[bytes], source: Path, reader: TypeAdapter[Line] = parser
) -> Iterator[tuple[int, Line, int]]:
    """Yield the checked lines between header and end, with their numbers and sizes in bytes."""
    counts: Counter[str] = Counter()
    ended = False
    for number, text in enumerate(texts, 1):
        try:
            line = reader.validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise DamagedExport(
                f"line {number} of {source} is not what an export holds ({_short(place)}: "
                f"{_short(first['msg'])}); export again"
            ) from error
        if (number == 1) != isinstance(line, HeaderLine) or ended:
            raise DamagedExport(f"line {number} of {source} is out of place; export again")
        if isinstance(line, HeaderLine):
            if line.version != VERSION:
                raise DamagedExport(
                    f"{source} has the format {line.version} and this version reads {VERSION}; "
                    "upgrade Nashforge"
                )
        elif isinstance(line, EndLine):
            ended = True
            if line.counts != dict(counts):
                raise DamagedExport(f"{source} lacks lines that its end counts; export or copy it again")
        else:
            counts[line.kind] += 1
            if counts[line.kind] > MOST_LINES[line.kind]:
                what = line.kind.replace("_", " ")
                raise DamagedExport(
                    f"line {number} of {source} is one {what} too many: an import takes "
                    f"{MOST_LINES[line.kind]:,} at most; export fewer runs at a time"
                )
            yield number, line, len(text)
    if not ended:
        raise DamagedExport(f"{source} ends too early; export or copy it again")


def _texts(file: BinaryIO, source: Path) -> Iterator[bytes]:
    """Yield the unpacked lines, each and all of them within the limits."""
    taken = 0
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            number = 1
            while text := unpacked.readline(LONGEST_LINE + 1):
                taken += len(text)
                if len(text) > LONGEST_LINE:
                    what = f"is longer than {LONGEST_LINE:,} bytes"
                elif sum(map(text.count, (b"[", b"{", b","))) > MOST_VALUES:
                    what = f"holds more than {MOST_VALUES:,} values"
                elif taken > MOST_BYTES:
                    what = f"ends beyond {MOST_BYTES:,} bytes in all"
                else:
                    yield text
                    number += 1
                    continue
                raise DamagedExport(
                    f"line {number} of {source} {what}, the most that an import takes in; export fewer runs "
                    "at a time, or see what made it so large"
                )
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DamagedExport(
            f"{source} is not a whole gzip file ({error}); export or copy it again"
        ) from error


def _short(text: object) -> str:
    """Return what a file is blamed for, in a line: it may quote the file."""
    line = " ".join(str(text).split())
    return line if len(line) <= _MOST_QUOTED else f"{line[:_MOST_QUOTED]}..."
