"""What a run takes as known of its reference."""

from datetime import UTC, datetime

import pytest

from nashforge import games
from nashforge.archive import NewEvaluation, Program, Status
from nashforge.archive.records import Score
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Fitness, Report, Stage, StageReport
from nashforge.evolve.executors.dispatcher import Dispatcher, SearchError
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.executors.quick_first import quick_first
from nashforge.evolve.search.events import Counted
from nashforge.evolve.search.references import references_of
from nashforge.evolve.search.run_stages import RunStages
from nashforge.solvers.solving import solve


def test_a_known_reference_counts_by_the_metric_alone(archive, tiny):
    fitness = Fitness(reference="dcfr").model_dump()
    config, work = tiny(horizon=40, final_test=False, fitness=fitness), domain("cfr")
    stage = work.stage("train", config.evaluation.train, config.evaluation.horizon, config.evaluation.fitness)
    program = archive.programs.add(work.source("dcfr"), "cfr")
    label = stage.trials[0].label
    archive.evaluations.add(
        NewEvaluation(
            program=program.hash,
            suite=stage.suite,
            suite_digest=stage.digest,
            evaluator=work.evaluator,
            split="train",
            status=Status.OK,
            scores=(
                Score(label, "exploitability", 0.5, iteration=20),
                Score(label, "exploitability", 0.25, iteration=40),
                # As other domains have it: more metrics at the last checkpoint.
                Score(label, "entropy", 0.9, "max", iteration=40),
            ),
        )
    )
    run = archive.runs.create("cfr", config.settings(), seed=0)
    executor = LocalExecutor(1)
    try:
        dispatcher = Dispatcher(executor, "cfr", "none", tick=lambda: None, note=lambda text: None)
        stages = RunStages(archive, run, config, work, dispatcher)
        stages.measure_reference("train")
    finally:
        executor.close()
    assert stages.train.references == {label: 0.25}


def test_the_best_of_several_references_counts_and_they_stay_those_of_the_run(archive, tiny):
    fitness = Fitness(reference="dcfr,cfr", floor_relative=1e-3)
    config, work = tiny(horizon=20, final_test=False, fitness=fitness.model_dump()), domain("cfr")
    run = archive.runs.create("cfr", config.settings(), seed=0)
    alone = {
        name: solve(games.compile("kuhn_poker"), name, 20, ()).exploitability
        for name in ("dcfr", "cfr", "lcfr")
    }
    counted = []
    executor = LocalExecutor(1)
    try:
        dispatcher = Dispatcher(
            executor, "cfr", "none", tick=lambda: counted.append(stages.counted), note=lambda text: None
        )
        stages = RunStages(archive, run, config, work, dispatcher)
        stages.measure_reference("train")
        # The library of another day, or another default: the run goes on with what it has begun with.
        later = config.changed(fitness=Fitness(reference="lcfr", floor_relative=1e-3).model_dump())
        resumed = RunStages(archive, run, later, work, dispatcher)
        resumed.measure_reference("train")
    finally:
        executor.close()
    assert list(dict.fromkeys(filter(None, counted))) == [
        Counted("the references", done, 2) for done in (0, 1)
    ]
    assert stages.counted is None
    (label,) = (trial.label for trial in stages.train.trials)
    assert stages.train.references[label] == pytest.approx(min(alone["dcfr"], alone["cfr"]), rel=1e-9)
    assert stages.train.floors == {label: pytest.approx(1e-3 * games.compile("kuhn_poker").payoff_range)}
    assert references_of(archive, run, work, later.evaluation.fitness) == ("dcfr", "cfr")


def test_who_is_stopped_while_references_are_measured_goes_on_with_those_that_are_not(archive, tiny):
    fitness = Fitness(reference="dcfr,cfr,lcfr")
    config, work = tiny(horizon=20, final_test=False, fitness=fitness.model_dump()), domain("cfr")
    run = archive.runs.create("cfr", config.settings(), seed=0)

    def stop_after_the_first() -> None:
        if archive.evaluations.find(run=run):
            raise KeyboardInterrupt

    measured = []
    for tick in (stop_after_the_first, lambda: None):
        executor = LocalExecutor(1)
        try:
            dispatcher = Dispatcher(executor, "cfr", "none", tick=tick, note=lambda text: None)
            RunStages(archive, run, config, work, dispatcher).measure_reference("train")
        except KeyboardInterrupt:
            pass
        finally:
            executor.close()
        measured.append(len(archive.evaluations.find(run=run)))
    assert 1 <= measured[0] < measured[1] == 3


def test_library_programs_that_failed_are_not_tried_again_when_a_run_is_resumed(archive, tmp_path):
    suite = tmp_path / "three.toml"
    suite.write_text('name = "three"\npurpose = "Not for two."\ngames = ["kuhn_poker(players=3)"]\n')
    suites = dict.fromkeys(("train", "validation", "test"), str(suite))
    config, work = load_config({"domain": "psro", **suites, "horizon": 1, "workers": 1}), domain("psro")
    run = archive.runs.create("psro", config.settings(), seed=0)
    found = []
    for _ in range(2):
        executor = LocalExecutor(1)
        try:
            dispatcher = Dispatcher(executor, "psro", "none", tick=lambda: None, note=lambda text: None)
            # All of it, however busy the machine is: else some may not be reached the first time.
            RunStages(archive, run, config, work, dispatcher).measure_library(all_of_it=True)
        finally:
            executor.close()
        found.append([(row.program, row.status) for row in archive.evaluations.find(run=run)])
    assert found[0] == found[1]
    assert Status.OK in {status for _, status in found[0]} != {Status.OK}


@pytest.mark.parametrize(
    ("reference", "fails"), [("library", None), ("uniform,nash", "the reference nash failed")]
)
def test_a_library_whose_programs_cannot_all_play_is_a_reference_by_those_that_can(
    archive, tmp_path, reference, fails
):
    suite = tmp_path / "three.toml"
    suite.write_text('name = "three"\npurpose = "Not for two."\ngames = ["kuhn_poker(players=3)"]\n')
    suites = dict.fromkeys(("train", "validation", "test"), str(suite))
    settings = {"domain": "psro", **suites, "horizon": 1, "short_horizons": [], "workers": 1}
    fitness = Fitness(reference=reference).model_dump()
    config, work = load_config({**settings, "fitness": fitness}), domain("psro")
    run = archive.runs.create("psro", config.settings(), seed=0)
    counts = []
    for _ in range(2):
        executor = LocalExecutor(1)
        try:
            dispatcher = Dispatcher(executor, "psro", "none", tick=lambda: None, note=lambda text: None)
            stages = RunStages(archive, run, config, work, dispatcher)
            if fails:
                with pytest.raises(SearchError, match=fails):
                    stages.measure_reference("train")
                return
            stages.measure_reference("train")
        finally:
            executor.close()
        counts.append(len(archive.evaluations.find(run=run)))
    assert counts == [len(work.baselines())] * 2
    recalled = RunStages(archive, run, config, work, dispatcher)
    recalled.recall_references("train")
    form = games.compile("kuhn_poker(players=3)")
    able = [name for name in work.baselines() if name != "nash"]
    best = min(solve(form, name, 1, (), kind="psro").exploitability for name in able)
    assert list(recalled.train.references.values()) == [pytest.approx(best, rel=1e-9)]
    assert recalled.train.references == stages.train.references


def test_the_standing_of_the_best_is_read_again_once_it_was_measured_on_other_games(archive, tiny):
    config, work = tiny(horizon=20, final_test=False), domain("cfr")
    run = archive.runs.create("cfr", config.settings(), seed=0)
    dispatcher = Dispatcher(Slow({}), "cfr", "none", tick=lambda: None, note=lambda text: None)
    stages = RunStages(archive, run, config, work, dispatcher)
    program = archive.programs.add(work.source("dcfr"), "cfr")
    best = archive.candidates.add(run, program=program, operator="seed", proposer="offline")

    def measure(value):
        settings = {"references": {"kuhn_poker": 1e-2}, "fitness": Fitness().model_dump(mode="json")}
        scores = (Score("kuhn_poker", work.metric, value, iteration=20),)
        row = NewEvaluation(
            program=program.hash, suite="s", split="train", status=Status.OK, settings=settings, scores=scores
        )
        archive.evaluations.add(row, run=run, candidate=best)

    measure(1e-3)
    best = archive.candidates.finish(best, Status.OK, train=1.0)
    assert stages.standing(best).wins == 1
    measure(1e-1)
    best = archive.candidates.set_fitness(best, train=-1.0)
    assert stages.standing(best).losses == 1
    assert stages.standing(None) is None


class Slow:
    """An executor whose programs take so many seconds, by a clock of its own; one at a time."""

    workers = 1

    def __init__(self, takes):
        self.takes, self.now, self.tasks, self.given = takes, 0.0, [], []

    def submit(self, task):
        self.tasks.append(task)

    def wait(self, timeout=None):
        done, self.tasks = self.tasks, []
        return [self._report(task) for task in done]

    def _report(self, task):
        [stage] = task.stages
        wanted = self.takes[task.source]
        self.given.append((task.source, stage.seconds))
        self.now += min(wanted, stage.seconds)
        status = Status.OK if wanted <= stage.seconds else Status.TIMEOUT
        scores = [Score(one.label, "exploitability", 0.5, iteration=20) for one in stage.trials]
        report = StageReport(
            split="train", suite="s", digest=stage.digest, status=status, started="2026-01-01T00:00:00+00:00",
            wall_seconds=wanted, reason=None if status is Status.OK else "slow",
            scores=tuple(scores) if status is Status.OK else (),
        )  # fmt: skip
        return Report(token=task.token, evaluator=domain("cfr").evaluator, stages=(report,))


def test_who_is_too_slow_for_the_table_is_no_failure_where_the_strongest_are_looked_for(archive, tiny):
    config, work = tiny(horizon=20, final_test=False), domain("cfr")
    limit = work.seconds["train"]
    assert limit > 100
    executor = Slow({work.source(name): 1.0 for name in work.baselines()})
    # One needs more than the first task waits for, and less than programs may take; another more than that.
    executor.takes |= {work.source("vad_cfr"): 100.0, work.source("aod_cfr"): 10 * limit}
    run = archive.runs.create("cfr", config.settings(), seed=0)
    dispatcher = Dispatcher(executor, "cfr", "none", tick=lambda: None, note=lambda text: None)
    stages = RunStages(archive, run, config, work, dispatcher)
    stages.measure_reference("train")
    assert stages.measure_library() == []
    assert "vad_cfr" not in stages.strongest(len(work.baselines()))
    del executor.given[:]
    stages.measure_library(all_of_it=True)
    assert sorted(executor.given) == sorted((work.source(name), limit) for name in ("vad_cfr", "aod_cfr"))
    strongest = stages.strongest(len(work.baselines()))
    assert "vad_cfr" in strongest
    assert "aod_cfr" not in strongest


@pytest.mark.parametrize(
    ("takes", "given", "left"),
    [
        # The slow one of the middle is begun again when all others are known.
        ({"a": 5, "b": 50, "c": 5}, [("a", 20), ("b", 20), ("c", 20), ("b", 60)], set()),
        # Who needs more than a minute is given up, and that is stored.
        ({"a": 500}, [("a", 20), ("a", 60)], set()),
        # After two minutes, no more are begun.
        (dict.fromkeys("abcdefgh", 500), [(name, 20) for name in "abcdef"], set("abcdefgh")),
    ],
)
def test_the_library_is_measured_within_a_time_and_the_quick_first(takes, given, left):
    executor = Slow(takes)
    dispatcher = Dispatcher(executor, "cfr", "none", tick=lambda: None, note=lambda text: None)
    now = datetime.now(UTC)
    programs = [Program(name, name, "cfr", name, None, now) for name in takes]
    trial = domain("cfr").trial("kuhn_poker", 20)
    stage = Stage(split="train", suite="s", trials=(trial,), seconds=300.0)
    found = {one.source for one, _ in quick_first(dispatcher, stage, programs, clock=lambda: executor.now)}
    assert executor.given == given
    assert set(takes) - found == left
