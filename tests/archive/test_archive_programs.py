"""Programs: content addresses, nicknames, references."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from nashforge.archive import AmbiguousReference, NotFound, normalize_source, program_hash
from nashforge.archive.nicknames import ADJECTIVES, ANIMALS, LANDSCAPES, candidates, check_nickname
from nashforge.archive.store import Archive
from nashforge.archive.stores.programs import ProgramStore

from .conftest import Maker, all_programs


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
@example("a\r\nb\rc  \t\n\n\n")
@example("\ufeffx = 1")
@example("  \t\n x = 1 \x0b\x0c \t \u2028 \n\t")
def test_normal_form_is_a_fixed_point(source: str) -> None:
    try:
        normal = normalize_source(source)
    except ValueError:
        assert not source.removeprefix("\ufeff").strip(" \t\r\n")
        return
    assert normalize_source(normal) == normal
    assert normal.endswith("\n")
    assert not normal.endswith("\n\n")
    assert "\r" not in normal
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = [line.rstrip(" \t") for line in text.split("\n")]
    assert normal.rstrip("\n") == "\n".join(lines).rstrip("\n")


@pytest.mark.parametrize(
    "same", ["x = 1\ny = 2", "x = 1\r\ny = 2\r\n", "x = 1   \ny = 2\t\n\n\n", "\ufeffx = 1\ny = 2\n"]
)
def test_layout_that_python_ignores_does_not_change_the_hash(same: str) -> None:
    assert program_hash(same, "cfr") == program_hash("x = 1\ny = 2\n", "cfr")


def test_indentation_and_domain_change_the_hash() -> None:
    assert program_hash("if x:\n  y", "cfr") != program_hash("if x:\n    y", "cfr")
    assert program_hash("x", "gathering") != program_hash("x", "cleanup")


@pytest.mark.parametrize(("source", "words"), [("a\x00b", "NUL"), ("", "empty"), ("a\ud800", "not Unicode")])
def test_sources_that_are_no_text_are_refused(archive: Archive, source: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        archive.programs.add(source, "cfr")


def test_adding_twice_stores_once(archive: Archive) -> None:
    first = archive.programs.add("x = 1  \r\n", "cfr")
    assert archive.programs.add("x = 1", "cfr") == first
    assert first.source == "x = 1\n"
    assert len(all_programs(archive)) == 1


def test_a_syntax_hash_can_be_added_but_not_changed(archive: Archive) -> None:
    archive.programs.add("x = 1", "cfr")
    assert archive.programs.add("x = 1", "cfr", ast_hash="aa").ast_hash == "aa"
    assert archive.programs.add("x = 1", "cfr", ast_hash="bb").ast_hash == "aa"
    assert archive.programs.add("x = 1", "cfr").ast_hash == "aa"
    assert [p.source for p in all_programs(archive) if p.ast_hash == "aa"] == ["x = 1\n"]


def test_found_by_nickname_hash_and_prefix(archive: Archive, make: Maker) -> None:
    program = make.program(1)
    for reference in (program.nickname, program.nickname.upper(), program.hash, program.hash[:10], program):
        assert archive.programs.get(reference) == program
    assert archive.programs.get(program.nickname[:-1]) == program


def test_an_ambiguous_prefix_lists_what_fits(archive: Archive, make: Maker) -> None:
    programs = [make.program(i) for i in range(40)]
    starts = [p.hash[0] for p in programs]
    letter = max(set(starts), key=starts.count)
    fitting = {p.nickname for p in programs if p.hash[0] == letter or p.nickname[0] == letter}
    with pytest.raises(AmbiguousReference) as caught:
        archive.programs.get(letter)
    named = str(caught.value).partition(": ")[2].partition(" and more")[0].partition(";")[0].split(", ")
    assert set(named) <= fitting
    assert len(named) == min(len(fitting), 10)


@pytest.mark.parametrize("reference", ["nothing-here", "", "%", "_", "x' OR 1=1 --"])
def test_what_fits_nothing_is_not_found(archive: Archive, make: Maker, reference: str) -> None:
    make.program(1)
    with pytest.raises(NotFound, match="no program is called"):
        archive.programs.get(reference)


def test_programs_of_a_run_and_by_hash(archive: Archive, make: Maker) -> None:
    wanted = make.program(2)
    run = archive.runs.create("cfr", {})
    make.candidate(run, 1)
    assert set(archive.programs.of(run)) == {make.program(1).hash}
    assert archive.programs.by_hash([wanted.hash, "0" * 64]) == {wanted.hash: wanted}


def test_names_are_two_known_words_and_the_same_everywhere(archive: Archive, make: Maker) -> None:
    program = make.program(1)
    first, second = program.nickname.split("-")
    assert first in ADJECTIVES
    assert second in ANIMALS
    assert next(candidates(program.hash, ANIMALS)) == program.nickname
    assert archive.runs.create("cfr", {}).nickname.split("-")[1] in LANDSCAPES
    assert not set(ANIMALS) & set(LANDSCAPES)


def test_a_taken_name_goes_to_nobody_else(
    archive: Archive, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With two words only, nine programs and runs still get names of their own."""
    module = __import__(ProgramStore.__module__, fromlist=["_"])
    monkeypatch.setattr(module, "ANIMALS", ("otter",))
    monkeypatch.setattr("nashforge.archive.nicknames.ADJECTIVES", ("brisk",))
    names = [make.program(i).nickname for i in range(5)]
    assert names == ["brisk-otter", "brisk-otter-2", "brisk-otter-3", "brisk-otter-4", "brisk-otter-5"]
    monkeypatch.setattr("nashforge.archive.stores.runs.LANDSCAPES", ("bay",))
    assert [archive.runs.create("cfr", {}).nickname for _ in range(3)] == [
        "brisk-bay",
        "brisk-bay-2",
        "brisk-bay-3",
    ]


@pytest.mark.parametrize("name", ["", "7", "cafe", "a b", "../x", "-x", "x" * 65, "ä"])
def test_names_that_could_mean_something_else_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        check_nickname(name)
