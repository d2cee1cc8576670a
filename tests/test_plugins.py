"""Entry points of other packages that cannot be used are named, with their package."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from nashforge.evolve import domains
from nashforge.evolve.proposers import registry as proposers
from nashforge.plugins import PluginError, load
from nashforge.solvers.metrics import registry as metrics


@pytest.mark.parametrize(
    ("source", "value", "told"),
    [
        ("", "broken_one:thing", "AttributeError: .* no attribute 'thing'"),
        (
            "import missing_of_all",
            "broken_two:thing",
            "ModuleNotFoundError: No module named 'missing_of_all'",
        ),
        ("def (:", "broken_three:thing", "SyntaxError"),
        (None, "broken_four:thing", "No module named 'broken_four'"),
    ],
)
def test_what_cannot_be_loaded_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str | None, value: str, told: str
) -> None:
    module = value.partition(":")[0]
    if source is not None:
        (tmp_path / f"{module}.py").write_text(source)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    entry = EntryPoint("mine", value, domains.ENTRY_POINTS)
    with pytest.raises(PluginError, match=f"mine = {value} in nashforge.domains cannot be loaded .*{told}"):
        load(entry)


def test_every_group_tells_of_what_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (domains, proposers, metrics):
        found = EntryPoints([EntryPoint("mine", "nowhere_at_all:thing", module.ENTRY_POINTS)])
        monkeypatch.setattr(module, "entry_points", found.select)
    with pytest.raises(PluginError, match=r"mine = nowhere_at_all:thing in nashforge.domains"):
        domains.domain("mine")
    with pytest.raises(PluginError, match=r"mine = nowhere_at_all:thing in nashforge.proposers"):
        proposers.named_proposer("mine", domains.domain("cfr"))
    with pytest.raises(PluginError, match=r"mine = nowhere_at_all:thing in nashforge.measures"):
        metrics._load.__wrapped__()


def test_what_is_no_measure_and_names_given_twice_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = EntryPoints([EntryPoint("mine", "math:pi", metrics.ENTRY_POINTS)])
    monkeypatch.setattr(metrics, "entry_points", found.select)
    with pytest.raises(PluginError, match=r"mine = math:pi in nashforge.measures is no measure but float"):
        metrics._load.__wrapped__()
    twice = [EntryPoint("mine", f"{place}:thing", proposers.ENTRY_POINTS) for place in ("here", "there")]
    monkeypatch.setattr(proposers, "entry_points", EntryPoints(twice).select)
    with pytest.raises(PluginError, match=r"mine = here:thing .* and .* mine = there:thing"):
        proposers.named_proposer("mine", domains.domain("cfr"))
