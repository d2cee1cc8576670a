"""The skill says nothing about a run that only the run can know."""

from __future__ import annotations

import re
from importlib.resources import files

from nashforge.evolve.agents.answers.progress import Budget
from nashforge.evolve.agents.answers.verbs import Asked, Task

SKILL = files("nashforge.evolve.agents").joinpath("skill.txt").read_text()
COUNTS = r"(?<!\[)\b(\d+|two|three|four|five|six|seven|eight)\b"


def test_no_count_of_a_budget_or_of_games_is_written_down() -> None:
    budget = SKILL.partition("## Budget")[2].partition("\n## ")[0]
    assert budget
    assert re.findall(COUNTS, budget) == []
    assert re.findall(rf"{COUNTS} (?:\w+ )?games", SKILL) == []
    assert "leaves you" not in SKILL


def test_the_fields_that_are_named_are_those_of_the_answer() -> None:
    assert "`tasks[0].expires`" in SKILL
    assert "expires" in Task.model_fields
    assert "`budget.left`" in SKILL
    assert "left" in Budget.model_fields
    assert {"tasks", "budget", "state"} <= set(Asked.model_fields)
