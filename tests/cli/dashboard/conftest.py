"""A dashboard over the finished run of the tests of commands, and one over an archive of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from nashforge.archive import Archive
from nashforge.cli.dashboard.app import application

SECRET = "a-token-of-the-tests"


@pytest.fixture
def opened_at() -> Iterator[Callable[..., TestClient]]:
    """Return what opens the dashboard of an archive, with a browser that has brought the token."""
    closing = []

    def open_it(database: Path, *, control: bool = False) -> TestClient:
        archive = Archive.open(database, create=False)
        client = TestClient(
            application(archive, SECRET, can_control=control),
            base_url="http://127.0.0.1",
            follow_redirects=False,
        )
        client.__enter__()
        closing.extend([lambda: client.__exit__(None, None, None), archive.close])
        entered = client.get("/runs", params={"token": SECRET})
        assert (entered.status_code, entered.headers["location"]) == (303, "/runs")
        return client

    yield open_it
    for close in closing:
        close()


@pytest.fixture
def client(searched, opened_at) -> TestClient:
    """Return a browser at the dashboard of the finished run."""
    return opened_at(searched.database)
