"""Kernels compiled by numba, and kept on disk only where nobody else could have put them.

What numba keeps is machine code, and pickles that name it: whoever can write into that folder can run code as
whoever reads it. So numba is set up by this user's environment alone, and not by a file in the current
directory, which it reads when it is imported and again before it compiles.
"""

from __future__ import annotations

import inspect
import logging
import os
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_cache_path

from nashforge.errors import NashforgeError
from nashforge.games.folders import writable_by_others

SETTINGS = ".numba_config.yaml"
CACHE_VARIABLE = "NUMBA_CACHE_DIR"

PATIENCE = 1.0
"""Seconds of compiling before people are told why they wait."""

logger = logging.getLogger(__name__)


class CompilerSettingsError(NashforgeError):
    """A file in the current directory sets numba up, and cannot be left aside."""

    exit_code = 2


def _refusal() -> CompilerSettingsError:
    return CompilerSettingsError(
        f"the file {Path.cwd() / SETTINGS} sets up the compiler numba, and whoever wrote it could have it "
        "run code as you; move it away, or work in another directory (NUMBA_ variables count)"
    )


try:
    import numba
    from numba.core import config as _config
    from numba.core import event as _event
except Exception:  # whatever the file holds may be raised
    if os.path.isfile(SETTINGS):
        raise _refusal() from None
    raise


def _leave_files_aside() -> None:
    """Have numba read its settings from the environment alone, now and whenever it reads them again.

    Raises
    ------
    CompilerSettingsError
        If this version of numba cannot be told so, and there is such a file.
    """
    if getattr(_config, "_config_fname", None) == SETTINGS:
        _config._config_fname = os.devnull  # never a regular file
        _config.reload_config()  # type: ignore[no-untyped-call]
    elif os.path.isfile(SETTINGS) and getattr(_config, "_config_fname", None) != os.devnull:
        raise _refusal()


_leave_files_aside()


class CompilerNotice(_event.Listener):
    """Tells people at a terminal, once, why they wait while kernels are compiled that no disk has kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._depth = 0  # kernels compile those that they call
        self._since = self._spent = 0.0
        self._told = False

    def on_start(self, event: object) -> None:
        """Say it if compiling has taken a while: most waits are too short to be told of."""
        now = self._clock()
        self._since = now if self._depth == 0 else self._since
        self._depth += 1
        if self._told or self._spent + now - self._since < PATIENCE or not _at_terminal():
            return
        self._told = True
        kept = "once" if any(_safe.values()) else f"{CACHE_VARIABLE} names a folder to keep them"
        print(f"Compiling kernels for this machine ({kept}) ...", file=sys.stderr, flush=True)

    def on_end(self, event: object) -> None:
        """Add up what it took."""
        self._depth -= 1
        if self._depth == 0:
            self._spent += self._clock() - self._since


def _at_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


# Kernels that are read from disk cause no event.
_event.register("numba:compile", CompilerNotice())  # type: ignore[no-untyped-call]


def kernel(
    signature: Any = None, *, error_model: Literal["python", "numpy"] = "python"
) -> Callable[[Callable[..., Any]], Any]:
    """Return a decorator that compiles a function with ``numba.njit`` and keeps it on disk if that is safe.

    Parameters
    ----------
    signature
        As for ``numba.njit``: with one, the function is compiled when it is defined.
    error_model
        What a division by zero does: ``python`` raises, ``numpy`` gives infinity or NaN.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        keep = _kept(Path(inspect.getfile(function)).parent, function)
        return numba.njit(signature, cache=keep, error_model=error_model)(function)

    return decorate


_safe: dict[Path, bool] = {}


def _kept(folder: Path, function: Callable[..., Any]) -> bool:
    """Whether kernels of a folder are read from disk and stored there."""
    if folder not in _safe:
        _make_private(os.environ.get(CACHE_VARIABLE))
        try:
            # Nothing is read before a signature is known.
            place = numba.njit(cache=True)(function).stats.cache_path
        except RuntimeError:  # no folder can be written
            _safe[folder] = False
        else:
            _safe[folder] = _trusted(place, folder)
    return _safe[folder]


def _make_private(named: str | None) -> None:
    """Make the folder that the user names for kernels, if it is missing; numba leaves it to the umask."""
    if named:
        try:
            os.makedirs(os.path.dirname(os.path.abspath(named)), mode=0o700, exist_ok=True)
            os.mkdir(named, mode=0o700)
        except OSError:
            pass  # it is there, or numba tells that it cannot be written


@cache
def _trusted(place: str, folder: Path) -> bool:
    reason = _foreign(place, folder)
    if reason is None:
        _close(Path(place))
        reason = writable_by_others(place)
    if reason is not None:
        logger.warning(
            "compiled kernels are neither read from nor stored in %s, and compiled again in every process: "
            "%s, or set %s to a folder of your own",
            place,
            reason,
            CACHE_VARIABLE,
        )
    return reason is None


def _foreign(place: str, folder: Path) -> str | None:
    """Return the reason why a folder is none that this user's kernels belong into, or None."""
    mine = [folder / "__pycache__", user_cache_path()]
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        mine.append(Path(named))
    real = Path(os.path.realpath(place))
    if any(real.is_relative_to(os.path.realpath(home)) for home in mine):
        return None
    return "it is neither beside the package nor in your cache; find out who chose it"


def _close(place: Path) -> None:
    """Take the rights of others from a folder that numba made, if they had no way to it before."""
    try:
        if place.parent.stat().st_mode & 0o077 == 0 and place.stat().st_mode & 0o077:
            place.chmod(0o700)
    except OSError:
        pass  # then it is judged as it is
