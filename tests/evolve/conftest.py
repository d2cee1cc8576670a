"""Small runs: one tiny game, few iterations."""

import pytest

from nashforge.archive import Archive
from nashforge.evolve.config.run import load_config

SUITE = """
name = "tiny"
purpose = "One tiny game."
games = ["kuhn_poker"]
"""


@pytest.fixture
def tiny(tmp_path):
    """Return a function that makes the configuration of a run of seconds."""
    return _tiny(tmp_path)


@pytest.fixture(scope="session")
def shared_tiny(tmp_path_factory):
    """Return such a function for what several tests share."""
    return _tiny(tmp_path_factory.mktemp("tiny"))


def _tiny(folder):
    path = folder / "tiny.toml"
    path.write_text(SUITE)

    def configure(**options):
        small = {
            "train": path,
            "validation": path,
            "test": path,
            "horizon": 40,
            "workers": 1,
            "max_evaluations": 10,
            "copies": 0,
        }
        if options.get("domain", "cfr") == "cfr" and "replay" not in options:
            # One reference rather than four; and so short, programs far behind it must not all count alike.
            small["fitness"] = {"reference": "dcfr", "clip": 9}
        if ":" in str(options.get("proposer", "")) and "replay" not in options:
            small["start"] = ["cfr_plus"]  # else the whole library is measured first
        return load_config(
            {name: str(v) if name in path_names else v for name, v in (small | options).items()}
        )

    path_names = {"train", "validation", "test"}
    return configure


@pytest.fixture
def archive(tmp_path, new_archive):
    with Archive.open(new_archive(tmp_path / "archive.db")) as opened:
        yield opened
