"""Cost of one evaluation: CFR+ on papers-train, sandboxed and in-process: `python -m benchmarks.evaluation`.

Prints wall and CPU seconds of one core, what the sandbox adds, and peak memory. Exit code 1 if a target is
missed.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time

from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Fitness, Task
from nashforge.evolve.sandbox import Sandbox
from nashforge.solvers import solve

EVALUATION_TARGET = 2.5
SANDBOX_TARGET = 0.5


def main() -> int:
    """Measure in turn, sandboxed and in-process, after a warm-up."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rule", default="cfr_plus")
    options = parser.parse_args()
    # One core for both ends, as a worker has when all cores are at work; children inherit it.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    work = domain("cfr")
    stage = work.stage("train", "papers-train", work.horizon, Fitness(kind="negative"))
    source = work.source(options.rule)
    sandboxed: list[float] = []
    confined_cpu: list[float] = []
    inline: list[float] = []
    peak = 0
    with Sandbox(hosts=work.host_modules) as sandbox:
        for round_ in range(options.rounds + 1):
            task = Task(token=f"{round_:032x}", domain=work.name, source=source, stages=(stage,))
            began = time.perf_counter()
            report = work.evaluate(task, sandbox)
            confined = time.perf_counter() - began
            began = time.perf_counter()
            for trial in stage.trials:
                solve(trial.game, options.rule, trial.iterations, trial.checkpoints)
            plain = time.perf_counter() - began
            if round_ > 0:  # the first round compiles kernels and loads games
                sandboxed.append(confined)
                inline.append(plain)
                confined_cpu.append(report.stages[0].cpu_seconds)
                peak = max(peak, report.stages[0].peak_memory)
    wall, added = (
        statistics.median(sandboxed),
        statistics.median(a - b for a, b in zip(sandboxed, inline, strict=True)),
    )
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{options.rule} on papers-train (4 games x {work.horizon} iterations), both processes on one core")
    print(
        f"  sandboxed   {wall:.2f} s (median of {options.rounds}; quickest {min(sandboxed):.2f} s; "
        f"target {EVALUATION_TARGET} s: {'met' if wall <= EVALUATION_TARGET else 'MISSED'}), "
        f"of it the program's process {statistics.median(confined_cpu):.2f} s"
    )
    print(f"  in-process  {statistics.median(inline):.2f} s (quickest {min(inline):.2f} s)")
    print(
        f"  the sandbox adds {added:.2f} s (target {SANDBOX_TARGET} s: "
        f"{'met' if added <= SANDBOX_TARGET else 'MISSED'}; quickest against quickest "
        f"{min(sandboxed) - min(inline):.2f} s)"
    )
    print(f"  peak memory: engine {own:.0f} MB, program's process {peak / 2**20:.0f} MB")
    return 0 if wall <= EVALUATION_TARGET and added <= SANDBOX_TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
