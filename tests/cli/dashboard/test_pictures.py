"""Pictures of the documentation: each is one of a page that is there, and none is left over."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from starlette.testclient import TestClient

from nashforge.cli.dashboard.app import application

from .test_browser import SECRET, archive

__all__ = ["archive"]

IMAGES = Path(__file__).resolve().parents[3] / "docs" / "images"


def test_pictures_are_of_pages_that_are_there(archive):
    found = importlib.util.spec_from_file_location("screenshots", IMAGES / "screenshots.py")
    screenshots = importlib.util.module_from_spec(found)
    found.loader.exec_module(screenshots)
    pages = screenshots.pages(archive, "clear-brook", "two-seeds", "clear-brook")
    names = {f"dashboard-{name}" for name in pages} | {f"dashboard-{name}-dark" for name in screenshots.DARK}
    made = {file.stem for file in IMAGES.glob("*.png") if not file.stem.startswith("gallery-")}
    assert made == names | {"report"}
    policies = pages.pop("episode")
    with TestClient(
        application(archive, SECRET),
        base_url="http://127.0.0.1",
        headers={"authorization": f"Bearer {SECRET}"},
    ) as client:
        for name, path in pages.items():
            assert client.get(path).status_code == 200, name
        answer = client.get(policies)
        assert (answer.status_code, "no episodes to look at" in answer.text) == (404, True), "of CFR rules"
