"""Archives in a file that somebody deletes, moves or replaces while a run works on them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nashforge.archive import Archive, Candidate, RunState
from nashforge.archive.errors import ArchiveMoved
from nashforge.evolve.runs.run import resume_run, start_run
from nashforge.evolve.search.events import Silent


def move(file: Path) -> None:
    file.rename(file.with_name("elsewhere.db"))


def replace(file: Path) -> None:
    shutil.copy(file, file.with_name("copy.db"))
    file.with_name("copy.db").replace(file)


@pytest.mark.parametrize("happens", [Path.unlink, move, replace])
def test_a_run_notices_and_saves_what_was_stored(
    archive: Archive, tmp_path: Path, tiny: Any, happens: Callable[[Path], object]
) -> None:
    class Happens(Silent):
        def outcome(self, candidate: Candidate, best: bool) -> None:
            if candidate.index == 1:
                happens(tmp_path / "archive.db")

    with pytest.raises(ArchiveMoved, match="while it was in use; all that was stored is saved as") as told:
        start_run(archive, tiny(max_evaluations=4, final_test=False), name="moved", listener=Happens())
    found = re.search(r"nashforge resume moved --database ([^`]+)`", str(told.value))
    assert found is not None
    with Archive.open(found[1], create=False) as saved:
        run = saved.runs.get("moved")
        assert (run.state, run.owner) == (RunState.FAILED, None)
        assert len(saved.candidates.of(run)) == 2
        assert resume_run(saved, run).evaluations == 4


def test_whoever_writes_to_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "a.db") as archive:
        archive.runs.create("cfr", {})
        (tmp_path / "a.db").unlink()
        with pytest.raises(ArchiveMoved, match=r"a\.db was deleted or moved while it was in use"):
            archive.runs.create("cfr", {})
        assert not (tmp_path / "a.db").exists()
