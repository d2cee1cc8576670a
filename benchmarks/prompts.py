"""What a model is told: sizes of the prompts of a search in full swing, by section, now and before.

A scripted search of every domain is driven without sandbox or network: programs are written by the offline
proposer and given numbers that follow from their source, on all training games and with all checkpoints. Then
the next prompt is rendered for each task, and its sections are counted.

    python -m benchmarks.prompts [DOMAIN ...] [--json]

``prompts_before.json`` holds what this printed, as JSON, at the commit that it names: the templates that
a first trial of a frontier model was given. What was called diff, rewrite and crossover there is called edit,
design and combine.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from nashforge.archive import Archive, Run, Status
from nashforge.archive.hashing import normalize_source
from nashforge.archive.records import Score
from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.fitness import fitness_of
from nashforge.evolve.evaluation.messages import Report, Stage, StageReport, Task
from nashforge.evolve.executors.base import Lost
from nashforge.evolve.proposers.llm.prices import usual_tokens
from nashforge.evolve.runs.preview import preview
from nashforge.evolve.runs.run import start_run

DOMAINS = ("cfr", "psro", "rqe", "gathering", "cleanup")
EVALUATIONS = 30
BEFORE = Path(__file__).with_name("prompts_before.json")

SMALLEST_CACHED = {
    "anthropic, by model": 1024,
    "google, models of 2.5": 2048,
    "anthropic and google, every model": 4096,
}
"""Tokens below which providers keep no prefix, by their documentation of 2026 and by the model: 1,024 to
4,096 at Anthropic, 2,048 or 4,096 at Google. These change: the ledger counts what the cache gave."""


class Curves:
    """An executor that gives every program curves which follow from its source; some crash."""

    workers = 2

    def __init__(self) -> None:
        self._ready: deque[Report | Lost] = deque()

    def submit(self, task: Task) -> None:
        """Answer at once."""
        digest = int(hashlib.sha256(task.source.encode()).hexdigest(), 16)
        library = {normalize_source(source) for source in domain(task.domain).programs().values()}
        fragile = digest % 17 == 0 and normalize_source(task.source) not in library
        reports: list[StageReport] = []
        for stage in task.stages:
            if stage.gate is not None and (reports[-1].fitness or 0.0) < stage.gate:
                break
            crashed = stage.split == "smoke" and fragile
            reports.append(_report(task.domain, stage, digest, crashed=crashed))
            if crashed:
                break
        evaluator = domain(task.domain).evaluator
        self._ready.append(Report(token=task.token, evaluator=evaluator, stages=tuple(reports)))

    def wait(self, timeout: float | None = None) -> list[Report | Lost]:
        """Return the answers."""
        ready = list(self._ready)
        self._ready.clear()
        return ready

    def close(self) -> None:
        """Nothing is open."""


def _report(name: str, stage: Stage, digest: int, *, crashed: bool) -> StageReport:
    metric = domain(name).metrics[domain(name).metric]
    scores: list[Score] = []
    for k, trial in enumerate(stage.trials):
        rng = np.random.default_rng([digest % 2**32, k])
        end = 10.0 ** rng.uniform(-5, -2)
        for point in trial.checkpoints or (trial.iterations,):
            scores.append(
                Score(trial.label, metric.name, end * trial.iterations / point, metric.direction, point)
            )
        scores.append(Score(trial.label, "seconds", 1.0 + k))
    values = {trial.label: score for trial in stage.trials for score in [_last(scores, trial.label)]}
    fitness = None
    if not crashed and stage.split != "smoke" and (stage.fitness.kind != "log_ratio" or stage.references):
        fitness = fitness_of(stage.fitness, values, stage.references, scores)
    return StageReport(
        split=stage.split,
        suite=stage.suite,
        digest=stage.digest,
        status=Status.CRASHED if crashed else Status.OK,
        reason="line 14, in observe: ZeroDivisionError: scripted" if crashed else None,
        scores=() if crashed else tuple(scores),
        fitness=fitness,
        fingerprint=None if crashed or stage.split != "smoke" else f"{digest:064x}"[:16],
        started="2026-01-01T00:00:00+00:00",
        wall_seconds=0.0,
    )


def _last(scores: list[Score], label: str) -> float:
    return max((s for s in scores if s.game == label and s.iteration), key=lambda s: s.iteration or 0).value


def search(archive: Archive, name: str) -> Run:
    """Return a run of a domain in full swing."""
    options = {"domain": name, "seed": 1, "max_evaluations": EVALUATIONS, "final_test": False}
    start_run(archive, load_config(options), name=name, executor=Curves())
    return archive.runs.get(name)


def sections(text: str) -> dict[str, int]:
    """Return the number of characters below each heading of the first rank; what is fenced has none."""
    found: dict[str, int] = {}
    heading, fence = "(before the first heading)", ""
    for line in text.splitlines(keepends=True):
        mark = line[: len(line) - len(line.lstrip("`"))]
        if len(mark) >= 3 and (not fence or line.strip() == fence):
            fence = "" if fence else mark
        elif not fence and line.startswith("# "):
            heading = line[2:].strip()
        found[heading] = found.get(heading, 0) + len(line)
    return found


def measure(names: list[str]) -> dict[str, Any]:
    """Return the sizes of prompts by domain, part (system, or a task) and section."""
    sizes: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, Archive.open(Path(folder) / "prompts.db") as archive:
        for name in names:
            run = search(archive, name)
            parts: dict[str, Any] = {}
            for task in tasks():
                prompt = preview(archive, run, operator=task).prompt
                parts["system"] = _sizes(prompt.system)
                parts[task] = _sizes(prompt.user)
            sizes[name] = parts
    return sizes


def tasks() -> tuple[str, ...]:
    """Return the names of the tasks that are asked for."""
    return ("edit", "design", "combine", "ablate", "simplify")


def _sizes(text: str) -> dict[str, Any]:
    return {"characters": len(text), "tokens": usual_tokens(text), "sections": sections(text)}


def show(sizes: dict[str, Any]) -> None:
    """Print a table for each domain: characters by section, before and now, with shares of the prompt."""
    before = json.loads(BEFORE.read_text(encoding="utf-8"))
    print(f"before: at commit {before['commit']}; characters, and their share of the part\n")
    for name, parts in sizes.items():
        for part, now in parts.items():
            then = before["sizes"].get(name, {}).get(part, {"characters": 0, "tokens": 0, "sections": {}})
            print(f"{name}, {part}: {then['tokens']:,} tokens before, {now['tokens']:,} now")
            for section in {**then["sections"], **now["sections"]}:
                columns = (_share(each["sections"].get(section, 0), each) for each in (then, now))
                print(f"  {section[:44]:44s} {'  '.join(columns)}")
        system = parts["system"]["tokens"]
        fits = [f"{who} ({least:,})" for who, least in SMALLEST_CACHED.items() if system >= least]
        print(
            f"  the system part is above the smallest prefix that is cached of: {', '.join(fits) or 'none'}\n"
        )


def _share(characters: int, whole: dict[str, Any]) -> str:
    share = f"{100 * characters / whole['characters']:3.0f} %" if whole["characters"] else ""
    return f"{characters:7,} {share:>6}"


def main() -> None:
    """Print the sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("domains", nargs="*", default=DOMAINS)
    parser.add_argument("--json", action="store_true")
    said = parser.parse_args()
    sizes = measure(list(said.domains))
    if said.json:
        json.dump(sizes, sys.stdout, indent=1)
    else:
        show(sizes)


if __name__ == "__main__":
    main()
