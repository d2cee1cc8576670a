"""The page of a run's models: what they cost and earned, how they are chosen, what was said."""

from __future__ import annotations

import json
from typing import Any

from nashforge.archive import Archive, ModelCall, Run
from nashforge.cli.dashboard.views.base import Asked, View, named_run
from nashforge.cli.rendering import money
from nashforge.cli.rendering.runs.summary import outage_lines
from nashforge.evolve.proposers.llm.bandit import Bandit
from nashforge.evolve.results.model_costs import model_costs
from nashforge.evolve.results.run_status import run_status

SHOWN = 40
"""Calls that are listed, the newest."""


def models(asked: Asked) -> View:
    """Return the page of a run's models; ``call`` names the one whose words are shown."""
    run = named_run(asked)
    archive = asked.archive
    rows = model_costs(archive, run)
    calls = archive.calls.find(run=run, limit=SHOWN)[::-1]
    wanted = asked.get("call")
    chosen = next((call for call in calls if call.token == wanted), calls[0] if calls else None)
    data = {
        "rows": rows,
        "posterior": posterior(archive, run),
        "counts": archive.calls.counts(run),
        "total": archive.calls.spending(run)[""],
        "calls": calls,
        "chosen": chosen,
        "said": words_of(archive, run, chosen),
        "meaning": money.MEANING,
        "waiting": outage_lines(run_status(archive, run).outages),
    }
    return View("models.html.jinja", f"Models of {run.nickname}", data, run=run, place="runs")


def posterior(archive: Archive, run: Run) -> list[dict[str, Any]]:
    """Return what the bandit holds of each model: how often it was asked, its gain and price, its score."""
    bandit = Bandit.restored(archive.runs.get_value(run, "bandit"))
    if bandit is None:
        return []
    scores = bandit.scores()
    most = max((abs(value) for value in scores.values() if value != float("inf")), default=1.0) or 1.0
    return [
        {
            "model": label,
            "asked": arm.asked,
            "gain": arm.gain / arm.told if arm.told else 0.0,
            "cost": arm.cost / arm.told if arm.told else 0.0,
            "score": scores[label],
            "share": min(max(scores[label] / most, 0.0), 1.0),
        }
        for label, arm in bandit.arms.items()
    ]


def words_of(archive: Archive, run: Run, call: ModelCall | None) -> list[tuple[str, str]]:
    """Return a call as it was sent and answered, part by part."""
    if call is None:
        return []
    from nashforge.evolve.runs.preview import sent  # all that a run is made of, for prompts alone

    prompt = sent(archive, run, call).prompt
    parts = [("system", prompt.system), ("user", prompt.user)]
    parts += [("tool", tool.name) for tool in prompt.tools]
    answer = dict(call.response or {})
    for name in ("thinking", "text"):
        if answer.get(name):
            parts.append(("reply" if name == "text" else name, _text(answer.pop(name))))
    if answer:
        parts.append(("answer", _text(answer)))
    return [(name, text) for name, text in parts if text]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)
