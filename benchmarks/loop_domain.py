"""A domain whose programs take a millisecond: what is measured with it is everything else."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from nashforge.archive.records import Score
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.evaluation.messages import Fitness, Split, Stage, Trial
from nashforge.evolve.evaluation.metrics import by_name
from nashforge.evolve.evaluation.stages import StageResult
from nashforge.evolve.sandbox import Limits, Sandbox
from nashforge.solvers.metrics.registry import Metric

HOST = '''"""Calls the program."""

from loop_interface import Answer


class Host:
    def __init__(self, namespace, setup, inputs, outputs):
        kinds = [value for value in namespace.values() if isinstance(value, type)]
        [kind] = [value for value in kinds if issubclass(value, Answer) and value is not Answer]
        self.program, self.outputs = kind(), outputs

    def call(self, player, t):
        self.outputs["value"][0] = self.program.value()


IMPORTS = ("loop_interface",)
'''

INTERFACE = '''"""What a program is: a number."""


class Answer:
    def value(self):
        raise NotImplementedError
'''

SEED = '''"""A number, after a millisecond of work."""

import numpy as np

from loop_interface import Answer


class Seed(Answer):
    def value(self):
        matrix = np.ones((60, 60))
        for _ in range(20):
            matrix = matrix @ matrix / 60
        return 1.0
'''

PROMPT = """# Role

You write numbers.

# Interface

{{ imports | join(", ") }}

# Task

A larger number in {{ games | join(", ") }}.
"""

METADATA = "Metadata-Version: 2.1\nName: nashforge-loop\nVersion: 1\n"
ENTRY = "[nashforge.domains]\nloop = benchmarks.loop_domain:LoopDomain\n"


def install(folder: Path) -> None:
    """Make the domain known to this process and to its workers, as an installed package would be."""
    home = folder / "site"
    (home / "nashforge_loop-1.dist-info").mkdir(parents=True)
    (home / "nashforge_loop-1.dist-info" / "METADATA").write_text(METADATA)
    (home / "nashforge_loop-1.dist-info" / "entry_points.txt").write_text(ENTRY)
    (home / "loop_host.py").write_text(HOST)
    (home / "loop_interface.py").write_text(INTERFACE)
    (home / "prompts" / "loop").mkdir(parents=True)
    (home / "prompts" / "loop" / "system.jinja").write_text(PROMPT)
    sys.path.insert(0, str(home))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(home), *filter(None, [os.environ.get("PYTHONPATH")])])
    os.environ["NASHFORGE_LOOP_PROMPTS"] = str(home / "prompts")


class LoopDomain(Domain):
    """Programs that return a number; more is better."""

    name = "loop"
    title = "Numbers, for measuring the loop"
    seed = "one"
    host_modules = ("loop_host",)
    metric = "value"
    metrics = by_name([Metric("value", "max"), Metric("seconds", "min")])
    fitness = Fitness(kind="value", reference="one")
    suites: Mapping[Split, str] = {"train": "loop", "validation": "loop", "test": "loop"}
    horizon = 1

    @property
    def prompts(self) -> str:
        """Where the templates are."""
        return os.environ["NASHFORGE_LOOP_PROMPTS"]

    def programs(self) -> Mapping[str, str]:
        """Return the one program."""
        return {"one": SEED}

    def prompt_variables(self, train: Stage) -> Mapping[str, object]:
        """Return nothing: its programs import no interface."""
        return {}

    def smoke(self, horizon: int) -> Stage:
        """Return one call."""
        return Stage(
            split="smoke", suite="loop", trials=(Trial(label="number", game="number", iterations=1),)
        )

    def stage(self, split: Split, suite: str, horizon: int, fitness: Fitness) -> Stage:
        """Return one call."""
        trials = (Trial(label="number", game="number", iterations=1),)
        return Stage(split=split, suite=suite, trials=trials, fitness=fitness, seconds=20.0)

    def games_stage(self, games: Sequence[str], horizon: int, fitness: Fitness) -> Stage:
        """Return one call."""
        return self.stage("test", "loop", 1, fitness)

    def prepare(self, stage: Stage) -> None:
        """Nothing needs preparation."""

    def fingerprint(self, measured: Sequence[float]) -> None:
        """Equal numbers are no repetitions."""

    def play(
        self, source: str, trial: Trial, sandbox: Sandbox, limits: Limits, result: StageResult
    ) -> list[float]:
        """Call the program once, in a session of its own."""
        began = time.perf_counter()
        with sandbox.session(
            source,
            host="loop_host",
            setup={},
            inputs=[("nothing", (1,), "<f8")],
            outputs=[("value", (1,), "<f8")],
            limits=limits,
        ) as session:
            session.call(0, 1, expect=["value"])
            value = float(np.asarray(session.outputs["value"])[0])
        result.use(session.usage, session.log)
        result.values["number"] = value
        spent = time.perf_counter() - began
        result.scores += [
            Score(game="number", metric="value", value=value, direction="max", iteration=1),
            Score(game="number", metric="seconds", value=spent),
        ]
        return [value]
