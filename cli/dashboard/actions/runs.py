"""Changes of runs from the pages, which are made where the command line makes them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from tempfile import TemporaryFile
from typing import TypeAlias
from urllib.parse import quote

from nashforge.archive import Run
from nashforge.cli.dashboard.errors import ControlError, amount, whole_number
from nashforge.cli.dashboard.views.base import Asked, named_run
from nashforge.evolve.results.run_status import is_alive
from nashforge.evolve.results.tags import set_tags
from nashforge.evolve.runs.resuming import nothing_left
from nashforge.evolve.runs.stopping import stop_run

Change: TypeAlias = Callable[[Asked, Run, Mapping[str, str]], Run | None]
"""Changes a run as a form asks, and returns it; None: it is gone."""

START_SECONDS = 60.0
"""A process that resumes a run says within so many what keeps it from that."""


def changing(change: Change) -> Callable[[Asked, Mapping[str, str]], str]:
    """Return the action of a change: made for the run of the address, shown on that run's page."""

    def act(asked: Asked, form: Mapping[str, str]) -> str:
        changed = change(asked, named_run(asked), form)
        return "/runs" if changed is None else f"/runs/{quote(changed.nickname, safe='')}"

    return act


def _alive(asked: Asked, run: Run, verb: str) -> None:
    if not is_alive(asked.archive, run):
        raise ControlError(
            f"no process works on {run.nickname}, so there is nothing to {verb}; continue it with "
            f"`nashforge resume {run.nickname}`"
        )


def _pause(asked: Asked, run: Run, _form: Mapping[str, str]) -> Run:
    _alive(asked, run, "pause")
    asked.archive.runs.request_pause(run)
    return run


def _go_on(asked: Asked, run: Run, _form: Mapping[str, str]) -> Run:
    _alive(asked, run, "let go on")
    asked.archive.runs.request_pause(run, paused=False)
    return run


def _stop(asked: Asked, run: Run, _form: Mapping[str, str]) -> Run:
    if stop_run(asked.archive, run) is None:
        raise ControlError(f"{run.nickname} is not running, so there is nothing to stop")
    return run


def _note(asked: Asked, run: Run, form: Mapping[str, str]) -> Run:
    text = form.get("text", "").strip()
    if not text:
        raise ControlError("the note is empty; write what is to be remembered")
    asked.archive.notes.add(run, text, author=form.get("author", "").strip() or "dashboard")
    return run


def _tags(asked: Asked, run: Run, form: Mapping[str, str]) -> Run:
    set_tags(asked.archive, run, form.get("tags", ""))
    return run


def _rename(asked: Asked, run: Run, form: Mapping[str, str]) -> Run:
    return asked.archive.runs.rename(run, form.get("name", "").strip())


def _delete(asked: Asked, run: Run, form: Mapping[str, str]) -> None:
    if form.get("name", "").strip() != run.nickname:
        raise ControlError(f"to delete the run, write its name, {run.nickname}; nothing was deleted")
    asked.archive.runs.delete(run)


def _resume(asked: Asked, run: Run, form: Mapping[str, str]) -> Run:
    """Continue a run in a process of its own, which goes on when the dashboard ends."""
    limits = {
        "max_evaluations": whole_number(form.get("max_evaluations", ""), "evaluations"),
        "max_minutes": amount(form.get("max_minutes", ""), "minutes"),
        "budget_usd": amount(form.get("budget_usd", ""), "US dollars"),
    }
    if is_alive(asked.archive, run):
        raise ControlError(f"{run.nickname} is being worked on already")
    numbers = {name: None if limit is None else float(limit) for name, limit in limits.items()}
    over = nothing_left(asked.archive, run, numbers)  # the command says so, too, and ends well
    if over is not None:
        raise ControlError(over)
    given = [f"--{name.replace('_', '-')}={limit}" for name, limit in limits.items() if limit is not None]
    words = ["resume", run.nickname, "--no-json", *given]
    # The address of the archive may hold a password, which everybody could read on a command line.
    environment = {**os.environ, "NASHFORGE_DATABASE": asked.archive.database.url}
    with TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "nashforge", *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                said.seek(0)
                text = said.read(20_000).decode("utf-8", "replace").strip()
                if process.returncode:
                    raise ControlError(
                        text or f"the run could not be resumed (exit code {process.returncode})"
                    )
                return run
            if is_alive(asked.archive, asked.archive.runs.get(run.id)):
                return run
            time.sleep(0.1)
    return run


CHANGES: Mapping[str, Change] = {
    "pause": _pause,
    "go-on": _go_on,
    "stop": _stop,
    "note": _note,
    "tags": _tags,
    "rename": _rename,
    "delete": _delete,
    "resume": _resume,
}
"""What may be done with a run, by the end of its address."""
