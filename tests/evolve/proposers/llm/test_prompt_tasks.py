"""A task is named, states one form of its answer, and asks for what was tried least."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nashforge.evolve.proposers.llm.prompting import Repair
from nashforge.evolve.proposers.memory import Memory
from nashforge.prompts import families

from .prompts import FAR, PARENT, idea, memory, prompter, request


@pytest.mark.parametrize("task", ["edit", "design", "combine", "ablate", "simplify"])
def test_every_task_is_named_and_asks_for_an_idea_and_its_family(stages, task):
    partner = FAR if task == "combine" else None
    text = prompter(stages).prompt(request(task, partner=partner)).user
    assert f"Task: {task}." in text
    assert "\nIdea: one sentence" in text
    assert "\nMechanisms: the families" in text


def test_long_programs_are_edited_and_short_ones_written_whole(stages):
    whole = prompter(stages).prompt(request()).user
    assert "whole program, complete" in whole
    assert "SEARCH" not in whole
    long = replace(PARENT, source=PARENT.source + "# more\n" * 60)
    edits = prompter(stages).prompt(replace(request(), parent=long)).user
    assert "<<<<<<< SEARCH" in edits
    shorter = prompter(stages).prompt(replace(request("simplify"), parent=long)).user
    lines = len(long.source.splitlines())
    assert f"has {lines} lines; write one of at most {lines * 3 // 4}" in shorter


@pytest.mark.parametrize("task", ["edit", "design", "combine", "ablate", "simplify"])
@pytest.mark.parametrize("file", [False, True])
def test_a_task_states_one_form_of_its_answer_once(stages, task, file):
    """Who is to write a new program is not told how to edit; who hands a file over, of no reply."""
    long = replace(PARENT, source=PARENT.source + "# more\n" * 60)
    partner = FAR if task == "combine" else None
    text = prompter(stages).prompt(replace(request(task, partner=partner), parent=long), file=file).user
    assert text.count("<<<<<<< SEARCH") == (task in ("edit", "ablate"))
    assert text.count("complete with its imports") == (file or task not in ("edit", "ablate"))
    assert text.count("Mechanisms: ") == 1
    assert ("Idea: one sentence" in text, "The answer is a file with" in text) == (not file, file)


def test_a_repair_has_the_whole_answer_and_the_program_once(stages):
    answer = "Idea: x\n" + "word " * 1500
    text = prompter(stages).prompt(request(), Repair(PARENT.source, "occurs nowhere", answer)).user
    assert answer.strip() in text
    assert text.count("class CFRPlus") == 1


def test_a_family_is_named_only_where_it_was_tried_less_than_the_others(stages):
    plain = prompter(stages)
    early = replace(memory(), ideas=(idea(1, "old-goat", 0.1, mechanisms=("optimism",)),))
    assert all("name a family" not in plain.prompt(request(index=k, memory=early)).user for k in range(9))
    names = list(families("cfr"))
    tried = [name for name in names if name != "restarts"] * 3 + ["restarts"]
    ideas = tuple(idea(k, "old-goat", 0.1 * k, mechanisms=(name,)) for k, name in enumerate(tried))
    asked = [plain.prompt(request(index=k, memory=Memory(ideas))).user for k in range(4)]
    said = [
        f'Of {len(tried)} ideas that name a family of mechanisms, 1 is of "restarts"' in text
        for text in asked
    ]
    assert said == [True, False, True, False], "half of the requests follow their own idea"
    assert f"the best of them changed training fitness by {0.1 * (len(tried) - 1) - 1:+.3f}" in asked[0]
    even = tuple(idea(k, "old-goat", 0.1, mechanisms=(name,)) for k, name in enumerate(names * 2))
    assert "name a family" not in plain.prompt(request(index=0, memory=Memory(even))).user
