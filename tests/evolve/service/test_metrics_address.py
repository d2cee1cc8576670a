"""Who may ask a worker for its numbers: this machine, unless it was told otherwise."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

import pytest

from nashforge.archive import Archive
from nashforge.evolve.service.metrics import Metrics
from nashforge.evolve.service.settings import ServiceError


def answers(address: str, port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}:{port}/metrics", timeout=60) as page:
            return b"nashforge_slots" in page.read()
    except urllib.error.URLError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="needs a second address of this machine")
def test_metrics_are_for_this_machine_unless_told(tmp_path):
    with Archive.open(tmp_path / "a.db") as archive:
        port = Metrics(archive, 1).serve(0)
        assert answers("127.0.0.1", port)
        # A server that listens everywhere is at all addresses of the machine.
        assert not answers("127.0.0.2", port)
        port = Metrics(archive, 1).serve(0, "0.0.0.0")
        assert answers("127.0.0.2", port)


def test_an_address_of_another_machine_is_refused(tmp_path):
    with (
        Archive.open(tmp_path / "a.db") as archive,
        pytest.raises(ServiceError, match=r"192\.0\.2\.1:0 .*another address"),
    ):
        Metrics(archive, 1).serve(0, "192.0.2.1")
