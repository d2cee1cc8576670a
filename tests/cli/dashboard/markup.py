"""Markup of pages as a browser takes it, and what none of it may hold."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

from nashforge.archive import Archive

VOID = {"meta", "img", "br", "wbr", "link", "input", "line", "rect", "path", "circle"}


class Page(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, answer):
        super().__init__()
        assert answer.status_code == 200, answer.text
        self.elements, self.open, self.text, self.data = [], [], "", {}
        self.feed(answer.text)
        self.close()
        assert self.open == [], "an element is not closed"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            identity = self.elements[-1][1].get("id")
            self.data[identity] = json.loads(data)
        elif "body" in self.open:
            self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    def links(self):
        return [attrs["href"] for attrs in self.all("a")]


def check_inert(page):
    """Make sure that a page holds no script and no style of its own, and names nothing elsewhere."""
    for tag, attributes in page.elements:
        assert tag not in ("iframe", "object", "embed", "base", "style")
        assert not any(name.startswith("on") for name in attributes), attributes
        assert "style" not in attributes
        if tag == "script":
            assert attributes.get("type") == "application/json" or attributes["src"].startswith("/static/")
        for name in ("src", "href", "action", "hx-get"):
            assert re.match(r"/(?!/)|[?#]|data:", attributes.get(name) or "/"), attributes


def pages_of(database):
    """Return the addresses of every page of an archive."""
    with Archive.open(database) as archive:
        runs = [run.nickname for run in archive.runs.newest()]
        programs = [p.hash for run in archive.runs.newest() for p in archive.programs.of(run).values()]
    yield from ("/runs", "/programs", "/studies", "/workers", "/compare", "/equilibria")
    for run in runs:
        for rest in ("", "?x=seconds", "/lineage?failed=1", "/programs", "/models"):
            yield f"/runs/{run}{rest}"
    for program in programs[:3]:
        yield from (f"/programs/{program}{rest}" for rest in ("", "?against=seed", "/panel"))
        yield f"/compare?p={program}"
