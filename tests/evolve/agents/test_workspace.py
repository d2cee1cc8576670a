"""A task as a folder: files, and scripts that an agent with a shell runs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.answers.progress import Budget
from nashforge.evolve.agents.answers.verbs import Asked, Interface, ProgramView, Task
from nashforge.evolve.agents.workspace import write_workspace


def asked(index: int = 1, *, tasks: int = 1) -> Asked:
    parent = ProgramView(index=0, program="calm-otter", hash="a" * 64, source="class A:\n    pass\n")
    other = ProgramView(index=3, program="bold-finch", hash="b" * 64, source="class B:\n    pass\n")
    task = Task(
        token=f"token-{index}",
        expires="2026-01-01T00:00:00+00:00",
        seconds=60,
        index=index,
        kind="edit",
        attempt=1,
        parent=parent,
        inspirations=[other] if index == 1 else [],
        prompt="Improve it.",
    )
    return Asked(
        run="one",
        domain="cfr",
        tasks=[task] * tasks,
        interface=Interface(hash="c", text="# Interface"),
        budget=Budget(evaluated=1, limit=3, left=2, waiting=0, claimed=1),
        state="tasks",
        message="write",
    )


def write(folder: Path, answer: Asked) -> set[str]:
    script = ["sh", "-c", 'printf "%s|" "$@"', "it's"]
    files = write_workspace(folder, answer, tell=script, options=["--as", "a b"], again=["echo", "more"])
    assert all(path.is_file() for path in files)
    return {path.relative_to(folder).as_posix() for path in files}


def test_a_task_is_files_and_scripts(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    names = write(folder, asked())
    assert names == {
        "TASK.md",
        "INTERFACE.md",
        "next",
        "tell",
        "parents/0000_calm-otter.py",
        "parents/0003_bold-finch.py",
    }
    text = (folder / "TASK.md").read_text()
    assert "./tell token-1 FILE" in text
    assert "Improve it." in text
    assert (folder / "parents" / "0003_bold-finch.py").read_text() == "class B:\n    pass\n"
    said = subprocess.run([folder / "tell", "token-1", "my program.py"], capture_output=True, text=True)
    assert said.stdout == "--as|a b|token-1|my program.py|"
    assert subprocess.run([folder / "next"], capture_output=True, text=True).stdout == "more\n"


def test_the_next_task_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    write(tmp_path, asked())
    (tmp_path / "mine.py").write_text("class C: pass\n")
    write(tmp_path, asked(2))
    assert "./tell token-2" in (tmp_path / "TASK.md").read_text()
    assert [path.name for path in (tmp_path / "parents").iterdir()] == ["0000_calm-otter.py"]
    assert (tmp_path / "mine.py").exists(), "what the agent wrote stays"
    write(tmp_path, asked(tasks=0))
    assert "token-2" not in (tmp_path / "TASK.md").read_text()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(AgentError, match=r"thesis\.tex"):
        write(tmp_path, asked())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(AgentError, match="cannot be written"):
        write(tmp_path / "thesis.tex", asked())
