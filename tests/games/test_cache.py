"""The disk cache: shared by processes, suspicious of its files, never in the way."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyspiel
import pytest

from nashforge import games
from nashforge.games.compilation import cache as disk
from nashforge.games.compilation.compiler import COMPILER_VERSION


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """A cache of its own, with nothing remembered in memory."""
    monkeypatch.setenv("NASHFORGE_CACHE", str(tmp_path))
    disk.clear_memory()
    return tmp_path


def key_of(game: str) -> disk.CacheKey:
    return disk.CacheKey.of(
        games.identity(game), compiler_version=COMPILER_VERSION, imperfect_recall="refuse"
    )


def test_a_cached_game_is_the_compiled_game(directory, assert_same_form):
    for game in ("leduc_poker", "blotto(coins=4,fields=3,players=3)", "matrix_pd"):
        fresh = games.compile(game, cache=False)
        games.compile(game)
        assert key_of(game).path.is_relative_to(directory)
        stored = disk.read(key_of(game).path, key_of(game))
        assert stored is not None
        assert_same_form(stored, fresh)


def test_without_cache_nothing_is_written(directory):
    games.compile("kuhn_poker", cache=False)
    assert list(directory.rglob("*")) == []


def test_a_process_shares_the_arrays_of_a_game(directory):
    assert games.compile("kuhn_poker") is games.compile("kuhn_poker")


def test_spellings_of_a_game_share_a_file_and_keep_their_names(directory, assert_same_form):
    one = games.compile("goofspiel(num_cards=3,imp_info=True)")
    other = games.compile("goofspiel(imp_info=True, num_cards=3)")
    assert_same_form(one, other)
    assert one.name == "goofspiel(num_cards=3,imp_info=True)"
    assert other.name == "goofspiel(imp_info=True, num_cards=3)"
    assert len(list(directory.rglob("*.npz"))) == 1


def test_whatever_changes_the_result_changes_the_file(directory):
    two, three = (games.identity(f"kuhn_poker(players={n})").text for n in (2, 3))
    base = disk.CacheKey(two, "2.0.2", 1, "refuse")
    others = [
        disk.CacheKey(three, "2.0.2", 1, "refuse"),
        disk.CacheKey(two, "2.0.3", 1, "refuse"),
        disk.CacheKey(two, "2.0.2", 2, "refuse"),
        disk.CacheKey(two, "2.0.2", 1, "refine"),
    ]
    assert len({key.path for key in [base, *others]}) == 5


def test_refined_and_refused_games_do_not_meet(directory):
    game = "goofspiel(num_cards=4,points_order=descending)"
    games.compile(game, imperfect_recall="refine")
    disk.clear_memory()
    with pytest.raises(games.ImperfectRecallError):
        games.compile(game)


def damage(data: bytes, kind: str) -> bytes:
    middle = len(data) // 2
    return {
        "empty": b"",
        "truncated": data[:middle],
        "last byte missing": data[:-1],
        "other bytes": os.urandom(len(data)),
        "text": b"not a game",
        "flipped bit": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
    }[kind]


@pytest.mark.parametrize(
    "kind", ["empty", "truncated", "last byte missing", "other bytes", "text", "flipped bit"]
)
def test_a_damaged_file_is_noticed_and_replaced(kind, directory, caplog, assert_same_form):
    fresh = games.compile("leduc_poker")
    path = key_of("leduc_poker").path
    whole = path.read_bytes()
    path.write_bytes(damage(whole, kind))
    disk.clear_memory()
    with caplog.at_level(logging.WARNING, logger="nashforge.games.compilation.cache"):
        again = games.compile("leduc_poker")
    assert_same_form(again, fresh)
    assert "compiling again" in caplog.text
    caplog.clear()
    disk.clear_memory()
    assert_same_form(games.compile("leduc_poker"), fresh)
    assert caplog.text == ""


def test_no_damaged_byte_goes_unnoticed(directory, assert_same_form):
    """Whichever bit flips, the file is refused or still holds the same game."""
    fresh = games.compile("kuhn_poker")
    key = key_of("kuhn_poker")
    whole = key.path.read_bytes()
    refused = 0
    for position in range(0, len(whole), 23):
        data = bytearray(whole)
        data[position] ^= 1 << position % 8
        key.path.write_bytes(data)
        form = disk.read(key.path, key)
        if form is None:
            refused += 1
        else:
            assert_same_form(form, fresh)
    assert refused > len(whole) / 23 / 2


def test_a_file_of_another_game_is_refused(directory, caplog):
    games.compile("kuhn_poker(players=3)")
    key_of("kuhn_poker(players=3)").path.rename(key_of("kuhn_poker").path)
    assert games.compile("kuhn_poker").players == 2
    assert "belongs to another game" in caplog.text


def test_what_a_killed_writer_left_does_no_harm(directory):
    path = key_of("kuhn_poker").path
    path.parent.mkdir(parents=True)
    left = path.with_name(f".{path.stem}.abc.writing")
    left.write_bytes(b"half a ga")
    assert games.compile("kuhn_poker").nodes == 58
    assert path.exists()
    assert not left.exists()


def test_an_unusable_directory_costs_a_warning_only(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NASHFORGE_CACHE", str(tmp_path / "file"))
    disk.clear_memory()
    assert games.compile("kuhn_poker").nodes == 58
    assert "cannot be used" in caplog.text


def test_a_full_disk_costs_a_warning_only(directory, monkeypatch, caplog):
    def full(*arguments: object, **arrays: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    assert games.compile("kuhn_poker").nodes == 58
    assert "No space left" in caplog.text
    assert [path.suffix for path in directory.rglob("*") if path.is_file()] == [".lock"]


def test_a_game_read_from_a_file_follows_the_file(directory, tmp_path):
    file = tmp_path / "game.efg"
    text = pyspiel.get_sample_efg_data()
    file.write_text(text)
    game = f"efg_game(filename={file})"
    first = games.compile(game)
    lines = text.splitlines()
    terminal = next(i for i, line in enumerate(lines) if line.startswith("t "))
    lines[terminal] = lines[terminal][: lines[terminal].index("{")] + "{ 123.0 -123.0 }"
    file.write_text("\n".join(lines) + "\n")
    changed = games.compile(game)
    assert np.abs(changed.leaf_payoffs).max() > np.abs(first.leaf_payoffs).max()


COMPILE_ONCE = """
import hashlib, os, sys, time
import nashforge.games.compilation.compiler
original = nashforge.games.compilation.compiler.traverse
def slow(*arguments):
    with open(sys.argv[1], "a") as log:
        log.write("compiled\\n")
    time.sleep(0.5)  # long enough for the other processes to find nothing in the cache
    return original(*arguments)
nashforge.games.compilation.compiler.traverse = slow
print("ready", flush=True)
sys.stdin.readline()
form = nashforge.games.compile("leduc_poker")
digest = hashlib.sha256(form.leaf_sequences.tobytes() + form.leaf_payoffs.tobytes())
print(form.nodes, form.infosets, digest.hexdigest())
"""


@pytest.mark.slow
def test_processes_compile_a_game_once(tmp_path):
    environment = {**os.environ, "NASHFORGE_CACHE": str(tmp_path / "cache")}
    log = tmp_path / "log"
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", COMPILE_ONCE, str(log)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    answers = {worker.communicate(timeout=240)[0] for worker in workers}
    assert [worker.returncode for worker in workers] == [0, 0, 0, 0]
    assert len(answers) == 1
    assert answers.pop().startswith("9457 936 ")
    assert log.read_text() == "compiled\n"


def test_the_default_directory_is_the_users(monkeypatch):
    monkeypatch.delenv("NASHFORGE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    if sys.platform.startswith("linux"):
        assert disk.cache_directory() == Path("/somewhere/nashforge/games")
    assert "nashforge" in str(disk.cache_directory())
