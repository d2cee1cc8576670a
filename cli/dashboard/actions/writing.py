"""Programs written by hand: a request of a run is claimed and told, as an agent claims and tells it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from nashforge.cli.dashboard.errors import ControlError
from nashforge.cli.dashboard.views.base import Asked, View, named_run
from nashforge.cli.dashboard.views.writing import CLIENT, request, request_of
from nashforge.cli.options.agents import who
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.core import LocalCore


def ask(asked: Asked, _form: Mapping[str, str]) -> str:
    """Claim a request of a run, and show it."""
    run = named_run(asked)
    answer = _core(asked).ask(run.nickname, full=True)
    if not answer.tasks:
        raise ControlError(answer.message)
    return _page(run.nickname, answer.tasks[0].token)


def tell(asked: Asked, form: Mapping[str, str]) -> str | View:
    """Hand in the program of a request; what cannot be taken is shown again with the reason."""
    found = request_of(asked)
    text = form.get("text", "").replace("\r\n", "\n")
    note = form.get("note", "").strip() or None
    if not text.strip():
        empty = "the form is empty; write a program, or changes as SEARCH/REPLACE blocks"
        return request(asked, note=note or "", refused=empty)
    try:
        told = _core(asked).tell(found.token, text, note=note, wait=0.0)
    except AgentError as error:  # the token is held no more, or the text is too long: keep what was written
        return request(asked, text=text, note=note or "", refused=f"{error}")
    if told.taken is False:
        refused = told.reason if told.status in ("unreadable", "known") else told.warning
        return request(asked, text=text, note=note or "", refused=f"{refused}")
    return _page(named_run(asked).nickname, found.token)


def give_up(asked: Asked, _form: Mapping[str, str]) -> str:
    """Give a request back."""
    _core(asked).give_up(request_of(asked).token)
    return f"/runs/{quote(named_run(asked).nickname, safe='')}"


def _core(asked: Asked) -> LocalCore:
    return LocalCore(asked.archive, who(None, CLIENT))


def _page(run: str, token: str) -> str:
    return f"/runs/{quote(run, safe='')}/requests/{quote(token, safe='')}"
