"""Runs whose models fail in every way that a network allows, against a server that counts for itself.

Each trial is a run of 100 proposals with 20 % faults and a budget that falls in its middle; the run is then
resumed with more money, to its end, and replayed without any network. Checked: the number of evaluations; the
ledger against the server's own count, to the token; that neither ever exceeds the budget; and that the replay
has the same programs and scores. Programs are not run but given numbers that follow from their source: what
is tested is the money and the order.

    python -m benchmarks.model_faults [TRIALS [FIRST]]
"""

from __future__ import annotations

import hashlib
import random
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

from benchmarks.model_server import FAULTS, Ask, ModelServer, Reply, new_rule
from nashforge.archive import Archive, CallStatus, Run, Status
from nashforge.archive.records import Score
from nashforge.evolve.config.run import RunConfig, load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.messages import Report, Stage, StageReport, Task
from nashforge.evolve.executors.base import Lost
from nashforge.evolve.proposers.llm.prices import Usage, load_prices, price_of
from nashforge.evolve.proposers.llm.recordings.cassette import replay_values
from nashforge.evolve.runs.run import resume_run, start_run

SUITE = 'name = "tiny"\npurpose = "One tiny game."\ngames = ["kuhn_poker"]\n'
MODELS = ("anthropic:claude-sonnet-5", "google:gemini-2.5-pro")


class Numbers:
    """An executor that gives every program numbers which follow from its source; some programs crash."""

    workers = 2

    def __init__(self) -> None:
        self._ready: deque[Report | Lost] = deque()

    def submit(self, task: Task) -> None:
        """Answer at once."""
        digest = int(hashlib.sha256(task.source.encode()).hexdigest(), 16)
        work = domain(task.domain)
        fails = digest % 17 == 0 and task.source != work.source(work.seed)
        value = 1e-3 * (1 + digest % 1000) / 1000
        reports: list[StageReport] = []
        for stage in task.stages:
            if stage.gate is not None and (reports[-1].fitness or 0.0) < stage.gate:
                break
            crashed = stage.split == "smoke" and fails
            reports.append(_report(stage, value, digest, crashed))
            if crashed:
                break
        self._ready.append(Report(token=task.token, evaluator=work.evaluator, stages=tuple(reports)))

    def wait(self, timeout: float | None = None) -> list[Report | Lost]:
        """Return the answers."""
        ready = list(self._ready)
        self._ready.clear()
        return ready

    def close(self) -> None:
        """Nothing is open."""


def _report(stage: Stage, value: float, digest: int, crashed: bool) -> StageReport:
    trial = stage.trials[0]
    return StageReport(
        split=stage.split,
        suite=stage.suite,
        digest=stage.digest,
        status=Status.CRASHED if crashed else Status.OK,
        reason="ZeroDivisionError: scripted" if crashed else None,
        scores=()
        if crashed
        else (Score(game=trial.label, metric="exploitability", value=value, iteration=trial.iterations),),
        fitness=None if crashed or stage.split == "smoke" else -value,
        fingerprint=None if crashed or stage.split != "smoke" else f"{digest:064x}"[:16],
        started="2026-01-01T00:00:00+00:00",
        wall_seconds=0.0,
    )


def faulty(seed: int, share: float) -> Any:
    """Return a script that fails a share of the requests, each kind of fault as often."""

    def script(ask: Ask) -> Reply:
        rng = random.Random(f"{seed} {ask.number}")
        reply = new_rule(ask)
        if rng.random() >= share:
            return reply
        return Reply(reply.text, rng.choice(FAULTS), retry_after=0.02)

    return script


def configuration(folder: Path, server: ModelServer, seed: int, **options: Any) -> RunConfig:
    """Return the configuration of a trial."""
    suite = folder / "tiny.toml"
    suite.write_text(SUITE)
    values = {
        "proposer": ",".join(f"{model}@{server.url}" for model in MODELS),
        "train": str(suite),
        "validation": str(suite),
        "test": str(suite),
        "final_test": False,
        "start": ["cfr_plus"],
        "horizon": 40,
        "seed": seed,
        "fitness": {"kind": "negative"},
        # Long enough for a busy machine: a late answer counts as delivered for the server alone.
        "proposal_seconds": 8.0,
        "max_output_tokens": 4096,
    }
    return load_config(values | options)


def history(archive: Archive, name: str) -> list[tuple[Any, ...]]:
    """Return what a run did, as far as a replay must do the same."""
    return [
        (c.index, c.program, c.operator, c.proposer, c.status, c.train, c.validation, c.island)
        for c in archive.candidates.of(archive.runs.get(name))
    ]


def check_ledger(archive: Archive, run: Run, server: ModelServer) -> dict[str, Any]:
    """Compare a run's ledger with the server's count; return the figures.

    Raises
    ------
    AssertionError
        If they differ.
    """
    calls = archive.calls.find(run=run)
    lost = [
        c for c in calls if c.status in (CallStatus.TIMEOUT, CallStatus.INVALID) and c.cost == c.reserved_cost
    ]
    known = [c for c in calls if c not in lost]
    booked = {
        "input": sum(c.input_tokens for c in known),
        "cached": sum(c.cached_tokens for c in known),
        "cache_write": sum(c.cache_write_tokens for c in known),
        "output": sum(c.output_tokens for c in known),
    }
    counted = {kind: server.tally.delivered[kind] for kind in booked}
    assert booked == counted, f"the ledger has {booked}, the server counted {counted}"
    thought = sum(int((c.response or {}).get("thinking_tokens", 0)) for c in known)
    assert thought == server.tally.thinking, f"{thought} tokens thought, the server: {server.tally.thinking}"
    assert len(lost) == server.tally.calls_lost, (
        f"{len(lost)} answers lost, the server lost {server.tally.calls_lost}"
    )
    taken = sum(c.input_tokens + c.output_tokens for c in lost)
    assert taken >= sum(server.tally.lost.values())
    prices = load_prices()
    for call in known:
        usage = Usage(call.input_tokens, call.cached_tokens, call.cache_write_tokens, call.output_tokens)
        price = price_of(f"{call.provider}:{call.model}", prices)
        assert call.cost == price.cost(usage)
        assert call.cost <= call.reserved_cost
    total = archive.calls.spending(run)[""]
    assert total.reserved == 0
    return {"calls": len(calls), "lost": len(lost), "cost": total.cost, "tokens": sum(booked.values())}


def trial(folder: Path, seed: int, proposals: int = 100, share: float = 0.2) -> dict[str, Any]:
    """Make one trial; return its figures.

    Raises
    ------
    AssertionError
        If anything is not as it must be.
    """
    # More than a single request can cost at most, and less than all proposals cost at least.
    cap = 0.25 * proposals / 100 + 0.05
    with ModelServer(faulty(seed, share)) as server, Archive.open(folder / f"trial-{seed}.db") as archive:
        server.keep_asks = False
        config = configuration(folder, server, seed, max_evaluations=proposals + 1, budget_usd=cap)
        name = f"trial-{seed}"
        first = start_run(archive, config, name=name, executor=Numbers())
        run = archive.runs.get(name)
        assert first.stop_reason == "max_cost", f"the cap of ${cap} did not fall mid-run: {first.stop_reason}"
        assert 1 < first.evaluations <= proposals
        assert check_ledger(archive, run, server)["cost"] <= cap
        result = resume_run(
            archive,
            run,
            changes={"budget_usd": 100.0, "proposer": run.config["proposer"]},
            executor=Numbers(),
        )
        assert result.stop_reason == "max_evaluations", result.stop_reason
        assert result.evaluations == proposals + 1
        ledger = check_ledger(archive, run, server)
        requests = server.tally.requests
        again = load_config(replay_values(archive, f"replay:{name}"))
        start_run(archive, again, name="replayed", executor=Numbers())
        assert server.tally.requests == requests, "the replay sent something"
        assert history(archive, "replayed") == history(archive, name)
        faults = sum(server.tally.faults.values())
        return {"cut_at": first.evaluations, "requests": requests, "faults": faults, **ledger}


def main() -> None:
    """Make trials and print their figures."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    print("trial  cut at  requests  faults  lost  tokens booked  cost")
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + trials):
            began = time.monotonic()
            row = trial(Path(folder), seed)
            print(
                f"{seed:5d}  {row['cut_at']:6d}  {row['requests']:8d}  {row['faults']:6d}  {row['lost']:4d}  "
                f"{row['tokens']:13,d}  ${row['cost']:.3f}  ({time.monotonic() - began:.0f} s)",
                flush=True,
            )
    print(f"{trials} trials: ledgers equal the server's count, no cap exceeded, replays identical")


if __name__ == "__main__":
    main()
