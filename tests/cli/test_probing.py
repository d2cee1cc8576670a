"""What a probe says of a policy, in words."""

from __future__ import annotations

import io

from rich.console import Console

from nashforge.cli.rendering.diagnosis.probing import print_probed
from nashforge.evolve.diagnosis.probe.probing import Effect, Probed
from nashforge.games.dilemmas import Setting
from nashforge.solvers.policies.interventions import Intervention

SETTING = Setting("gathering", map="gathering_small", agents=2, horizon=50)


def told(setting: Setting, *effects: Effect) -> str:
    plain = Effect(Intervention("as it is", ""), (4.0, 6.0), 0.0, 0.0)
    text = io.StringIO()
    print_probed(Console(file=text, width=120), "mine", Probed(setting, (0, 1), (plain, *effects), {}))
    return text.getvalue()


def effect(name: str, lost: float, error: float) -> Effect:
    return Effect(Intervention(name, "it needs it"), (5.0 - lost, 5.0 - lost), lost, error)


def test_what_is_within_the_noise_is_not_said_to_make_no_difference() -> None:
    lines = told(SETTING, effect("one", 0.0, 0.0), effect("two", 1.25, 0.75), effect("three", 3.0, 0.01))
    said = {line.split()[0]: line for line in lines.splitlines() if line.strip()}
    assert "it makes no difference" in said["one"]
    assert "within the noise of the seeds" in said["two"]
    assert "it needs it" in said["three"]


def test_where_agents_spawn_lines_earn() -> None:
    assert "2 seeds: an agent earns 5" in told(SETTING)
    fluid = Setting("gathering", map="gathering_small", agents=2, horizon=50, offspring=1)
    assert "the line of a founder earns 5" in told(fluid).replace("\n", " ")
