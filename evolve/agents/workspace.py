"""A folder to work in: one task as files, and scripts that hand its program over and fetch the next task."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.answers.verbs import Asked, ProgramView, Task
from nashforge.evolve.agents.texts import asked_text

TASK, INTERFACE, PARENTS, TELL, NEXT = "TASK.md", "INTERFACE.md", "parents", "tell", "next"


def write_workspace(
    folder: Path, asked: Asked, *, tell: Sequence[str], options: Sequence[str], again: Sequence[str]
) -> list[Path]:
    """Write a task into a folder, in the place of the one before.

    Parameters
    ----------
    asked
        One task with its interface; without a task, ``TASK.md`` says why.
    tell, options
        The command line by which a program is told, before and after the token and what the script is given.
    again
        The command line that writes the next task into the folder.

    Returns
    -------
    list of Path
        The files that were written.

    Raises
    ------
    AgentError
        If the folder holds something else, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        strange = {path.name for path in folder.iterdir()} - {TASK}
        if strange and not (folder / TASK).exists():
            raise AgentError(
                f"{folder} holds other files ({min(strange)}); choose a folder that is new or empty"
            )
        written = [_text(folder / TASK, asked_text(asked, tell=f"./{TELL}"))]
        if asked.interface is not None and asked.interface.text is not None:
            written.append(_text(folder / INTERFACE, asked.interface.text))
        _script(folder / NEXT, [*again])
        written.append(folder / NEXT)
        for task in asked.tasks:
            written += _parents(folder / PARENTS, task)
            _script(folder / TELL, [*tell, *options])
            written.append(folder / TELL)
    except OSError as error:
        raise AgentError(f"{folder} cannot be written ({error.strerror}); choose another folder") from error
    return written


def _parents(folder: Path, task: Task) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.py"):
        old.unlink()
    shown: list[ProgramView] = [task.parent, *task.inspirations]
    if task.partner is not None:
        shown.append(task.partner)
    return [
        _text(folder / f"{program.index:04d}_{program.program}.py", program.source)
        for program in shown
        if program.source is not None
    ]


def _text(path: Path, text: str) -> Path:
    """Write a file whole: what reads it sees the one before, or this."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text)
    os.replace(beside, path)
    return path


def _script(path: Path, words: Sequence[str]) -> None:
    line = " ".join(shlex.quote(word) for word in words)
    _text(path, f'#!/bin/sh\nexec {line} "$@"\n').chmod(0o755)
