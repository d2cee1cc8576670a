"""Keeps the tests away from the user's archive, game cache and screen."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("nashforge", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nashforge")


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Let Ctrl-C be tested where the tests were started in the background: shells then have it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point everything that Nashforge reads or writes outside the checkout to folders of this session.

    Compiled games are shared by all tests of a session: compiling one again shows nothing new.
    """
    home = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASHFORGE_DATABASE", str(home / "data" / "nashforge.db"))
        patch.setenv("NASHFORGE_CACHE", str(home / "cache"))
        patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        patch.setenv("MPLBACKEND", "Agg")
        patch.delenv("NASHFORGE_DEBUG", raising=False)
        yield
