"""Caches of games and kernels: not trusted where others can write, and checked in every part."""

from __future__ import annotations

import io
import json
import logging
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core import event

from nashforge import games
from nashforge.games import compiled
from nashforge.games.compilation import cache as disk
from nashforge.games.compilation.compiler import COMPILER_VERSION
from nashforge.games.folders import writable_by_others


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """A cache of its own, with nothing remembered in memory."""
    monkeypatch.setenv("NASHFORGE_CACHE", str(tmp_path / "cache"))
    disk.clear_memory()
    return tmp_path / "cache"


def key_of(game: str) -> disk.CacheKey:
    return disk.CacheKey.of(
        games.identity(game), compiler_version=COMPILER_VERSION, imperfect_recall="refuse"
    )


def stored(path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return {name: file[name].copy() for name in file.files}


def described(arrays: dict[str, np.ndarray], **changes: object) -> np.ndarray:
    meta = {**json.loads(arrays["meta"].tobytes()), **changes}
    return np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8)


def changed(name: str, place: object, value: object):
    """Return a change of one number of an array."""

    def change(arrays: dict[str, np.ndarray]) -> None:
        arrays[name][place] = value

    return change


def replaced(name: str, make):
    """Return a replacement of an array."""

    def change(arrays: dict[str, np.ndarray]) -> None:
        arrays[name] = make(arrays)

    return change


FORGERIES = {
    "leaf far outside": changed("leaf_sequences", (0, 0), 2**31 - 1),
    "leaf before the first": changed("leaf_sequences", (1, 3), -5),
    "leaf one too far": changed("leaf_sequences", (0, 0), 13),
    "parent outside": changed("parent0", 2, 10**6),
    "parent before the first": changed("parent1", 0, -1),
    "parent after its child": changed("parent0", 0, 3),
    "start not at zero": changed("start0", 0, 1),
    "start negative": changed("start0", 0, -7),
    "start falls": changed("start0", 3, 1),
    "start far outside": changed("start1", -1, 2**30),
    "payoff is no number": changed("leaf_payoffs", (0, 0), np.nan),
    "payoff infinite": changed("leaf_payoffs", (1, 2), np.inf),
    "payoffs not zero-sum": changed("leaf_payoffs", (1, 2), 5.0),
    "chance negative": changed("leaf_chance", 0, -0.5),
    "chance is no number": changed("leaf_chance", 0, np.nan),
    "names outside": changed("names0", 0, 99),
    "label ends fall": changed("label0_ends", 1, -1),
    "labels too long": changed("label0_ends", -1, 10**9),
    "leaves missing": replaced("leaf_payoffs", lambda a: a["leaf_payoffs"][:, :-1].copy()),
    "one player's leaves": replaced("leaf_sequences", lambda a: a["leaf_sequences"][:1].copy()),
    "leaves in a line": replaced("leaf_sequences", lambda a: a["leaf_sequences"].ravel()),
    "wide indices": replaced("parent0", lambda a: a["parent0"].astype(np.int64)),
    "payoffs as whole numbers": replaced("leaf_payoffs", lambda a: a["leaf_payoffs"].astype(np.int64)),
    "turned around": replaced("leaf_payoffs", lambda a: np.asfortranarray(a["leaf_payoffs"])),
    "empty start": replaced("start0", lambda a: a["start0"][:0].copy()),
    "short actions": replaced("actions0", lambda a: a["actions0"][:-1].copy()),
    "more players": replaced("meta", lambda a: described(a, players=3)),
    "no players": replaced("meta", lambda a: described(a, players=0)),
    "players as a text": replaced("meta", lambda a: described(a, players="2")),
    "another sum": replaced("meta", lambda a: described(a, zero_sum=False, constant_sum=4.0)),
    "sum against itself": replaced("meta", lambda a: described(a, zero_sum=False)),
    "nodes negative": replaced("meta", lambda a: described(a, nodes=-1)),
    "another game": replaced("meta", lambda a: described(a, key="[]")),
    "a list": replaced("meta", lambda a: np.frombuffer(b"[1]", dtype=np.uint8)),
    "no JSON": replaced("meta", lambda a: np.frombuffer(b"{", dtype=np.uint8)),
    "pickled": replaced("leaf_chance", lambda a: np.array([{}], dtype=object)),
    "missing": lambda arrays: arrays.pop("parent1"),
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_forged_game_is_compiled_again(kind, directory, caplog, assert_same_form):
    fresh = games.compile("kuhn_poker")
    path = key_of("kuhn_poker").path
    arrays = stored(path)
    FORGERIES[kind](arrays)
    np.savez(path, allow_pickle=True, **arrays)
    disk.clear_memory()
    with caplog.at_level(logging.WARNING, logger="nashforge.games.compilation.cache"):
        assert_same_form(games.compile("kuhn_poker"), fresh)
    assert "compiling again" in caplog.text


def test_a_file_that_claims_to_be_huge_is_compiled_again(directory, caplog):
    games.compile("kuhn_poker")
    path = key_of("kuhn_poker").path
    arrays = stored(path)
    huge = io.BytesIO()
    np.lib.format.write_array_header_1_0(huge, {"descr": "<f8", "fortran_order": False, "shape": (2**50,)})
    with zipfile.ZipFile(path, "w") as file:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array)
            file.writestr(f"{name}.npy", huge.getvalue() if name == "leaf_chance" else member.getvalue())
    disk.clear_memory()
    assert games.compile("kuhn_poker").nodes == 58
    assert "compiling again" in caplog.text


def test_the_cache_is_its_users_alone(directory):
    games.compile("kuhn_poker")
    path = key_of("kuhn_poker").path
    modes = [stat.S_IMODE(place.stat().st_mode) for place in (directory, path.parent, path)]
    assert modes == [0o700, 0o700, 0o600]


def test_a_cache_of_an_older_version_is_closed(directory):
    (directory / "games").mkdir(parents=True)
    (directory / "games").chmod(0o755)
    games.compile("kuhn_poker")
    assert stat.S_IMODE((directory / "games").stat().st_mode) == 0o700


@pytest.mark.parametrize("level", ["games", "cache"])
def test_a_cache_that_others_can_write_is_not_used(level, directory, caplog):
    folder = directory / "games"
    folder.mkdir(parents=True)
    (folder if level == "games" else directory).chmod(0o777)
    assert games.compile("kuhn_poker").nodes == 58
    assert "others can write to" in caplog.text
    assert "chmod go-w" in caplog.text
    assert list(folder.iterdir()) == []


def test_a_forged_game_where_others_can_write_is_not_read(directory):
    games.compile("kuhn_poker")
    path = key_of("kuhn_poker").path
    arrays = stored(path)
    arrays["leaf_payoffs"] *= 7.0
    np.savez(path, **arrays)
    path.parent.chmod(0o777)
    disk.clear_memory()
    assert np.abs(games.compile("kuhn_poker").leaf_payoffs).max() < 1


def test_no_link_is_followed_when_a_game_is_stored(directory, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    path = key_of("kuhn_poker").path
    path.parent.mkdir(parents=True)
    for name in (f".{path.stem}.writing", f".{path.stem}.0.writing"):
        path.with_name(name).symlink_to(victim)
    path.symlink_to(victim)
    games.compile("kuhn_poker")
    assert victim.read_text() == "mine"
    assert not path.is_symlink()


def test_folders_are_judged_with_those_above(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert writable_by_others(inner) is None
    assert writable_by_others(inner / "not" / "yet") is None
    (tmp_path / "a").chmod(0o777)
    assert f"others can write to {tmp_path / 'a'};" in str(writable_by_others(inner))
    (tmp_path / "a").chmod(0o1777)  # as /tmp
    assert writable_by_others(inner) is None
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "a")
    assert writable_by_others(link) is not None
    if os.geteuid() == 0:
        (tmp_path / "a").chmod(0o755)
        os.chown(inner, 12345, 0)
        assert "belongs to another user" in str(writable_by_others(inner))


KERNEL = """
import sys
sys.path.insert(0, {folder!r})
from nashforge.games.compiled import kernel
import module
print(module.twice(21))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "kept"), [(0o700, True), (0o777, False)])
def test_kernels_are_kept_only_where_others_cannot_write(mode, kept, tmp_path):
    code, place = tmp_path / "code", tmp_path / "kernels"
    code.mkdir()
    place.mkdir()
    (code / "module.py").write_text(
        "from nashforge.games.compiled import kernel\n\n\n@kernel()\ndef twice(x):\n    return 2 * x\n"
    )
    place.chmod(mode)
    done = subprocess.run(
        [sys.executable, "-c", KERNEL.format(folder=str(code))],
        env={**os.environ, "NUMBA_CACHE_DIR": str(place)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "42\n"
    assert bool(list(place.rglob("*.nbi"))) is kept
    assert ("NUMBA_CACHE_DIR" in done.stderr) is not kept


PLANTED = """
import os, pickle, sys
class Planted:
    def __reduce__(self):
        return (os.mkdir, ({mark!r},))
for root, _, files in os.walk({place!r}):
    for name in files:
        if name.endswith(".nbi"):
            with open(os.path.join(root, name), "wb") as file:
                pickle.dump(Planted(), file)
"""


@pytest.mark.slow
@pytest.mark.parametrize("later", [False, True], ids=["where it starts", "where it goes"])
def test_a_file_in_the_current_directory_does_not_choose_where_kernels_are(later, tmp_path):
    """The file of numba's settings that somebody left there, and a pickle where it points."""
    code, work, mark = tmp_path / "code", tmp_path / "work", tmp_path / "ran"
    code.mkdir()
    work.mkdir()
    (code / "module.py").write_text(
        "from nashforge.games.compiled import kernel\n\n\n@kernel()\ndef twice(x):\n    return 2 * x\n"
    )
    program = KERNEL.format(folder=str(code))
    environment = {**os.environ, "HOME": str(tmp_path / "home")}
    environment.pop("NUMBA_CACHE_DIR", None)

    def run(script, where, **more):
        return subprocess.run(
            [sys.executable, "-c", script],
            cwd=where,
            env={**environment, **more},
            capture_output=True,
            text=True,
            check=True,
        )

    place = work / "k"
    run(program, tmp_path, NUMBA_CACHE_DIR=str(place))
    run(PLANTED.format(mark=str(mark), place=str(place)), tmp_path)
    assert list(place.rglob("*.nbi"))
    (work / ".numba_config.yaml").write_text("cache_dir: k\n")
    moves = f"import os\nimport nashforge.games.compiled\nimport numba\nos.chdir({str(work)!r})\n"
    moves += "numba.njit(lambda x: x)(1)\n"
    done = run(moves + program if later else program, tmp_path if later else work)
    assert done.stdout == "42\n"
    assert not mark.exists()


@pytest.mark.parametrize("text", ["[", "- a list", "1: 2", "\0"])
def test_settings_of_numba_that_are_broken_are_told(text, tmp_path):
    (tmp_path / ".numba_config.yaml").write_text(text)
    program = (
        "from nashforge.errors import NashforgeError\n"
        "try:\n    import nashforge.games.compiled\nexcept NashforgeError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert f"the file {tmp_path / '.numba_config.yaml'} sets up the compiler numba" in done.stdout


def test_a_place_for_kernels_that_nobody_named_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled._config, "CACHE_DIR", str(tmp_path / "k"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    place = numba.njit(cache=True)(test_folders_are_judged_with_those_above).stats.cache_path
    assert place.startswith(str(tmp_path / "k"))
    assert not compiled._trusted(place, Path(__file__).parent)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    compiled._trusted.cache_clear()
    assert compiled._trusted(place, Path(__file__).parent)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="permissions are lists there")
def test_a_missing_place_for_kernels_is_made_private(tmp_path):
    code, place = tmp_path / "code", tmp_path / "kernels"
    code.mkdir()
    (code / "module.py").write_text(
        "from nashforge.games.compiled import kernel\n\n\n@kernel()\ndef twice(x):\n    return 2 * x\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import os; os.umask(0)\n" + KERNEL.format(folder=str(code))],
        env={**os.environ, "NUMBA_CACHE_DIR": str(place)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("42\n", "")
    assert list(place.rglob("*.nbi"))
    modes = {stat.S_IMODE(folder.stat().st_mode) for folder in (place, *place.iterdir())}
    assert modes == {0o700}


def test_people_at_a_terminal_are_told_once_why_they_wait(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiled, "_at_terminal", lambda: True)
    now = [0.0]
    notice, told = compiled.CompilerNotice(lambda: now[0]), []
    for began, ended in ((0, 0.4), (100, 100.4), (200, 200.4), (300, 301), (400, 401)):
        now[0] = began
        notice.on_start(None)
        now[0] = ended
        notice.on_end(None)
        told.append(capsys.readouterr().err)
    assert told[:3] == told[4:] * 3 == [""] * 3
    assert told[3].startswith("Compiling kernels for this machine")


def test_kernels_that_others_call_count_with_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiled, "_at_terminal", lambda: True)
    now = [0.0]
    notice = compiled.CompilerNotice(lambda: now[0])
    notice.on_start(None)
    now[0] = 1.5
    notice.on_start(None)
    assert capsys.readouterr().err.startswith("Compiling kernels")


def test_what_numba_compiles_is_noticed_and_no_pipe_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notice, heard = compiled.CompilerNotice(), []
    monkeypatch.setattr(compiled, "PATIENCE", 0.0)
    monkeypatch.setattr(compiled, "_at_terminal", lambda: heard.append(True) or False)
    with event.install_listener("numba:compile", notice):
        assert numba.njit(lambda x: x + 1)(1) == 2
    assert heard
    assert capsys.readouterr().err == ""
