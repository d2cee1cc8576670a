"""The page of a request of a run that a person writes the program of, and what became of it."""

from __future__ import annotations

from nashforge.archive import Archive, NotFound, Run
from nashforge.archive.agents import AgentRequest, RequestState
from nashforge.cli.dashboard.views.base import Asked, View, named_run
from nashforge.evolve.agents.asking import task_of
from nashforge.evolve.agents.views import Desk
from nashforge.evolve.proposers.llm.recordings.systems import stored_system

CLIENT = "nashforge-dashboard"
"""The program by which a request was claimed, with its version behind it."""


def held_here(archive: Archive, run: Run) -> list[AgentRequest]:
    """Return the requests of a run that were claimed on its page and not told yet."""
    claimed = archive.requests.of(run, state=RequestState.CLAIMED)
    return [one for one in claimed if (one.client or "").startswith(CLIENT)]


def request_of(asked: Asked) -> AgentRequest:
    """Return the request of an address.

    Raises
    ------
    nashforge.archive.NotFound
        If the run has none of that token.
    """
    found = asked.archive.requests.get(asked.path["token"])
    if found.run_id != named_run(asked).id:
        raise NotFound("this run has no request of that token; take a new one on its page")
    return found


def request(asked: Asked, *, text: str | None = None, note: str = "", refused: str = "") -> View:
    """Return the page of a request.

    Parameters
    ----------
    text, note
        What was handed in and could not be taken.
    refused
        Why.
    """
    found, run = request_of(asked), named_run(asked)
    held = found.state is RequestState.CLAIMED and asked.control
    desk = Desk(asked.archive, run)
    task = task_of(desk, found) if held else None
    interface = stored_system(asked.archive, run, str(found.payload["system"])) if held else None
    data = {
        "wanted": found,
        "task": task,
        "interface": interface,
        "text": str(found.payload["base"]) if text is None else text,
        "note": note,
        "refused": refused.rstrip("."),
        "interruption": desk.interruption,
        "resumed_by": desk.resumed_by,
        "outcome": asked.archive.candidates.get(found.candidate_id),
    }
    return View(
        "request.html.jinja", f"Request #{found.index} of {run.nickname}", data, run=run, place="runs"
    )
