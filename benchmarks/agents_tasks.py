"""The length of the tasks of an agent: whole, and without what it was told before in the same run.

A scripted search is driven without sandbox or network, as `benchmarks.prompts` does it, with an agent that
tells programs of the offline proposer. Every task is claimed twice: by one who is told all, and gives it
back, and by one who is told what is new.

    python -m benchmarks.agents_tasks [DOMAIN] [--evaluations 24]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from pathlib import Path

from benchmarks.prompts import Curves
from nashforge.archive import Archive
from nashforge.evolve.agents.answers.verbs import Asked
from nashforge.evolve.agents.asking import Who
from nashforge.evolve.agents.core import LocalCore
from nashforge.evolve.agents.texts import asked_text
from nashforge.evolve.config.run import load_config
from nashforge.evolve.runs.run import start_run

PATIENCE = 3600.0


def sizes(answer: Asked) -> tuple[int, int]:
    """Return how many bytes an answer has as text and as JSON."""
    text, data = asked_text(answer), json.dumps(answer.model_dump(mode="json"))
    return len(text.encode()), len(data.encode())


def programs(archive: Archive, domain: str, evaluations: int) -> list[str]:
    """Return what the offline proposer writes in a search, for the agent to tell."""
    options = {"domain": domain, "seed": 1, "max_evaluations": evaluations, "final_test": False}
    start_run(archive, load_config(options), name="offline", executor=Curves())
    run = archive.runs.get("offline")
    stored = archive.programs.of(run)
    found = [one.program for one in archive.candidates.of(run)[1:] if one.program is not None]
    return [stored[program].source for program in dict.fromkeys(found)]


def drive(archive: Archive, domain: str, evaluations: int) -> None:
    """Write a run as an agent, and print how long every task is."""
    sources = iter(programs(archive, domain, 2 * evaluations))
    options = {
        "domain": domain,
        "seed": 1,
        "max_evaluations": evaluations,
        "final_test": False,
        "proposer": "agent",
        "agent_fallback": "none",
        "lookahead": 1,
    }
    work = threading.Thread(
        target=start_run,
        args=(archive, load_config(options)),
        kwargs={"name": "agents", "executor": Curves()},
    )
    work.start()
    while (run := archive.runs.newest(limit=1)[0].nickname) != "agents":
        work.join(0.1)
    whole, short = (LocalCore(archive, Who(name, "benchmark")) for name in ("whole", "short"))
    print("task   text, whole   text, new    JSON, whole   JSON, new")
    while (answer := whole.ask(run, wait=PATIENCE, full=True)).tasks:
        [task] = answer.tasks
        whole.give_up(task.token)
        before, after = sizes(answer), sizes(new := short.ask(run, wait=PATIENCE))
        print(
            f"{task.index:>4} {before[0]:>13,} {after[0]:>11,} {before[1]:>14,} {after[1]:>11,}", flush=True
        )
        for source in sources:
            told = short.tell(
                new.tasks[0].token,
                source,
                note="Another idea, told in a sentence. Mechanisms: averaging",
                wait=PATIENCE,
            )
            if told.final:
                break
        else:
            short.give_up(new.tasks[0].token)
            archive.runs.request_stop(archive.runs.get(run))
    work.join()


def main(arguments: list[str] | None = None) -> int:
    """Print the sizes; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("domain", nargs="?", default="cfr")
    parser.add_argument("--evaluations", type=int, default=24)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, Archive.open(Path(folder) / "archive.db") as archive:
        drive(archive, chosen.domain, chosen.evaluations)
    return 0


if __name__ == "__main__":
    sys.exit(main())
