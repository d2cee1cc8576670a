"""What a run takes as known of its reference."""

from nashforge.archive import NewEvaluation, Status
from nashforge.archive.records import Score
from nashforge.evolve.domains import domain
from nashforge.evolve.executors.dispatcher import Dispatcher
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.search.run_stages import RunStages


def test_a_known_reference_counts_by_the_metric_alone(archive, tiny):
    config, work = tiny(horizon=40, final_test=False), domain("cfr")
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
