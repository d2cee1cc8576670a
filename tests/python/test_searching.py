"""Searches from Python are started, watched, stopped, resumed, asked and read without the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import nashforge as nf
from nashforge import running
from nashforge.archive import Archive, ArchiveNotFound, NotFound
from nashforge.errors import NashforgeError
from nashforge.evolve.config.cautions import SharedSuiteWarning
from nashforge.evolve.config.settings import ConfigError
from nashforge.frames import NoFrameError, as_frame
from nashforge.running import RunError
from nashforge.solvers.programs.arguments import ArgumentError
from nashforge.solvers.programs.html import code, table
from nashforge.wording import python_words

pytestmark = pytest.mark.slow

SUITE = 'name = "tiny"\npurpose = "One tiny game."\ngames = ["kuhn_poker"]\n'


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings of a search of seconds."""
    folder = tmp_path_factory.mktemp("python")
    suites = {split: folder / f"{split}.toml" for split in ("train", "validation", "test")}
    for suite in suites.values():
        suite.write_text(SUITE)
    return {
        **suites,
        "horizon": 40,
        "workers": 1,
        "copies": 0,
        "fitness": {"reference": "dcfr", "clip": 9},
        "database": folder / "archive.db",
    }


@pytest.fixture(scope="module")
def done(small: dict[str, Any]) -> nf.Run:
    """A search that was watched, stopped, and resumed to its end."""
    run = nf.search("cfr", evaluations=6, seed=1, name="by-hand", **small)
    first = next(run.events())
    assert (first.candidate.index, first.best) == (0, True)
    run.stop()
    assert (run.running, run.status.state) in ((False, "stopped"), (False, "finished"))
    run.resume(evaluations=8)
    assert run.running
    with pytest.raises(RunError, match="by-hand works already"):
        run.resume()
    return run.wait()


def test_it_is_the_search_of_the_command_line(done: nf.Run, small: dict[str, Any], tmp_path: Path) -> None:
    assert (done.status.state, done.result.stop_reason) == ("finished", "max_evaluations")
    assert done.result.evaluations == 8
    again = nf.search("cfr", evaluations=8, seed=1, wait=True, **small)
    # Disguises of validation differ from run to run, unless they are given: what was proposed does not.
    assert [row["hash"] for row in again.programs("records")] == [
        row["hash"] for row in done.programs("records")
    ]


def test_its_programs_are_told_and_solve(done: nf.Run, small: dict[str, Any]) -> None:
    best = done.best
    assert best is not None
    assert best.name == done.result.best.nickname  # type: ignore[union-attr]
    rows = done.programs("records")
    assert [row["index"] for row in rows] == list(range(len(rows)))
    assert max(row["train"] for row in rows if row["train"] is not None) >= best.fitness["train"]
    assert {row["hash"] for row in rows} >= {best.hash}
    confined = best.solve("kuhn_poker", 20)
    file = Path(small["database"]).parent / "best.py"
    file.write_text(best.source)
    assert confined.exploitability == nf.solve("kuhn_poker", file, 20).exploitability
    assert done.top(3)[0] == best


def test_events_of_a_run_that_has_ended_are_all_told(
    done: nf.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    events = list(done.events())
    assert sorted(event.candidate.index for event in events) == list(range(len(done.programs("records"))))
    highest = float("-inf")
    for event in events:
        value = event.candidate.train
        assert event.best == (value is not None and value > highest)
        highest = max(highest, highest if value is None else value)
    done.watch()
    assert len(capsys.readouterr().out.splitlines()) == sum(event.best for event in events)


def test_an_archive_is_read(done: nf.Run, small: dict[str, Any], tmp_path: Path) -> None:
    with nf.open_archive(small["database"]) as archive:
        row = next(row for row in archive.runs("records") if row["run"] == "by-hand")
        assert (row["state"], row["evaluations"], row["best"]) == ("finished", 8, done.best.name)  # type: ignore[union-attr]
        run = archive.run("by-h")
        assert run.programs("records") == done.programs("records")
        assert archive.program(done.best.name).source == done.best.source  # type: ignore[union-attr]
        assert len(archive.programs("records")) >= len(run.programs("records"))
        with pytest.raises(NotFound):
            archive.run("nobody")
    with pytest.raises(ArchiveNotFound, match="there is no archive at"):
        nf.open_archive(tmp_path / "none.db")


def test_a_finished_run_says_what_would_continue_it(done: nf.Run) -> None:
    with pytest.raises(RunError, match="by-hand is finished: it made 8 evaluations"):
        done.resume()


@pytest.mark.parametrize("count", [-1, 1.5, "all", True])
def test_a_number_of_programs_is_a_number(done: nf.Run, count: Any) -> None:
    assert done.top(0) == []
    with pytest.raises(NashforgeError, match="the number of programs must be a whole number"):
        done.top(count)


@pytest.mark.parametrize("wrong", [5, b"x", []])
def test_wrong_arguments_of_runs_and_archives_are_told_in_a_sentence(
    done: nf.Run, small: dict[str, Any], wrong: Any
) -> None:
    best: Any = done.best
    with nf.open_archive(small["database"]) as archive:
        for told, call in {
            "the name of a run must be a text": lambda: archive.run(wrong),
            "the name of a program must be a text": lambda: archive.program(wrong),
            "the token of a task must be a text": lambda: done.tell(wrong, "x"),
            "the program must be a text": lambda: done.tell("token", wrong),
            "the note must be a text": lambda: done.tell("token", "x", wrong),
            "token of a task must be a text": lambda: done.give_up(wrong),
            "the author must be a text": lambda: done.ask(1, author=wrong),
            "the path of a report must be a path": lambda: done.report(b"x"),  # type: ignore[arg-type]
            "the seconds to wait must be a number": lambda: done.ask([wrong]),  # type: ignore[arg-type]
            "tasks must be a whole number": lambda: done.ask(1, count=[wrong]),  # type: ignore[arg-type]
            "iterations must be a whole number": lambda: best.solve("kuhn_poker", [wrong]),
            "valid: evaluations = 'many'": lambda: done.resume(evaluations="many"),
        }.items():
            with pytest.raises(NashforgeError, match=told):
                call()


def test_errors_name_arguments_and_leave_commands_as_they_are() -> None:
    told = (
        "--max-evaluations 3 is below (--horizon); see `nashforge run --max-evaluations 3`, --other, a--from"
    )
    assert python_words(told) == (
        "evaluations 3 is below (horizon); see `nashforge run --max-evaluations 3`, --other, a--from"
    )
    assert python_words("give --from x, or --suite") == "give start x, or train"


def test_one_suite_for_several_splits_is_told_at_the_start(small: dict[str, Any]) -> None:
    same = {**small, "train": "cfr-train", "validation": "cfr-train", "test": "cfr-train"}
    told = "training, validation and test are the same suite, cfr-train"
    with pytest.warns(SharedSuiteWarning, match=told), pytest.raises(NashforgeError):
        nf.search("cfr", evaluations=1, proposer="nobody", **same)


def test_a_report_that_cannot_be_written_is_told(done: nf.Run, tmp_path: Path) -> None:
    with pytest.raises(NashforgeError, match=r"no/r\.html cannot be written \(No such file or directory\)"):
        done.report(tmp_path / "no" / "r.html")


def test_settings_that_are_wrong_start_nothing(small: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="no option 'evalutions'; did you mean"):
        nf.search("cfr", evalutions=3, **small)
    with pytest.raises(ConfigError, match="valid: evaluations = 0"):
        nf.search("cfr", evaluations=0, **small)
    with pytest.raises(NashforgeError, match="the seconds to wait must be a number"):
        nf.search("cfr", wait="long", **small)  # type: ignore[arg-type]
    for option in ("domain", "proposer", "executor"):
        with pytest.raises(ConfigError, match=f"{option} is a name or an object .*; got 5"):
            nf.search(**{option: 5}, **small)


def test_what_is_to_be_benchmarked_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="a name, the path of a file, or several are expected; got 5"):
        nf.bench(5, database=tmp_path / "a.db")  # type: ignore[arg-type]
    for one in ("nobody.py", Path("nobody.py"), ["nobody.py"]):
        with pytest.raises(NashforgeError, match=r"nobody\.py"):
            nf.bench(one, database=tmp_path / "a.db")
    with pytest.raises(NashforgeError, match="there is no split 'trane'; did you mean train"):
        nf.bench("dcfr", splits="trane", database=tmp_path / "a.db")


def test_a_run_is_not_resumed_twice_by_two_objects_of_it(tmp_path: Path, monkeypatch: Any) -> None:
    class Working(nf.Run):
        _works = True

    with Archive.open(tmp_path / "a.db") as archive, nf.open_archive(tmp_path / "a.db") as again:
        stored = archive.runs.create("cfr", {"domain": "cfr"}, nickname="twice")
        monkeypatch.setattr(running, "_at_work", [Working(archive, stored)])
        with pytest.raises(RunError, match="twice works already"):
            again.run("twice").resume()
        with pytest.raises(RunError, match="nobody works on the run twice; resume"):
            again.run("twice").pause()


def test_the_end_of_python_stops_every_run_whatever_becomes_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    class Working(nf.Run):
        _works = True

        def __init__(self, name: str) -> None:
            self._called = name

        def _ask_to_stop(self) -> bool:
            done.append(f"ask {self._called}")
            return True

        def wait(self, seconds: float | None = None) -> Working:
            done.append(f"wait for {self._called}")
            raise OSError("the disk is full")

    monkeypatch.setattr(running, "_at_work", [Working("one"), Working("two")])
    with pytest.raises(OSError, match="the disk is full"):
        running._stop_all()
    assert done == ["ask two", "ask one", "wait for two", "wait for one"]


def test_a_program_is_asked_for_and_told(small: dict[str, Any]) -> None:
    run = nf.search("cfr", evaluations=2, proposer="agent", start=["cfr_plus"], final_test=False, **small)
    [task] = run.ask(600).tasks
    assert task.parent.program == "cfr_plus" or task.parent.source
    told = run.tell(task.token, nf.rule_source("dcfr"), "the discounts of DCFR", author="me")
    assert (told.status, told.fitness) == ("ok", pytest.approx(0, abs=1e-6))
    run.wait()
    assert run.programs("records")[-1]["note"] == "the discounts of DCFR"
    assert run.ask(0).stop_reason is not None
    run.stop()  # nothing is to be stopped, which is no error


def test_what_ends_a_search_is_raised_where_it_is_waited_for(small: dict[str, Any]) -> None:
    class Broken:
        workers = 1

        def submit(self, task: object) -> None:
            raise OSError("the disk is full")

        def wait(self, timeout: float | None = None) -> list[object]:
            return []

        def close(self) -> None: ...

    run = nf.search("cfr", evaluations=2, executor=Broken(), **small)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="the disk is full"):
        run.wait()
    assert run.status.state == "failed"


def test_python_ends_with_a_run_that_can_be_resumed(small: dict[str, Any], tmp_path: Path) -> None:
    settings = {name: str(value) if isinstance(value, Path) else value for name, value in small.items()}
    settings["database"] = str(tmp_path / "a.db")
    script = (
        f"import nashforge as nf\nsmall = {settings!r}\n"
        "run = nf.search('cfr', evaluations=5000, name='left', **small)\n"
        "next(run.events())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    with nf.open_archive(tmp_path / "a.db") as archive:
        assert archive.run("left").status.state == "stopped"


def test_rows_become_frames_of_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"a": 1, "b": None}, {"a": 2, "b": 0.5}]
    assert as_frame(rows, "records") is rows
    monkeypatch.setattr("nashforge.frames.find_spec", lambda name: None)
    assert as_frame(rows) is rows
    with pytest.raises(NoFrameError, match="pandas is not installed; install it, or ask for"):
        as_frame(rows, "pandas")
    with pytest.raises(NoFrameError, match="no data frames of 'r'; choose pandas, polars or records"):
        as_frame(rows, "r")  # type: ignore[arg-type]


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_frames_have_the_rows(package: Any) -> None:
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    frame = as_frame([{"a": 1, "b": None}, {"a": 2, "b": 0.5}], package)
    assert (list(frame.columns), len(frame)) == (["a", "b"], 2)


class Tags(HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.names.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(make: Callable[[], Any]) -> Tags:
    return Tags(make()._repr_html_())


def test_what_notebooks_show(done: nf.Run, small: dict[str, Any]) -> None:
    solution = shown(lambda: nf.solve("kuhn_poker", iterations=10))
    assert "exploitability" in solution.text
    assert "0pb" in solution.text
    assert "0.5" in shown(lambda: nf.nash([[1, -1], [-1, 1]])).text
    assert "probability" in shown(lambda: nf.qre("SC4", rationality=1.0)).text
    assert "rqe of SC4" in shown(lambda: nf.equilibrium("SC4")).text
    assert "information set" in shown(lambda: nf.equilibrium("kuhn_poker", "nash")).text
    assert "8 of 8 evaluations" in shown(lambda: done).text
    assert "class" in shown(lambda: done.best).text
    with nf.open_archive(small["database"]) as archive:
        assert "by-hand" in shown(lambda: archive).text


def test_hostile_names_and_notes_stay_text() -> None:
    bad = "<script>alert(1)</script>"
    program = nf.Program(bad, "0" * 64, bad, bad)
    for page in (program._repr_html_(), table(bad, [bad], [[bad]], bad), code(bad, bad)):
        assert "script" not in Tags(page).names
        assert bad in Tags(page).text


def test_a_benchmark_is_that_of_the_command_line(small: dict[str, Any]) -> None:
    wanted = {"suite": small["train"], "quick": True, "workers": 1, "database": small["database"]}
    found = nf.bench(["cfr", "dcfr"], **wanted)
    assert (found.missing, found.summary.reference) == (0, "dcfr")
    assert {standing.label for standing in found.standings} >= {"cfr", "dcfr"}
    row = next(r for r in found.rows("records") if r["program"] == "cfr" and r["scale"] == 1)
    alone = nf.solve("kuhn_poker", "cfr", row["iterations"])
    assert row["value"] == pytest.approx(alone.exploitability)
    assert "orders of magnitude below dcfr" in shown(lambda: found).text
    again = nf.bench("cfr", **wanted)  # nothing is measured again
    assert [r["value"] for r in again.rows("records") if r["program"] == "cfr"] == [
        r["value"] for r in found.rows("records") if r["program"] == "cfr"
    ]
