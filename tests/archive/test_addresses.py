"""Secrets in what is almost a URL of a database or broker: never shown, never made into a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from nashforge.archive import NotAnArchive
from nashforge.archive.storage.location import resolve_url
from nashforge.cli.main import app
from nashforge.cli.rendering.runs.summary import _place
from nashforge.evolve.runs.doctor import _database, _services
from nashforge.evolve.service.settings import SettingsError, service_settings

SECRET = "hunter2secret"

LEADS = ("", " ", "\t", "\n", '"', "'", "jdbc:", "url = ")
KINDS = (
    "",
    "postgresql",
    "postgres",
    "PostgreSQL",
    "postgresql+psycopg",
    "sqlite",
    "mysql",
    "redis",
    "https",
)
SIGNS = ("://", "//", ":/", ":", "", " ://", ":///", "////", ";//")
RESTS = (
    f"me:{SECRET}@127.0.0.1:1/x",
    f":{SECRET}@127.0.0.1:1/x",
    f"me {SECRET}@127.0.0.1:1/x",
    f"me:{SECRET}/127.0.0.1:1/x",
    f"127.0.0.1:1/x?password={SECRET}",
    f"127.0.0.1:1/x password={SECRET}",
    f"host=127.0.0.1 port=1 dbname=x password={SECRET}",
    f"host=127.0.0.1;port=1;pwd={SECRET}",
)
TAILS = ("", " ", "?a", "#a", "\n", '"')


@st.composite
def near_urls(draw: st.DrawFn) -> str:
    """URLs with a password, well-formed or not."""
    lead, kind, sign, rest, tail = (
        draw(st.sampled_from(part)) for part in (LEADS, KINDS, SIGNS, RESTS, TAILS)
    )
    # A name before a colon, and no more, is a file's as well as anything.
    assume("@" in rest or "=" in rest or (kind not in ("", "sqlite") and ":" in sign and not lead.strip()))
    return f"{lead}{kind}{sign}{rest}{tail}"


GIVEN = [
    f" postgresql://me:{SECRET}@127.0.0.1:1/x",
    f"host=127.0.0.1 password={SECRET} dbname=x",
    f"postgresql//me:{SECRET}@127.0.0.1:1/x",
    f"sqlite://me:{SECRET}@127.0.0.1:1/x?a",
    f"sqlite:////x?password={SECRET}",
]


def told(place: str) -> str:
    """Return all that commands say of a database and broker of that name."""
    runner = CliRunner(env={"NASHFORGE_DATABASE": place, "NASHFORGE_BROKER": place, "COLUMNS": "400"})
    texts = []
    for words in (
        ("status",),
        ("status", "--database", place),
        ("runs", "--json"),
        ("db", "upgrade"),
        ("run", "cfr", "--database", place, "--max-evaluations", "1"),
        ("run", "cfr", "--database", place, "--max-evaluations", "1", "--broker", place),
    ):
        result = runner.invoke(app, list(words))
        assert result.exit_code in (0, 1, 2), result.exception
        texts += [result.output, repr(result.exception)]
    for check in (_database(place), *_services(place)):
        texts += [check.name, check.detail, check.remedy]
    try:
        service_settings(place, environment={})
    except SettingsError as error:
        texts.append(str(error))
    return "\n".join(texts)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(near_urls())
@example(GIVEN[0])
@example(GIVEN[1])
@example(GIVEN[2])
@example(GIVEN[3])
@example(GIVEN[4])
def test_a_secret_is_neither_shown_nor_made_a_file(
    tmp_path_factory: pytest.TempPathFactory, place: str
) -> None:
    folder = tmp_path_factory.mktemp("near")
    before = Path.cwd()
    patch = pytest.MonkeyPatch()
    patch.setenv("NASHFORGE_DATABASE", place)
    patch.setenv("NASHFORGE_BROKER", place)
    os.chdir(folder)
    try:
        text = told(place)
    finally:
        os.chdir(before)
        patch.undo()
    assert SECRET not in text
    assert list(folder.rglob("*")) == []


@pytest.mark.parametrize(
    "path", ["a b?.db", "/tmp/x//y.db", "~/me@corp/x.db", "./a=b.db", "C:/x.db", "sub/x.db"]
)
def test_paths_are_paths(path: str) -> None:
    assert resolve_url(path) == f"sqlite:///{Path(path).expanduser().absolute()}"
    assert resolve_url(f"  {path}\n") == resolve_url(path)


@pytest.mark.parametrize("place", GIVEN[1:])
def test_what_looks_like_an_address_is_no_path(place: str) -> None:
    with pytest.raises(NotAnArchive) as caught:
        resolve_url(place)
    assert SECRET not in str(caught.value)


def test_a_blank_around_a_url_changes_nothing() -> None:
    assert resolve_url(" postgresql://me:pw@h/x\n") == resolve_url("postgresql://me:pw@h/x")
    assert service_settings(" redis://h:1/0 ", environment={}).broker == "redis://h:1/0"


def test_commands_that_are_proposed_hold_no_password() -> None:
    assert _place(f"postgresql://me:{SECRET}@h/x") == " --database postgresql://me@h/x"
    assert _place("a b.db") == " --database 'a b.db'"
    assert _place(None) == ""
