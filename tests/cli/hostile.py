"""An archive in which everything that others write tries to be markup."""

from __future__ import annotations

from nashforge.archive import Archive, NewEvaluation, Parent, RunState, Score, Status
from nashforge.solvers import rule_source

EVIL = '</pre></style></title><script>alert(1)</script><img src=x onerror="alert(2)">'


def hostile_run(database):
    """Store a run in which everything that others write tries to be markup."""
    source = f'"""{EVIL}"""\n' + rule_source("cfr_plus") + f"# {EVIL}\u202e\n"
    settings = {"horizon": 10}
    with Archive.open(database) as archive:
        config = {"domain": "cfr", "strategy": EVIL, "proposer": EVIL, "train": EVIL, "max_evaluations": 3}
        run = archive.runs.create("cfr", config, nickname="bad-news", versions={EVIL: EVIL})
        run = archive.runs.set_state(run, RunState.RUNNING)
        parents = []
        for index in range(2):
            candidate = archive.candidates.add(
                run, operator="seed" if index == 0 else EVIL, proposer=EVIL, parents=parents
            )
            program = archive.programs.add(source + "#\n" * index, "cfr")
            archive.candidates.set_program(candidate, program, note=EVIL)
            row = NewEvaluation(
                program=program.hash,
                suite=EVIL,
                split="train",
                status=Status.OK,
                evaluator="cfr-1",
                settings=settings,
                scores=(
                    Score(EVIL, "exploitability", 0.5, "min", 1),
                    Score(EVIL, "exploitability", 0.1 - index / 100, "min", 10),
                ),
            )
            archive.candidates.finish(candidate, Status.OK, train=1.0 + index, evaluations=[row])
            parents = [Parent(candidate.id)]
        failed = archive.candidates.add(run, operator=EVIL, proposer=EVIL)
        archive.candidates.finish(failed, Status.REJECTED, reason=EVIL)
