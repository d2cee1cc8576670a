"""Files of people that are no programs are told in a sentence; letters beyond ASCII are no fault."""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
import tokenize
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nashforge.archive import ArchiveNotFound, Program, program_hash
from nashforge.archive.records import Status
from nashforge.cli.errors import is_known, message_of
from nashforge.evolve.domains import domain, domain_names
from nashforge.evolve.evaluation.messages import Task
from nashforge.evolve.measurement.programs import UnknownProgramError, find_program, with_header
from nashforge.evolve.sandbox import Sandbox

GOOD = "import numpy as np\n"


def nowhere():
    raise ArchiveNotFound("there is no archive")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty; write a program in it"),
        (b" \n\t\r\n", "is empty; write a program in it"),
        (b"\xef\xbb\xbf\n", "is empty; write a program in it"),
        (b"import numpy\n\0\n", "holds NUL characters"),
        ("import numpy\n".encode("utf-16"), "is not UTF-8 text; save it as UTF-8"),
        (b"# caf\xe9\n", "is not UTF-8 text; save it as UTF-8"),
        (b"# x\n" * 200_000, "is too long for a program, which has at most 131072 bytes"),
    ],
)
@pytest.mark.parametrize("name", [None, *domain_names()])
def test_what_is_no_text_of_a_program_is_a_sentence(tmp_path, data, sentence, name):
    path = tmp_path / "mine.py"
    path.write_bytes(data)
    with pytest.raises(UnknownProgramError, match=sentence) as told:
        find_program(str(path), nowhere, domain_name=name)
    assert is_known(told.value)
    assert "defect" not in message_of(told.value)


def test_files_without_an_end_are_not_read_to_it():
    with pytest.raises(UnknownProgramError, match="too long for a program"):
        find_program("/dev/zero", nowhere, domain_name="cfr")


def test_marks_and_line_ends_of_other_systems_are_no_part_of_a_program(tmp_path):
    path = tmp_path / "mine.py"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert find_program(str(path), nowhere, domain_name="cfr").source == GOOD


@pytest.fixture(scope="module", params=domain_names())
def work(request):
    return domain(request.param)


@pytest.fixture(scope="module")
def sandbox(work):
    with Sandbox(hosts=work.host_modules) as made:
        yield made


def evaluated(work, sandbox, source):
    task = Task(token="t", domain=work.name, source=source, stages=(work.smoke(3),))
    return work.evaluate(task, sandbox).stages[0]


def test_letters_beyond_ascii_are_names_like_others(work, sandbox):
    source = work.source(work.seed)
    greek = "γ = 1\nŷ_ = '\\N{GREEK SMALL LETTER GAMMA}'\nassert γ == 1 and ŷ_ == 'γ'\n"
    stage = evaluated(work, sandbox, f"{source}\n\n{greek}")
    assert (stage.status, stage.reason) == (Status.OK, None)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("# nothing but a comment\n", "must define"),
        ("x = 1\n", "must define"),
        ("class (\n", "SyntaxError on line 1"),
        ("def act(:\n", "SyntaxError on line 1"),
        ("class A:\n\tx = 1\n        y = 2\n", "TabError on line 3"),
        ("γ = \n", "SyntaxError on line 1"),
        ("x = 1 ‐ 2\n", "invalid character"),
        ("import numpy\n" + "(" * 500 + ")" * 500, "too many nested parentheses"),
    ],
)
def test_what_is_no_program_of_the_domain_is_rejected_in_a_sentence(work, sandbox, source, sentence):
    stage = evaluated(work, sandbox, source)
    assert stage.status is Status.REJECTED
    assert sentence in stage.reason
    assert not stage.reason.startswith("ValueError")


HARMLESS = "from nashforge.solvers.cfr.interface import RegretMinimizer\n"
DECLARED = ("raw_unicode_escape", "unicode_escape", "utf-7", "utf-16", "latin-1", "no-such-encoding")
LINE_ENDS = ("\n", "\\u000a", "\\n", "\\x0a", "+AAo-", "\r", "\x0c")


@st.composite
def told(draw):
    """Lines of a header, made of what an encoding could be declared with and what it would then end."""
    parts = st.sampled_from(
        ["coding", "coding:", "coding=", " -*- ", "vim: set fileencoding=", ":", "=", " ", "#", *DECLARED]
        + [f"{end}import os;os.mkdir('ran'){end}# " for end in LINE_ENDS]
    )
    return "".join(draw(st.lists(st.one_of(parts, st.text(max_size=4)), max_size=6)))


@settings(max_examples=3 * settings.default.max_examples // 2, deadline=None)
@given(told(), st.lists(told(), max_size=4))
@example("x", ["coding:raw_unicode_escape .", r"faster \u000aimport os;os.mkdir('ran')\u000a# "])
@example("coding:utf-7", ["+AAo-import os;os.mkdir('ran')+AAo-# "])
def test_no_header_of_an_export_is_more_than_comments(name, lines):
    """Python reads an encoding from the comments of the first two lines, and whatever follows in it."""
    program = Program(
        hash=program_hash(HARMLESS, "cfr"),
        nickname=name,
        source=HARMLESS,
        domain="cfr",
        ast_hash=None,
        created=datetime.now(UTC),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "exported.py")
        path.write_text(with_header(program, lines), encoding="utf-8")
        with tokenize.open(path) as file:
            assert file.encoding == "utf-8"
            assert file.read() == path.read_text(encoding="utf-8")
        tree = ast.parse(path.read_bytes())  # as Python reads it: by the encoding that it declares
        assert ast.dump(tree) == ast.dump(ast.parse(HARMLESS))


def test_an_export_runs_nothing_that_its_header_says(tmp_path):
    program = Program(
        hash=program_hash(HARMLESS, "cfr"),
        nickname="x",
        source="print(1)\n",
        domain="cfr",
        ast_hash=None,
        created=datetime.now(UTC),
    )
    lines = ["proposed by coding:raw_unicode_escape .", r"faster \u000aimport os;os.mkdir('ran')\u000a# "]
    path = tmp_path / "exported.py"
    path.write_text(with_header(program, lines), encoding="utf-8")
    done = subprocess.run([sys.executable, path], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert not (tmp_path / "ran").exists()
