"""Is anything lost when everything dies? `python -m benchmarks.chaos`.

Every trial works on one run with two workers, a PostgreSQL cluster and a broker of its own, and meanwhile
disturbs them, again and again until the run has ended, in every way of `benchmarks/chaos/disturbances.py`:
kills (-9) and polite ones of workers and of the coordinator, two coordinators that resume at the same time, a
terminal that is closed, everything stopped or frozen for a while, a broker that is restarted with an empty
memory or has no memory left, a database that crashes, cuts every session, falls silent, isolates
transactions in another way, or has its clock moved by up to a day. What ended is started again, the
coordinator with ``nashforge resume``. Then it checks that there are exactly as many finished evaluations as
asked for, none twice and none lost, that no process is left over, and that the programs are those of an
undisturbed run with the same seed. Prints a line a trial; exit code 1 if one fails.
"""

from __future__ import annotations

import argparse
import ctypes
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.chaos.checking import Row, faults, lost_attempts, undisturbed
from benchmarks.chaos.disturbances import disturb_until_done
from benchmarks.chaos.freezing import left_over
from benchmarks.chaos.thawing import end_abandoned
from benchmarks.chaos.trial import Plan, Trial
from nashforge.archive import Archive, NotFound
from nashforge.evolve.service.servers import RabbitMQ, Redis, Server
from nashforge.evolve.service.settings import ServiceError

PR_SET_CHILD_SUBREAPER = 36


def do_trial(number: int, plan: Plan, root: Path, expected: list[Row]) -> bool:
    """Do one trial, print a line about it, and return whether all was well."""
    began = time.monotonic()
    folder = root / f"trial-{number}"
    folder.mkdir()
    folder.chmod(0o755)
    wrong: list[str] = []
    lost = 0
    trial = Trial(folder, plan, np.random.default_rng([7, number]))
    try:
        with trial.database, trial.broker:
            Archive.open(trial.database.url).close()
            try:
                disturb_until_done(trial)
            finally:
                trial.end()
            wrong += faults(trial.database.url, plan.evaluations, expected)
            lost = lost_attempts(trial.database.url)
    except (TimeoutError, NotFound, ServiceError) as error:
        wrong.append(str(error))
    wrong += [f"left over: {process}" for process in left_over()]
    said = ", ".join(f"{name.replace('_', ' ')} {count}x" for name, count in sorted(trial.done.items()))
    print(
        f"trial {number}: {'ok' if not wrong else 'FAILED'}, {plan.evaluations} evaluations, "
        f"{time.monotonic() - began:.0f} s, {said}; {lost} attempts lost and repeated",
        flush=True,
    )
    for text in wrong:
        print(f"  {text}", flush=True)
    if not wrong:
        shutil.rmtree(folder)
    return not wrong


def main(arguments: list[str] | None = None) -> int:
    """Do the trials; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--first", type=int, default=1, help="number of the first trial")
    parser.add_argument("--evaluations", type=int, default=200)
    parser.add_argument("--every", type=int, default=12, help="mean evaluations between disturbances")
    parser.add_argument("--limit", type=float, default=900.0, help="seconds that a trial may take")
    parser.add_argument("--broker", choices=["redis", "rabbitmq"], default="redis")
    chosen: Any = parser.parse_args(arguments)
    for name in end_abandoned():
        print(f"what another benchmark left frozen was ended: {name}", flush=True)
    # Orphans become children of this process, where they are seen.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    brokers: dict[str, type[Server]] = {"redis": Redis, "rabbitmq": RabbitMQ}
    broker = brokers[chosen.broker]
    plan = Plan(chosen.evaluations, chosen.every, chosen.limit, broker)
    root = Path(tempfile.mkdtemp(prefix="nashforge-chaos-"))
    root.chmod(0o755)
    expected = undisturbed(root, plan.evaluations)
    numbers = range(chosen.first, chosen.first + chosen.trials)
    good = sum(do_trial(number, plan, root, expected) for number in numbers)
    print(f"{good} of {chosen.trials} trials lost nothing, repeated nothing and left nothing over")
    if good == chosen.trials:
        shutil.rmtree(root)
    return 0 if good == chosen.trials else 1


if __name__ == "__main__":
    sys.exit(main())
