"""The programs of docs/discovered/ reach, when they are run again, what their files say."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from nashforge.archive import Archive
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.dilemmas.arena import HOSTS
from nashforge.evolve.domains.dilemmas.suites import load_dilemma_suite
from nashforge.evolve.executors.local import LocalExecutor
from nashforge.evolve.measurement.evaluator import Evaluator
from nashforge.evolve.measurement.programs import find_program
from nashforge.evolve.proposers.llm.recordings.cassette import replay_values
from nashforge.evolve.runs.run import start_run
from nashforge.evolve.sandbox import Sandbox
from nashforge.evolve.synthesis.refinement import Refinement
from nashforge.evolve.synthesis.starting import replay_of, start_synthesis

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "discovered"
PROGRAMS = sorted(FOLDER.glob("*.py"))
MEASURED = re.compile(
    r"^#   (?P<game>\S.*): (?P<metric>\w+) (?P<value>\S+) after (?P<horizon>\d+) iterations$", re.M
)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_what_a_file_says_is_measured_again(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    stated = MEASURED.search(text)
    assert stated, "the header says nothing of measurements"
    with Archive.open(tmp_path / "a.db") as archive:
        named = find_program(str(path), lambda: archive)
        assert named.source != text, "the header's hash is not that of the program"
        work = domain(named.domain)
        assert work.metric == stated["metric"]
        horizon = int(stated["horizon"])
        game = stated["game"].removesuffix(f" ({horizon} iterations)")  # a shorter horizon of the search
        train = work.stage("train", work.suites["train"], horizon, work.fitness)
        trials = tuple(trial for trial in train.trials if trial.label == game)
        if trials:
            stage = train.model_copy(update={"trials": trials})
        else:  # a game of the suites that the search used, which have changed since
            stage = work.games_stage([game], horizon, work.fitness)
        executor = LocalExecutor(1)
        try:
            (row,) = Evaluator(archive, work, stage, executor).measure([named])
        finally:
            executor.close()
    assert row.value is not None
    if work.metrics[work.metric].direction == "max":
        assert row.value == pytest.approx(float(stated["value"]), rel=1e-3)
    else:
        # Other processors sum in another order, which late exploitabilities amplify: see docs/determinism.md.
        least = work.fitness.floor if named.domain == "rqe" else 1e-300  # where gaps are 0 or rounding
        found, said = max(row.value, least), max(float(stated["value"]), least)
        assert math.log10(found) == pytest.approx(math.log10(said), abs=1.0)


def test_there_are_programs() -> None:
    assert {
        re.match(r"# Nashforge program \S+ \((\w+),", path.read_text(encoding="utf-8"))[1]
        for path in PROGRAMS
    } >= {"cfr", "psro", "rqe", "gathering", "cleanup"}


CASSETTES = sorted((FOLDER / "cassettes").glob("*.jsonl"))
REFINED = [path for path in CASSETTES if path.stem.startswith(("cleanup", "gathering"))]


@pytest.mark.slow
@pytest.mark.parametrize("path", REFINED, ids=lambda path: path.stem)
def test_what_a_model_refined_is_played_again_without_it(path: Path, tmp_path: Path) -> None:
    """The whole takes minutes: the first policy that works, in short episodes, and the last by its text."""
    game = path.stem.partition("_")[0]
    suite = tmp_path / "short.toml"
    suite.write_text(
        f'name = "short"\npurpose = "Short."\nsetting = "{game}(agents=10,map={game},horizon=12)"\n'
        "train = [1]\nvalidation = [2]\ntest = [3]\n"
    )
    chosen = load_dilemma_suite(str(suite))
    with Archive.open(tmp_path / "a.db") as archive, Sandbox(HOSTS) as sandbox:
        ask, options = replay_of(archive, f"replay:{path}", game)
        run = start_synthesis(archive, chosen, options, name="again")
        writer, level = ask(archive, run), options["feedback"]
        found = Refinement(archive, run, chosen, sandbox, writer, level=level, refinements=0).execute()
    assert found.chosen is not None
    answers = [json.loads(line).get("text", "") for line in path.read_text(encoding="utf-8").splitlines()]
    assert any((found.chosen.source or "").strip() in answer for answer in answers[:3])
    assert options["max_evaluations"] == 11
    if level == "dense":
        with Archive.open(tmp_path / "b.db") as archive:
            [shipped] = [
                named
                for file in PROGRAMS
                if (named := find_program(str(file), lambda: archive)).source.strip() in answers[-1]
            ]
        assert shipped.domain == game


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [path for path in CASSETTES if path not in REFINED], ids=lambda path: path.stem
)
def test_what_a_model_wrote_is_played_again_without_it(path: Path, tmp_path: Path) -> None:
    suite = tmp_path / "tiny.toml"
    game = "SC1" if path.stem.startswith("rqe") else "kuhn_poker"
    suite.write_text(f'name = "tiny"\npurpose = "One tiny game."\ngames = ["{game}"]\n')
    suites = dict.fromkeys(("train", "validation", "test"), str(suite))
    # Meta-solvers do far more in an iteration.
    horizon = 8 if path.stem.startswith("psro") else 40
    few = {"horizon": horizon, "max_evaluations": 7, "final_test": False, "workers": 1}
    with Archive.open(tmp_path / "a.db") as archive:
        again = start_run(
            archive, load_config(replay_values(archive, f"replay:{path}") | suites | few), name="again"
        )
        assert (again.evaluations, again.failures, again.stop_reason) == (7, {}, "max_evaluations")
        written = [c for c in archive.candidates.of(archive.runs.get("again")) if c.operator != "seed"]
        assert {c.proposer for c in written} == {"agent"}
        sources = [archive.programs.get(c.program or "").source.strip() for c in written]
    answers = [json.loads(line).get("text", "") for line in path.read_text(encoding="utf-8").splitlines()]
    assert any(source in answer for source in sources for answer in answers)
