"""Programs and runs by the names that people type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nashforge.archive import AmbiguousReference, Archive, ArchiveNotFound
from nashforge.cli.errors import exit_code_of
from nashforge.evolve.domains import UnknownDomainError, domain
from nashforge.evolve.measurement.programs import (
    UnknownProgramError,
    find_program,
    find_programs,
    with_header,
    without_header,
)
from nashforge.solvers import rule_source

EDITED = rule_source("cfr_plus").replace("class CFRPlus", "class Edited")


@pytest.fixture
def archive(tmp_path: Path) -> Any:
    with Archive.open(tmp_path / "a.db") as opened:
        yield opened


def test_a_rule_needs_no_archive() -> None:
    def never() -> Archive:
        raise AssertionError("the archive was asked")

    named = find_program("dcfr", never)
    assert (named.label, named.origin, named.stored) == ("dcfr", "library", None)
    assert named.source == rule_source("dcfr")


def test_nicknames_hashes_and_their_prefixes(archive: Archive) -> None:
    program = archive.programs.add(EDITED, "cfr")
    for reference in (program.nickname, program.nickname[:5], program.hash, program.hash[:8]):
        named = find_program(reference, lambda: archive)
        assert (named.label, named.stored) == (program.nickname, program)


def test_files_by_path(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.py"
    path.write_text(EDITED)
    named = find_program(str(path), lambda: archive)
    assert (named.label, named.source, named.origin) == (str(path), EDITED, "file")
    monkeypatch.chdir(tmp_path)
    assert find_program("mine.py", lambda: archive).source == EDITED
    (tmp_path / "latin.py").write_bytes("# é".encode("latin-1"))
    with pytest.raises(UnknownProgramError, match="UTF-8"):
        find_program("latin.py", lambda: archive)


def test_unknown_names_say_where_was_looked(archive: Archive) -> None:
    with pytest.raises(UnknownProgramError, match=r"did you mean cfr_plus"):
        find_program("cfr_pluss", lambda: archive)

    def missing() -> Archive:
        raise ArchiveNotFound("none")

    with pytest.raises(UnknownProgramError, match="no archive yet"):
        find_program("brisk-otter", missing)


def test_an_exported_file_is_the_same_program_until_it_is_edited(archive: Archive) -> None:
    program = archive.programs.add(EDITED, "cfr")
    text = with_header(program, ["Fitness: train +1", "Lineage:"])
    compile(text, "rule.py", "exec")
    assert without_header(text, "cfr") == program.source
    changed = text.replace("Edited", "Changed")
    assert without_header(changed, "cfr") == changed
    assert without_header(EDITED, "cfr") == EDITED


@pytest.mark.parametrize(
    ("domain_name", "program"),
    [("psro", "shor"), ("rqe", "extragradient"), ("gathering", "cleaner"), ("cleanup", "cleaner")],
)
def test_an_exported_file_says_its_domain(
    archive: Archive, tmp_path: Path, domain_name: str, program: str
) -> None:
    stored = archive.programs.add(domain(domain_name).source(program), domain_name)
    path = tmp_path / "exported.py"
    path.write_text(with_header(stored, ["Measured:"]))
    named = find_program(str(path), lambda: archive)
    assert (named.domain, named.source) == (domain_name, stored.source)
    path.write_text(path.read_text() + "# edited\n")
    named = find_program(str(path), lambda: archive)
    assert named.domain == domain_name
    assert named.source != stored.source
    # What the command line says wins over what the file says.
    assert find_program(str(path), lambda: archive, domain_name="cfr").domain == "cfr"


def test_a_file_is_of_the_domain_whose_interface_it_imports(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    for name, program in (("psro", "nash"), ("rqe", "mirror_descent"), ("cfr", "vad_cfr")):
        path.write_text(domain(name).source(program))
        assert find_program(str(path), lambda: archive).domain == name
    path.write_text("def act(observation:\n")
    assert find_program(str(path), lambda: archive).domain == "cfr"
    path.write_text(domain("cleanup").source("cleaner"))
    with pytest.raises(UnknownProgramError, match="cleanup or gathering; say which with --domain"):
        find_program(str(path), lambda: archive)
    path.write_text(f"# Nashforge program a-b (atlantis, {'0' * 64})\n# ---\n{EDITED}")
    with pytest.raises(UnknownDomainError, match="atlantis"):
        find_program(str(path), lambda: archive)


def test_names_of_one_other_library_need_no_domain(archive: Archive) -> None:
    assert find_program("shor", lambda: archive).domain == "psro"
    with pytest.raises(UnknownProgramError, match="--domain cleanup or gathering"):
        find_program("cleaner", lambda: archive)
    with pytest.raises(UnknownProgramError, match="did you mean extragradient"):
        find_program("extragradiant", lambda: archive)
    with pytest.raises(UnknownProgramError, match="--domain psro"):
        find_program("shor", lambda: archive, domain_name="cfr")


def test_ambiguous_prefixes_list_what_they_fit(archive: Archive) -> None:
    # More programs than letters: two nicknames begin alike.
    programs = [archive.programs.add(EDITED + f"# {number}\n", "cfr") for number in range(27)]
    letters = [program.nickname[0] for program in programs]
    letter = next(letter for letter in letters if letters.count(letter) > 1)
    with pytest.raises(AmbiguousReference) as caught:
        find_program(letter, lambda: archive)
    fits = {p.nickname for p in programs if p.nickname.startswith(letter) or p.hash.startswith(letter)}
    named = str(caught.value).partition(": ")[2].partition("; ")[0].split(", ")
    assert len(named) > 1
    assert set(named) <= fits
    assert exit_code_of(caught.value) == 2


def test_a_run_by_prefix_and_latest(searched: Any) -> None:
    for reference in ("first-light", "first", "FIRST-LIGHT", "latest", "1"):
        assert searched.json("status", reference)["run"] == "first-light"


def test_latest_without_runs_says_how_to_start_one(empty: Any) -> None:
    empty.json("db", "upgrade")
    result = empty("status")
    assert result.exit_code == 2
    assert "nashforge run cfr" in result.stderr


def test_completion_is_cheap_and_complete(searched: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess
    import sys

    from nashforge.cli.options.completion import complete_programs, complete_runs, complete_suites

    monkeypatch.setenv("NASHFORGE_DATABASE", str(searched.database))
    best = searched.run["best"]
    assert best in complete_programs(best[:3])
    assert "vad_cfr" in complete_programs("vad")
    assert complete_programs("100%_") == []
    assert complete_runs("") == ["first-light", "latest"]
    assert "cfr-train" in complete_suites("cfr-t")
    code = (
        "import sys; from nashforge.cli.options.completion import complete_programs as c; c('a'); "
        "assert not {'sqlalchemy', 'numpy', 'pyspiel'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
    monkeypatch.setenv("NASHFORGE_DATABASE", "/nonexistent/x.db")
    assert complete_runs("") == ["latest"]


def test_a_name_of_two_libraries_is_that_of_the_others_domain(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "policy.py"
    source = domain("cleanup").source("cleaner")
    path.write_text(source, encoding="utf-8")
    with pytest.raises(UnknownProgramError, match="cleanup"):  # what it imports is the interface of both
        find_programs(["random", str(path)], lambda: archive)
    for name in ("cleanup", "gathering"):
        stored = archive.programs.add(source + f"# {name}\n", name)
        path.write_text(with_header(stored, []), encoding="utf-8")
        found = find_programs(["random", str(path)], lambda: archive)
        assert [named.domain for named in found] == [name, name]
