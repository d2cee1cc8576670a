"""Text files of people: whatever a path leads to, every reader of one tells what is wrong in a sentence."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from nashforge.cli.errors import is_known, message_of
from nashforge.errors import NashforgeError
from nashforge.evolve.config.run import read_run_file
from nashforge.evolve.domains.dilemmas.suites import load_dilemma_suite
from nashforge.evolve.proposers.llm.feedback import load_feedback
from nashforge.evolve.proposers.llm.prices import load_prices
from nashforge.evolve.proposers.llm.recordings.cassette import CassetteError, read_cassette
from nashforge.games.dilemmas.maps import load_map
from nashforge.games.matrix.suite_files import MATRIX_SUITES
from nashforge.games.suites import load_suite
from nashforge.games.texts import MOST_BYTES, TextError, read_text
from nashforge.prompts import render

READERS: dict[str, Callable[[str], object]] = {
    "suite": load_suite,
    "suite of matrix games": MATRIX_SUITES.load,
    "suite of dilemmas": load_dilemma_suite,
    "prices": load_prices,
    "feedback": load_feedback,
    "run": read_run_file,
    "map": load_map,
}
"""Everything that reads a file that a person, or somebody else's run, names."""

CONTENTS: dict[str, tuple[bytes, str]] = {
    "too large": (b"#" * (MOST_BYTES + 1), "has more than 1,000,000 bytes"),
    "not UTF-8": (b"name = '\xff'", "is not UTF-8 text"),
    "UTF-16": ('name = "x"'.encode("utf-16"), "is not UTF-8 text"),
    "deep": (b"name = " + b"[" * 200_000 + b"]" * 200_000, "is nested too deeply"),
    "many digits": (b"name = " + b"9" * 6000, "is not TOML"),
    "broken": (b"name = ", "is not TOML"),
}


def refusal(reader: str, path: Path | str) -> str:
    with pytest.raises(NashforgeError) as caught:
        READERS[reader](str(path))
    assert is_known(caught.value)
    told = message_of(caught.value)
    assert len(told) < 1000
    return told


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("content", CONTENTS)
def test_what_a_file_holds_is_told_in_a_sentence(reader: str, content: str, tmp_path: Path) -> None:
    data, told = CONTENTS[content]
    path = tmp_path / "mine.toml"
    path.write_bytes(data)
    said = refusal(reader, path)
    if reader != "map" or ("TOML" not in told and "nested" not in told):
        assert told in said
        assert str(path) in said


@pytest.mark.parametrize("reader", READERS)
def test_only_plain_files_are_read(reader: str, tmp_path: Path) -> None:
    """A device has no end, and nobody may ever write to a pipe."""
    endless, pipe = tmp_path / "endless.toml", tmp_path / "pipe.toml"
    endless.symlink_to("/dev/zero")
    os.mkfifo(pipe)
    (tmp_path / "folder.toml").mkdir()
    for path in (endless, pipe, tmp_path / "folder.toml"):
        assert "cannot be read: it is" in refusal(reader, path)
    assert "does not exist" in refusal(reader, tmp_path / "missing.toml")
    for path in ("a\0.toml", "~nobody-of-this-name/x.toml", "x" * 300 + "/y.toml"):
        assert "cannot be read (" in refusal(reader, path)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_templates_are_read_with_the_same_bounds(tmp_path: Path) -> None:
    template = tmp_path / "cfr" / "system.jinja"
    template.parent.mkdir()
    template.write_bytes(b"\xff")
    with pytest.raises(NashforgeError, match="is not UTF-8 text"):
        render("cfr/system", folders=[tmp_path])
    template.write_bytes(b"x" * (MOST_BYTES + 1))
    with pytest.raises(NashforgeError, match="has more than"):
        render("cfr/system", folders=[tmp_path])


def test_cassettes_are_plain_files_and_no_deep_ones(tmp_path: Path) -> None:
    pipe, deep = tmp_path / "pipe", tmp_path / "deep"
    os.mkfifo(pipe)
    deep.write_text("[" * 200_000)
    for path, told in ((pipe, "is not a plain file"), (deep, "is damaged"), ("/dev/zero", "plain file")):
        with pytest.raises(CassetteError, match=told):
            read_cassette(path)


def test_line_ends_and_marks_of_other_systems_are_no_part_of_a_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\rc")
    assert read_text(path) == "a\nb\nc"
    path.write_bytes(b"x" * MOST_BYTES)
    assert len(read_text(str(path))) == MOST_BYTES
    path.unlink()
    with pytest.raises(TextError, match="does not exist"):
        read_text(path)


def test_huge_numbers_that_are_no_faults_of_toml_are_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    huge = "0x" + "f" * 6000
    path.write_text(f"'anthropic:m' = {{input = {huge}, output = 1}}")
    assert "the price list" in refusal("prices", path)
    path.write_text(
        f"name = 'x'\npurpose = 'x'\nsetting = 'cleanup'\ntrain = [{huge}]\nvalidation = [1]\ntest = [2]\n"
    )
    assert "train" in refusal("suite of dilemmas", path)
    path.write_text(f"curve = {huge}\nother = {huge}")
    assert "setting" in refusal("feedback", path)
