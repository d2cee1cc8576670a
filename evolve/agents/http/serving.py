"""Serving an application until it is ended, on an address that is told."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from nashforge.evolve.agents.answers.base import AgentError

SECONDS_TO_END = 3


def serve(app: ASGIApp, host: str, port: int, listening: Callable[[str], None]) -> None:
    """Serve an application until Ctrl-C or SIGTERM.

    Parameters
    ----------
    port
        0: any that is free.
    listening
        Called with the address.

    Raises
    ------
    AgentError
        If nothing can listen there.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        bound = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise AgentError(
            f"nothing can listen on {host}:{port} ({getattr(error, 'strerror', None) or error}); "
            "choose another port, or 0 for any that is free"
        ) from error
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_END,
    )
    with bound:
        shown = f"[{host}]" if ":" in host else host
        listening(f"http://{shown}:{bound.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[bound])
