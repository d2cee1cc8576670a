"""What a server takes that only shows: it loads no compiler, no solver, no games; charts stay small."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nashforge.archive import Archive, Status
from nashforge.archive.stores.views import Drawn, Told
from nashforge.cli.dashboard.charts.tree import tree_of
from nashforge.evolve.results.history import History
from nashforge.evolve.results.lineage import Family, family_of, outline_of
from tests.archive.measure_scale import fill_at_once

HEAVY = ("matplotlib", "numba", "pyspiel", "scipy")
"""Modules of tens of megabytes each."""

LOOK = """
import sys
from nashforge.archive import Archive
from nashforge.cli.dashboard.app import application
from starlette.testclient import TestClient

with Archive.open(sys.argv[1], create=False) as archive:
    served = application(archive, "s")
    with TestClient(served, base_url="http://127.0.0.1", headers={"authorization": "Bearer s"}) as client:
        for path in sys.argv[3:]:
            assert client.get(path).status_code == 200, path
print(*sorted({*sys.argv[2].split(",")} & set(sys.modules)))
"""

LOOKED_AT = ("/runs", "/runs/first-light", "/runs/first-light/lineage?failed=1", "/runs/first-light/programs")
FEW = ("/runs/first-light/models", "/programs", "/compare", "/studies", "/workers", "/equilibria")


def loaded(database, *paths):
    """Return which heavy modules a server of its own has loaded after these pages."""
    command = [sys.executable, "-c", LOOK, str(database), ",".join(HEAVY), *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_pages_of_runs_load_no_compiler_no_solver_and_no_games(searched):
    assert loaded(searched.database, *LOOKED_AT, *FEW) == []


def test_an_equilibrium_is_computed_by_what_that_takes(searched):
    """So that the test above would see it."""
    assert "numba" in loaded(searched.database, "/equilibria?game=1+-1+/+-1+1")


@pytest.mark.parametrize("count", [10, 100, 101, 5000])
def test_a_picture_of_many_programs_holds_all_that_were_the_best_for_a_time(count):
    fitness = [float(k % 7) + (10 * k if k in (3, count // 2 + 1, count - 1) else 0) for k in range(count)]
    best = [max(fitness[: k + 1]) for k in range(count)]
    told = tuple(Told(k, k, f"{k}", None, fitness[k], None, None) for k in range(count))
    places = tuple(map(float, range(count)))
    drawn = History(told, places, places, tuple(best)).thinned(100)
    indices = [item.index for item in drawn.measured]
    assert indices == sorted(set(indices))
    assert {0} | {k for k in range(1, count) if best[k] > best[k - 1]} <= set(indices)
    assert len(indices) == count if count <= 100 else len(indices) <= 110
    assert [drawn.seconds[k] for k in (0, -1)] == [indices[0], indices[-1]]
    assert list(drawn.best) == [best[index] for index in indices]


@pytest.mark.parametrize("failed", [False, True])
def test_what_is_read_for_a_picture_draws_the_same_tree_as_everything(tmp_path, failed):
    with Archive.open(tmp_path / "trees.db") as archive:
        for name in ("old-oak", "near-elm"):  # ids do not begin at one
            fill_at_once(archive, 300, name=name)
        run = archive.runs.get("near-elm")
        short, whole = (
            outline_of(archive, run, failed=failed),
            family_of(archive, run.nickname, failed=failed),
        )
    assert [*short.members] == [*whole.members]
    assert tree_of(short) == tree_of(whole)
    assert tree_of(short).count > 200


def test_names_in_a_tree_are_escaped():
    item = Drawn(1, 0, Status.OK, '"><b>', "<i>&", "mutate", None, 0.5, None)
    circles = tree_of(Family("old-oak", None, {1: item}, {})).circles
    assert circles.count("<") == circles.count(">") == 1
    assert "&lt;i&gt;&amp;" in circles
