"""Hooks and the hosted workflow call what people call, and fetch nothing that decides what is checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CALLERS = [".pre-commit-config.yaml", ".github/workflows/ci.yml"]


@pytest.mark.parametrize("name", CALLERS)
def test_what_is_called_is_a_target_of_the_makefile_or_the_checks_before_a_merge(name):
    called = re.findall(r"^\s*(?:entry:|- run:)\s*(.+)$", (ROOT / name).read_text(encoding="utf-8"), re.M)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert called
    wrong = [
        command
        for command in called
        if command != ".ci/run" and not (command.startswith("make ") and command[5:] in targets)
    ]
    assert wrong == []


def test_hooks_are_local():
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"repo:\s*(\S+)", text) == ["local"]
    assert set(re.findall(r"language:\s*(\S+)", text)) == {"system"}


def test_the_fast_tests_leave_out_all_that_is_marked():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    [chosen] = re.findall(r'^test-fast:.*\n\t.*-m "([^"]+)"', makefile, re.M)
    markers = re.search(r"^markers = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text("utf-8"), re.M | re.S)
    names = re.findall(r'^\s*"(\w+):', markers.group(1), re.M)
    assert chosen == " and ".join(f"not {name}" for name in names)


def test_places_that_are_marked_are_there(pytestconfig):
    [conftest] = [
        plugin
        for plugin in pytestconfig.pluginmanager.get_plugins()
        if getattr(plugin, "__file__", "") == str(ROOT / "tests" / "conftest.py")
    ]
    assert [
        place
        for places in conftest.MARKS.values()
        for place in places
        if not (ROOT / "tests" / place).exists()
    ] == []
