"""Start programs: by name, file and run, or the strongest; resumed, replayed, exported, and compared with."""

from __future__ import annotations

import pytest

from nashforge.archive import Archive, RunState, Status, export_archive
from nashforge.errors import NashforgeError
from nashforge.evolve.config.importing import import_file
from nashforge.evolve.config.run import load_config, stored_settings
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.domains import domain
from nashforge.evolve.executors.dispatcher import SearchError
from nashforge.evolve.results.run_status import run_status
from nashforge.evolve.runs.run import resume_run, start_run
from nashforge.evolve.runs.starts import with_opponents
from nashforge.evolve.runs.studies import create_study
from nashforge.evolve.search.events import Silent

CFR = domain("cfr")
OWN = CFR.source("dcfr").replace("class ", "# Written by hand.\nclass ", 1).replace("1.5", "1.25")


class Interrupt(Silent):
    """Presses Ctrl-C after some outcomes."""

    def __init__(self, after: int) -> None:
        self.left = after

    def outcome(self, candidate, best) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def history(archive, name):
    candidates = archive.candidates.of(archive.runs.get(name))
    order = {c.id: c.index for c in candidates}
    return [
        (
            *(c.index, c.program, c.operator, c.note, c.status, c.train, c.validation),
            *(order[parent.candidate_id] for parent in c.parents),
        )
        for c in candidates
    ]


def starts(archive, name):
    run = archive.runs.get(name)
    return [c for c in archive.candidates.of(run) if c.operator == "seed"]


@pytest.mark.slow
def test_a_run_starts_from_a_rule_a_file_and_the_best_of_a_run(archive, tiny, tmp_path):
    first = start_run(archive, tiny(max_evaluations=4, final_test=False), name="earlier")
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    config = tiny(start=["pcfr_plus", str(path), "earlier"], max_evaluations=9, lookahead=2)
    whole = start_run(archive, config, name="whole")
    begun = starts(archive, "whole")
    assert [c.index for c in begun] == [0, 1, 2]
    assert archive.programs.get(begun[1].program).source == archive.programs.add(OWN, "cfr").source
    assert begun[2].program == first.best.program
    assert [c.note for c in begun] == ["pcfr_plus", begun[1].nickname, first.best.nickname]
    assert all(c.status is Status.OK and c.validation is not None for c in begun)
    assert whole.evaluations == 9, "what a run starts from counts"
    strongest = max(begun, key=lambda c: c.train + c.validation)
    assert whole.seed.id == strongest.id
    assert whole.seed.test is not None, "the best is compared with the strongest start"
    assert run_status(archive, archive.runs.get("whole")).result.seed.id == strongest.id
    stored = stored_settings(archive, archive.runs.get("whole"))["start"]
    assert stored == ["pcfr_plus", begun[1].program, begun[2].program]

    cut = start_run(archive, config, name="cut", listener=Interrupt(2))
    assert cut.interrupted
    path.unlink()  # what is stored is all that a run needs
    start_run(archive, tiny(max_evaluations=3, seed=5, final_test=False, start=["earlier"]), name="later")
    resume_run(archive, archive.runs.get("cut"))
    assert history(archive, "cut") == history(archive, "whole")


def test_programs_that_are_the_same_are_started_from_once(archive, tiny, tmp_path):
    path = tmp_path / "copy.py"
    path.write_text("# Another name for it.\n" + CFR.source("dcfr"))
    start_run(
        archive, tiny(start=["dcfr", str(path), "dcfr"], max_evaluations=2, final_test=False), name="run"
    )
    assert [c.note for c in starts(archive, "run")] == ["dcfr"]


@pytest.mark.slow
def test_the_children_come_from_every_start(archive, tiny):
    config = tiny(start=["dcfr", "pcfr_plus"], max_evaluations=14, lookahead=1, seed=0, final_test=False)
    start_run(archive, config, name="run")
    candidates = archive.candidates.of(archive.runs.get("run"))
    of = {c.id: c.index for c in candidates}
    parents = {of[parent.candidate_id] for c in candidates for parent in c.parents}
    assert {0, 1} <= parents


@pytest.mark.slow
def test_the_strongest_of_the_library_are_chosen_once_and_remembered(archive, tiny):
    config = tiny(start=["strongest"], max_evaluations=5, final_test=False, fitness={"kind": "negative"})
    whole = start_run(archive, config, name="whole")
    run = archive.runs.get("whole")
    chosen = [c.note for c in starts(archive, "whole")]
    assert len(set(chosen)) == 3
    measured = {}
    for name in CFR.baselines():
        program = archive.programs.add(CFR.source(name), "cfr")
        for row in archive.evaluations.find(program=program, split="train", status=[Status.OK]):
            measured[name] = row.fitness
    others = max(value for name, value in measured.items() if name not in chosen)
    assert min(measured[name] for name in chosen) >= others
    assert stored_settings(archive, run)["start"] == chosen
    assert whole.evaluations == 5
    start_run(archive, config, name="again")
    assert history(archive, "again") == history(archive, "whole")
    anew = [e for e in archive.evaluations.find(run=archive.runs.get("again")) if e.candidate_id is None]
    assert anew == [], "the library was measured by the first run"


def test_searches_of_a_study_start_from_the_same(archive, tiny, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    study = create_study(archive, tiny(start=["dcfr", str(path)]), (0, 1))
    configs = [stored_settings(archive, run)["start"] for run in archive.studies.runs(study)]
    assert configs[0] == configs[1] == study.config["start"]
    assert configs[0][0] == "dcfr"
    assert archive.programs.get(configs[0][1]).source == archive.programs.add(OWN, "cfr").source


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (["nothing_like_it"], "neither a run nor a program is called 'nothing_like_it'"),
        (["no/such.py"], "no/such.py does not exist"),
        (["empty-run"], "the run empty-run has measured no program yet"),
        (["dcfr", "cfr", "pcfr_plus"], "starts from 3 programs, .* --max-evaluations is 2"),
        (["of_psro"], "of_psro.* is a program of the domain psro"),
    ],
)
def test_what_cannot_be_started_from_is_told_before_a_run_is_made(archive, tiny, start, sentence):
    archive.runs.create("cfr", tiny().settings(), nickname="empty-run")
    other = domain("psro")
    program = archive.programs.add(other.source(other.seed), "psro")
    start = [program.nickname if name == "of_psro" else name for name in start]
    with pytest.raises(NashforgeError, match=sentence.replace("of_psro", program.nickname)):
        start_run(archive, tiny(start=start, max_evaluations=2), name="never")
    assert [run.nickname for run in archive.runs.newest()] == ["empty-run"]


def test_an_opponent_that_is_a_run_without_programs_is_told_by_its_option(archive):
    archive.runs.create("rrps", {}, nickname="empty-run")
    config = load_config({"domain": "rrps", "against": ["empty-run"]})
    with pytest.raises(ConfigError, match=r"^--against empty-run: .* has measured no program yet"):
        with_opponents(archive, config, domain("rrps"))


def test_a_start_that_fails_ends_the_run_with_its_name(archive, tiny, tmp_path):
    path = tmp_path / "broken.py"
    path.write_text(OWN.replace("def observe(", "def observed("))
    with pytest.raises(SearchError, match=r"the start program \S+ failed"):
        start_run(archive, tiny(start=["dcfr", str(path)]), name="run")
    assert archive.runs.get("run").state is RunState.FAILED


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "goes_on"), [(["too_slow", "dcfr"], True), (["dcfr", "too_slow"], True), (["too_slow"], False)]
)
def test_a_run_goes_on_without_a_program_of_the_library_that_fails(
    archive, tiny, monkeypatch, names, goes_on
):
    known, whole, told = CFR.baselines(), type(CFR).source, []
    broken = OWN.replace("def observe(", "def observed(")
    monkeypatch.setattr(type(CFR), "baselines", lambda self: (*known, "too_slow"))
    monkeypatch.setattr(
        type(CFR),
        "source",
        lambda self, name: broken if name == "too_slow" else whole(self, name),
    )

    class Notes(Silent):
        def note(self, text):
            told.append(text)

    config = tiny(start=names, max_evaluations=3, final_test=False)
    if not goes_on:
        with pytest.raises(SearchError, match="the start program too_slow failed"):
            start_run(archive, config, name="run", listener=Notes())
        return
    result = start_run(archive, config, name="run", listener=Notes())
    assert result.evaluations == 3
    assert result.seed.note == "dcfr"
    assert any("too_slow failed (" in text and "goes on without it" in text for text in told)


def test_files_that_somebody_else_names_are_asked_for_again(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('from = ["dcfr", "private.py"]')
    with pytest.raises(ConfigError, match=r"private\.py, which you have not named; .* --from private\.py"):
        load_config({}, path)
    assert load_config({"start": ["private.py"]}, path).start == ("private.py",)
    path.write_text('from = ["dcfr", "some-run"]')
    assert load_config({}, path).start == ("dcfr", "some-run")


def test_exports_hold_what_a_run_started_from(archive, tiny, tmp_path, new_archive):
    path = tmp_path / "mine.py"
    path.write_text(OWN)
    start_run(archive, tiny(start=["dcfr", str(path)], max_evaluations=3, final_test=False), name="run")
    export_archive(archive, tmp_path / "runs.jsonl")
    with Archive.open(new_archive(tmp_path / "other.db")) as other:
        import_file(other, tmp_path / "runs.jsonl")
        assert history(other, "run") == history(archive, "run")
        kept = stored_settings(other, other.runs.get("run"))
        assert kept["start"] == stored_settings(archive, archive.runs.get("run"))["start"]


def test_what_is_in_no_library_and_no_archive_is_not_started_from(archive, tiny):
    run = archive.runs.create("cfr", tiny(start=["0" * 64]).settings(), nickname="foreign")
    with pytest.raises(ConfigError, match="neither in the library of cfr nor in"):
        resume_run(archive, run)
