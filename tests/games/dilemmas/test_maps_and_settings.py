"""Maps and settings that cannot be played are refused with what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashforge.games.dilemmas import MapError, SettingError, load_map, map_names
from nashforge.games.dilemmas.maps import parse_map
from nashforge.games.dilemmas.paths import UNREACHABLE, paths
from nashforge.games.dilemmas.settings import Setting, parse_setting


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "empty"),
        ("; only a comment\n", "empty"),
        ("###\n#P#\n##\n", "row 2 .* has 2 signs"),
        ("####\n#PA#\n#.X#\n####\n", "'X' in row 2, column 2"),
        ("####\n#PA.\n####\n", "open in row 1, column 3"),
        ("####\n#.A#\n####\n", "no cell to start from"),
        ("####\n#.P#\n####\n", "no apple"),
        ("#" * 70 + "\n" + ("#" + "." * 68 + "#\n") * 60 + "#" * 70, "4340 cells"),
    ],
)
def test_maps_that_cannot_be_played_on(text, wrong):
    with pytest.raises(MapError, match=wrong):
        parse_map(text)


def test_what_cannot_be_reached_is_told():
    with pytest.raises(MapError, match="apple in row 1, column 4"):
        paths(parse_map("######\n#PA#A#\n######\n"))


def test_maps_that_are_not_there(tmp_path):
    with pytest.raises(MapError, match="choose one of cleanup"):
        load_map("nowhere")
    with pytest.raises(MapError, match="does not exist"):
        load_map(str(tmp_path / "nowhere.txt"))
    binary = tmp_path / "binary.txt"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MapError, match="UTF-8 text"):
        load_map(str(binary))


@pytest.mark.parametrize("name", map_names())
def test_paths_are_shortest(name):
    grid = load_map(name)
    ways = paths(grid)
    open_cells = np.flatnonzero(~grid.walls)
    d = ways.distance.astype(int)
    assert (d[open_cells, open_cells] == 0).all()
    assert (d == d.T).all()
    # On the way every first step is one closer; distances differ by at most one between neighbours.
    for direction, step in enumerate((-grid.width, 1, grid.width, -1)):
        source, target = np.nonzero(ways.first == direction)
        assert not grid.walls[source + step].any()
        assert (d[source + step, target] == d[source, target] - 1).all()
        beside = open_cells[~grid.walls[open_cells + step]]
        assert (abs(d[beside] - d[beside + step])[:, open_cells] <= 1).all()
    assert (d[np.ix_(open_cells, open_cells)] < UNREACHABLE).all()


def test_settings_have_sensible_defaults():
    setting = parse_setting("cleanup")
    assert (setting.map, setting.agents, setting.preset, setting.horizon) == ("cleanup", 10, "default", 1000)
    assert parse_setting("cleanup(map=cleanup_small)").agents == 5


@given(
    game=st.sampled_from(["gathering", "cleanup"]),
    agents=st.integers(1, 10),
    preset=st.sampled_from(["default", "gallego2026"]),
    horizon=st.integers(1, 5000),
    view=st.none() | st.integers(1, 40),
)
def test_a_setting_is_read_as_it_is_written(game, agents, preset, horizon, view):
    setting = Setting(game, agents=agents, preset=preset, horizon=horizon, view=view)
    assert parse_setting(str(setting)) == setting


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("poker", "no dilemma 'poker'"),
        ("cleanup(", "is no setting"),
        ("cleanup(agents)", "is no option"),
        ("cleanup(colour=red)", "options are agents, horizon, map, offspring, preset, spawn_cost, view"),
        ("cleanup(agents=3,agents=4)", "given twice"),
        ("cleanup(agents=many)", "not a whole number"),
        ("cleanup(agents=11)", "room for 1 to 10"),
        ("cleanup(agents=-1)", "-1 agents"),
        ("cleanup(preset=mine)", "choose one of default, gallego2026"),
        ("cleanup(map=gathering)", "no river"),
        ("cleanup(horizon=0)", "at least 1 step"),
        ("cleanup(view=0)", "shows nothing"),
        ("cleanup(offspring=-1)", "not both 0 or more"),
        ("cleanup(offspring=1,spawn_cost=-5)", "not both 0 or more"),
        ("gathering(spawn_cost=5)", "nobody spawns; give offspring"),
        ("gathering(agents=7,offspring=8)", "63 agents, and at most 60 can play; give offspring=7 or fewer"),
    ],
)
def test_settings_that_cannot_be_played(text, wrong):
    with pytest.raises((SettingError, MapError), match=wrong):
        parse_setting(text)


DRAWN = "#####\n#PA.#\n#####\n"


def test_a_file_that_changes_is_read_again(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text(DRAWN)
    first = load_map(str(path))
    assert load_map(str(path)) is first
    path.write_text(DRAWN.replace("A.", "AA"))
    second = load_map(str(path))
    assert (len(first.apples), len(second.apples)) == (1, 2)
    assert first.digest != second.digest
    assert parse_map("; a comment\n" + DRAWN).digest == first.digest


@pytest.mark.parametrize("name", ["a,b.txt", "a(1).txt", " a.txt"])
def test_paths_that_a_setting_cannot_hold_are_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(DRAWN)
    with pytest.raises(SettingError, match="rename the file"):
        Setting("gathering", map=name)


def test_a_path_is_read_as_it_is_written(tmp_path):
    path = tmp_path / "with blank = sign.txt"
    path.write_text(DRAWN)
    setting = Setting("gathering", map=str(path))
    assert parse_setting(str(setting)) == setting
