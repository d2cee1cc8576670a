"""A measurement is taken for that of a game only if it is known to be of this game."""

from __future__ import annotations

import pytest

from nashforge.archive import NewEvaluation, Status
from nashforge.archive.records import Score
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.games import played_form
from nashforge.evolve.domains.rqe import read_task
from nashforge.evolve.evaluation.messages import Disguise, Fitness, Stage, Task, Trial
from nashforge.evolve.executors.dispatcher import Dispatcher, SearchError
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.program_results import remembered
from nashforge.evolve.sandbox import InfrastructureError, Sandbox
from nashforge.evolve.search.measured.outcomes import settings_of
from nashforge.evolve.search.run_stages import RunStages

GAME = 'NFG 1 R "" {{ "A" "B" }} {{ 2 2 }}\n{first} 3 5 0 0 5 1 1\n'
NEGATIVE = Fitness(kind="negative")


@pytest.fixture
def file(tmp_path):
    """A game file."""
    path = tmp_path / "my.nfg"
    path.write_text(GAME.format(first=3))
    return path


def stage_of(game: str, name: str = "cfr") -> Stage:
    return domain(name).games_stage([game], 10, NEGATIVE)


@pytest.mark.parametrize("name", ["cfr", "psro", "rqe"])
@pytest.mark.parametrize("spelled", ["{}", "nfg_game(filename={})"])
def test_a_changed_file_is_another_stage(name, spelled, file, tmp_path, monkeypatch):
    game = spelled.format("my.nfg")
    monkeypatch.chdir(tmp_path)
    before = stage_of(game, name)
    file.write_text(GAME.format(first=4))
    after = stage_of(game, name)
    file.write_text(GAME.format(first=3))
    assert before.digest != after.digest
    assert before.trials[0].identity != after.trials[0].identity
    assert stage_of(game, name).digest == before.digest


def test_tasks_differ_by_their_parameters_too():
    digests = {stage_of(game, "rqe").digest for game in ("SC1", "SC2", "SC1 | kl barrier tau=3")}
    assert len(digests) == 3


@pytest.mark.parametrize("name", ["cfr", "rqe"])
def test_a_worker_that_reads_another_file_says_so(name, file):
    work = domain(name)
    stage = stage_of(str(file), name)
    task = Task(token="", domain=name, source=work.source(work.seed), stages=(stage,), tier="none")
    with Sandbox(hosts=work.host_modules, tier="none") as sandbox:
        assert work.evaluate(task, sandbox).status == "ok"
        file.write_text(GAME.format(first=4))
        with pytest.raises(InfrastructureError, match="is another game on this worker"):
            work.evaluate(task, sandbox)
        file.unlink()
        with pytest.raises(InfrastructureError, match=r"cannot load .*my\.nfg"):
            work.evaluate(task, sandbox)


def test_forms_of_this_process_follow_the_file(file):
    for disguise in (None, Disguise(seed=1)):
        file.write_text(GAME.format(first=3))
        assert played_form(str(file), disguise).leaf_payoffs.max() == 5
        file.write_text(GAME.format(first=7))
        assert played_form(str(file), disguise).leaf_payoffs.max() == 7


def test_tasks_of_this_process_follow_the_file(file):
    game = f"nfg_game(filename={file})"
    first = read_task(game)
    file.write_text(GAME.format(first=9))
    assert read_task(game).payoffs[0].tolist() != first.payoffs[0].tolist()


def evaluation(archive, program, trial: Trial, settings: dict[str, object]):
    return archive.evaluations.add(
        NewEvaluation(
            program=program.hash,
            suite="games",
            evaluator=domain("cfr").evaluator,
            status=Status.OK,
            settings=settings,
            scores=(Score(trial.label, "exploitability", 0.5, iteration=trial.iterations),),
        )
    )


def test_a_measurement_whose_game_is_unknown_or_another_is_not_reused(archive, file):
    work = domain("cfr")
    program = archive.programs.add(work.source("dcfr"), "cfr")
    stage = stage_of(str(file))
    [trial] = stage.trials
    known = settings_of(stage)
    old = {key: value for key, value in known.items() if key != "identities"}
    other = {**known, "identities": {trial.label: "0" * 32}}
    for settings, reused in ((old, False), (other, False), (known, True)):
        row = evaluation(archive, program, trial, settings)
        assert (remembered(work, "dcfr", program, trial, [row]) is not None) is reused


def test_a_copy_is_known_by_what_it_is_and_not_by_its_spelling(tmp_path):
    suite = tmp_path / "suite.toml"
    suite.write_text('name = "s"\npurpose = "p"\ngames = ["leduc_poker(players=2)", "kuhn_poker"]\n')
    work = domain("cfr")
    copy, other = work.stage("validation", str(suite), 10, NEGATIVE).trials
    assert copy.disguise.perturbation > 0
    assert other.disguise.perturbation == 0


def test_a_run_does_not_go_on_with_another_game(archive, file, tmp_path, tiny):
    suite = tmp_path / "file.toml"
    suite.write_text(f'name = "s"\npurpose = "p"\ngames = ["{file}"]\n')
    config, work = tiny(train=suite, final_test=False), domain("cfr")
    run = archive.runs.create("cfr", config.settings(), seed=0)
    executor = LocalExecutor(1)
    try:
        dispatcher = Dispatcher(executor, "cfr", "none", tick=lambda: None, note=lambda text: None)
        for _ in range(2):
            RunStages(archive, run, config, work, dispatcher)
        file.write_text(GAME.format(first=4))
        with pytest.raises(SearchError, match=r"my\.nfg is not the one that this run began with"):
            RunStages(archive, run, config, work, dispatcher)
        file.write_text(GAME.format(first=3))
        for games in (f'["{file}", "kuhn_poker"]', '["kuhn_poker"]'):
            suite.write_text(f'name = "s"\npurpose = "p"\ngames = {games}\n')
            with pytest.raises(SearchError, match=r"file\.toml has other games than when this run began"):
                RunStages(archive, run, config, work, dispatcher)
    finally:
        executor.close()
