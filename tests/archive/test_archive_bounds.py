"""However a file is made, importing it takes little memory, and the error names line and limit."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nashforge.archive import Archive, DamagedExport, import_archive
from nashforge.archive.transfer import files
from nashforge.archive.transfer.limits import DEEPEST, LONGEST_LINE, MOST_MISSING_PARENTS, MOST_VALUES

MOST_MEMORY = 300_000
"""Kilobytes."""

HEADER = b'{"kind":"nashforge-archive","version":1}\n'
RUN = {
    "kind": "run",
    "uid": "0" * 32,
    "nickname": "calm-bay",
    "domain": "cfr",
    "config": {},
    "seed": 0,
    "state": "finished",
    "stop_reason": None,
    "created": "2026-01-01T00:00:00Z",
    "started": None,
    "finished": None,
    "versions": {},
    "host": {},
    "values": {},
}
CANDIDATE = {
    "kind": "candidate",
    "run": "0" * 32,
    "index": 0,
    "status": "rejected",
    "program": None,
    "operator": "x",
    "proposer": "x",
    "island": None,
    "train": None,
    "validation": None,
    "test": None,
    "created": "2026-01-01T00:00:00Z",
    "finished": None,
    "reason": None,
    "note": None,
    "data": {},
    "parents": [],
}
PARENT = b'{"run":"' + b"1" * 32 + b'","index":0,"role":"parent"},'


def run_with(config: bytes) -> bytes:
    return json.dumps(RUN).encode().replace(b'"config": {}', b'"config": ' + config) + b"\n"


def many_parents() -> Iterator[bytes]:
    yield HEADER + json.dumps(RUN).encode() + b"\n"
    start, end = json.dumps(CANDIDATE).encode().split(b'"parents": []')
    count = MOST_MISSING_PARENTS // 20_000 + 1
    for index in range(count):
        line = start.replace(b'"index": 0', b'"index": %d' % index)
        yield line + b'"parents": [' + (PARENT * 20_000)[:-1] + b"]" + end + b"\n"
    # A file is read whole before anything is stored, and only then are parents looked for.
    yield json.dumps({"kind": "end", "counts": {"run": 1, "candidate": count}}).encode() + b"\n"


def many_candidates(count: int) -> Iterator[bytes]:
    yield HEADER + json.dumps(RUN).encode() + b"\n"
    note = "x" * 60_000  # together more than may be kept
    line = json.dumps(CANDIDATE | {"note": note}).encode() + b"\n"
    for index in range(count):
        yield line.replace(b'"index": 0', b'"index": %d' % index)


BOMBS: dict[str, tuple[Callable[[], Iterator[bytes]], str]] = {
    "a line without end": (lambda: iter([HEADER, *[b"x" * 2**20] * 500]), f"longer than {LONGEST_LINE:,}"),
    "lists of lists": (
        lambda: iter([HEADER, run_with(b'{"a":[' + b"[]," * 20_000_000 + b"0]}")]),
        f"longer than {LONGEST_LINE:,}",
    ),
    "a line full of values": (
        lambda: iter([HEADER, run_with(b'{"a":[' + b"{}," * 1_000_000 + b"0]}")]),
        f"more than {MOST_VALUES:,} values",
    ),
    "as many values as allowed": (
        lambda: iter([HEADER, run_with(b'{"a":[' + b'{"a":{}},' * (MOST_VALUES // 3 - 30) + b"0]}")] * 2),
        "out of place|ends too early",
    ),
    "deep": (lambda: iter([HEADER, run_with(b'{"a":' * 150 + b"0" + b"}" * 150)]), f"than {DEEPEST} levels"),
    "deeper than any parser": (
        lambda: iter([HEADER, run_with(b'{"a":' * 90_000 + b"0" + b"}" * 90_000)]),
        "recursion limit",
    ),
    "a huge number": (lambda: iter([HEADER, run_with(b'{"a":' + b"9" * 4_000_000 + b"}")]), "line 2"),
    "a long number": (lambda: iter([HEADER, run_with(b'{"a":' + b"9" * 400 + b"}")]), "300 digits"),
    "not finite": (lambda: iter([HEADER, run_with(b'{"a":1e999}')]), "not finite"),
    "not a number": (lambda: iter([HEADER, run_with(b'{"a":NaN}')]), "line 2"),
    "the widest letters": (
        lambda: iter([HEADER, run_with(b'{"a":"' + "😀".encode() * (LONGEST_LINE // 4 - 200) + b'"}')]),
        "ends too early",
    ),
    "missing parents": (many_parents, f"more than {MOST_MISSING_PARENTS} parents"),
    "many candidates": (lambda: many_candidates(3_500), "ends too early"),
    "wrong scores": (
        lambda: iter([HEADER, b'{"kind":"evaluation","scores":[' + b"{}," * 49_000 + b"{}]}\n"]),
        "line 2",
    ),
    "unknown fields": (
        lambda: iter([HEADER, b'{"kind":"end"' + b"".join(b',"%d":0' % n for n in range(90_000)) + b"}\n"]),
        "line 2",
    ),
    "the same field twice": (lambda: iter([HEADER, b'{"kind":"run","kind":"end","counts":{}}\n']), ""),
}

CHILD = r"""
import re, sys
from nashforge.archive import ArchiveError, Archive
from nashforge.evolve.config.importing import import_file

with Archive.open(sys.argv[1]) as archive:
    try:
        import_file(archive, sys.argv[2])
        print("imported")
    except ArchiveError as error:
        print(error)
print(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])
"""
"""Its memory is VmHWM: that of `resource` begins with the memory of the process that started this one."""


@pytest.mark.parametrize("bomb", BOMBS)
def test_an_import_takes_little_memory(tmp_path: Path, bomb: str) -> None:
    pieces, sentence = BOMBS[bomb]
    file = tmp_path / "a.gz"
    with gzip.open(file, "wb", compresslevel=1) as packed:
        for piece in pieces():
            packed.write(piece)
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path / "a.db"), str(file)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    *said, memory = done.stdout.splitlines()
    assert int(memory) < MOST_MEMORY, f"{int(memory) // 1000} MB"
    assert re.search(sentence, " ".join(said)), said
    assert len(" ".join(said)) < 1000


@pytest.mark.parametrize(
    ("limit", "value", "told"),
    [
        ("MOST_LINES", {"run": 1, "candidate": 2}, "line 5 .* one candidate too many"),
        ("MOST_BYTES", 1000, "line 5 .* ends beyond 1,000 bytes in all"),
    ],
)
def test_a_whole_file_has_limits_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: object, told: str
) -> None:
    monkeypatch.setattr(files, limit, value)
    lines = [json.dumps(RUN), *(json.dumps(CANDIDATE | {"index": index}) for index in range(3))]
    (tmp_path / "a.gz").write_bytes(gzip.compress(HEADER + "\n".join(lines).encode() + b"\n"))
    with Archive.open(tmp_path / "a.db") as archive, pytest.raises(DamagedExport, match=told):
        import_archive(archive, tmp_path / "a.gz")
