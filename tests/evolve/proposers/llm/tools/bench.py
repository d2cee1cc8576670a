"""What conversations with tools are tested with: a laboratory of numbers, scripts of models, replays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.model_faults import Numbers, history
from benchmarks.model_server import RULE, Call, Reply, new_rule
from nashforge.evolve.config.run import load_config
from nashforge.evolve.proposers.experiments import Findings, Variant
from nashforge.evolve.proposers.llm.recordings.cassette import cassette_lines, replay_values
from nashforge.evolve.runs.run import start_run

LABELS = {
    "anthropic": "anthropic:claude-sonnet-5",
    "google": "google:gemini-2.5-pro",
    "openai": "openai:local",
}
PROVIDERS = pytest.mark.parametrize("provider", sorted(LABELS))
THOUGHT = "The last increment should be weighed more than those before it. " * 3


def variant(power):
    return RULE.format(power=power)


def measure(*powers, **more):
    return Call("measure", {"programs": [variant(power) for power in powers], **more})


class Bench:
    """A laboratory that answers at once, with numbers that follow from the programs."""

    seconds = 1.5

    def __init__(self):
        self.done, self.begun = [], []

    def begin(self, index, experiment, current, seconds):
        self.begun.append((index, experiment, seconds))
        sources = (*experiment.variants, current)
        names = [*(f"variant {k}" for k in range(1, len(sources))), "current program"]
        curves = [{1: ((10, len(source) / 1e4),)} for source in sources]
        found = [Variant(name, curve) for name, curve in zip(names, curves, strict=True)]
        self.done.append((index, Findings(tuple(found), self.seconds)))

    def take(self):
        done, self.done = self.done, []
        return done

    def renew(self, train):
        self.train = train

    def close(self):
        pass


def two_turns(ask):
    """Measure twice, think before each, and answer then."""
    if not ask.calling:
        return replace(new_rule(ask), thought=THOUGHT)
    return Reply("Let me see.", calls=(measure(len(ask.said) + 2.5, games=[1]),), thought=THOUGHT)


def replayed(archive, name, tmp_path):
    """Return the histories of replays of a run, from the archive and from its cassette."""
    cassette = tmp_path / f"{name}.jsonl"
    cassette.write_text("".join(cassette_lines(archive, archive.runs.get(name))))
    for k, reference in enumerate((name, str(cassette))):
        again = load_config({}, base=replay_values(archive, f"replay:{reference}"))
        start_run(archive, again, name=f"{name}-{k}", executor=Numbers())
        yield history(archive, f"{name}-{k}"), archive.candidates.of(archive.runs.get(f"{name}-{k}"))


def check_replays(archive, name, tmp_path, server, *, data=True):
    """Make sure that replays are identical, what is kept with the candidates included, and ask nobody."""
    requests = server.tally.requests
    made = archive.candidates.of(archive.runs.get(name))
    for found, candidates in replayed(archive, name, tmp_path):
        assert found == history(archive, name)
        kept = [[c.data.get("experiments") for c in each] for each in (candidates, made)]
        assert kept[0] == kept[1] or not data
        assert [c.reason for c in candidates] == [c.reason for c in made]
    assert server.tally.requests == requests
