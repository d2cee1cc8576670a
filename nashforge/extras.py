"""Extras: libraries that only some uses of Nashforge need, and what to say where they are not installed."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from nashforge.errors import USAGE, NashforgeError

EXTRAS = {
    "models": ("anthropic", "google.genai", "httpx2"),
    "openai": ("openai", "httpx2"),
    "service": ("celery", "kombu", "prometheus_client", "structlog"),
    "postgresql": ("psycopg",),
    "serve": ("anyio", "httpx2", "starlette", "uvicorn"),
    "mcp": ("mcp",),
    "dashboard": ("sse_starlette", "starlette", "uvicorn"),
}
"""The modules of each extra."""


class MissingExtraError(NashforgeError, ImportError):
    """A library is needed that belongs to an extra, and is not installed."""

    exit_code = USAGE


def require(extra: str, what: str) -> None:
    """Make sure that the libraries of an extra are there.

    Parameters
    ----------
    what
        Needs them, in words.

    Raises
    ------
    MissingExtraError
        If one is missing.
    """
    missing = missing_of(extra)
    if missing:
        named = " and ".join(filter(None, (", ".join(missing[:-1]), missing[-1])))
        raise MissingExtraError(
            f"{what} needs {named}, not installed here; install nashforge[{extra}], or "
            "nashforge[all] for everything"
        )


def missing_of(extra: str) -> list[str]:
    """Return the modules of an extra that are not installed."""
    return [module for module in EXTRAS[extra] if not _is_there(module)]


def of(error: ImportError) -> str | None:
    """Return the extra that a module belongs to which could not be imported; None: it belongs to none."""
    missing = f"{error.name}."
    return next(
        (
            extra
            for extra, modules in EXTRAS.items()
            for module in modules
            # The module, one in it, or the package around it.
            if missing.startswith(f"{module}.") or f"{module}.".startswith(missing)
        ),
        None,
    )


def _is_there(module: str) -> bool:
    if (
        sys.modules.get(module) is not None
    ):  # some replace themselves by an object without a specification, as kombu does
        return True
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it
        return False
