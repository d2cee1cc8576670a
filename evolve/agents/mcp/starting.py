"""Starting runs from a tool: as a process of its own, which goes on whatever becomes of the server."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence

from nashforge.archive import Archive, NotFound, RunState
from nashforge.archive.nicknames import check_nickname
from nashforge.archive.storage.location import VARIABLE
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.domains import domain

SECONDS = 120.0
"""How long a run may take to begin."""

LONGEST_REASON = 2000
MOST_EVALUATIONS = 100_000


def start(
    archive: Archive, command: Sequence[str], name: str, domain_name: str, evaluations: int, proposer: str
) -> None:
    """Start a run, and return when it runs.

    Parameters
    ----------
    command
        The command line of this package, up to its first argument.

    Raises
    ------
    AgentError
        If it cannot be started.
    """
    check_nickname(name)
    work = domain(domain_name)
    if not 1 <= evaluations <= MOST_EVALUATIONS:
        raise AgentError(f"evaluations = {evaluations}: between 1 and {MOST_EVALUATIONS} may be asked for")
    if proposer not in ("agent", "offline", "agent,offline"):
        raise AgentError(f"proposer = {proposer!r}: choose agent, offline or agent,offline")
    if any(run.nickname == name for run in archive.runs.newest()):
        raise AgentError(f"there is a run {name!r} already; choose another name")
    words = ["run", work.name, "--max-evaluations", str(evaluations), "--name", name]
    for one in proposer.split(","):
        words += ["--proposer", one]
    # By the environment: an address may hold a password, and everybody sees the words of a command line.
    environment = {**os.environ, VARIABLE: archive.database.url}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*command, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
            env=environment,
        )
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            try:
                if archive.runs.get(name).state is not RunState.CREATED:
                    return
            except NotFound:
                pass
            if process.poll() is not None:
                said.seek(0)
                reason = said.read()[-LONGEST_REASON:].decode("utf-8", "replace").strip()
                raise AgentError(f"the run could not be started: {reason or f'exit {process.returncode}'}")
            time.sleep(0.1)
    raise AgentError(f"the run did not begin within {SECONDS:g} s; look for it with status")
