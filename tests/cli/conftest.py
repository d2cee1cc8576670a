"""How the tests call commands, and a finished run for them to look at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nashforge.cli.main import app

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Commands:
    """Calls commands on one archive.

    Attributes
    ----------
    run : dict
        What ``run --json`` printed of the run in the archive; empty for a fresh archive.
    suite : Path
        A user's suite with one tiny game.
    """

    database: Path
    suite: Path
    run: dict[str, Any]

    @property
    def quick(self) -> list[str]:
        """Options of a run that needs a second or two."""
        suites = [
            word for kind in ("", "validation-", "test-") for word in (f"--{kind}suite", str(self.suite))
        ]
        settings = self.suite.with_name("quick.toml")
        return [*suites, "--horizon", "50", "--workers", "1", "--config", str(settings)]

    def __call__(self, *words: object, **environment: str) -> Result:
        """Call a command in this process."""
        runner = CliRunner(env={"COLUMNS": "110", "NASHFORGE_DATABASE": str(self.database), **environment})
        return runner.invoke(app, [str(word) for word in words])

    def json(self, *words: object) -> Any:
        """Return the JSON of a command that must work."""
        result = self(*words, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    def text(self, *words: object, **environment: str) -> str:
        """Return the text of a command that must work."""
        result = self(*words, "--no-json", **environment)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def start(self, *words: object) -> subprocess.Popen[str]:
        """Start a command as a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "nashforge", *map(str, words)],
            cwd=ROOT,
            env={**os.environ, "NASHFORGE_DATABASE": str(self.database)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="session")
def tiny_suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a user's suite with one tiny game."""
    path = tmp_path_factory.mktemp("suite") / "tiny.toml"
    path.write_text('name = "tiny"\npurpose = "Quick tests."\ngames = ["kuhn_poker"]\n')
    # One reference rather than four; and so short, programs far behind it must not all count alike.
    path.with_name("quick.toml").write_text('[fitness]\nreference = "dcfr_plus"\nclip = 9\n')
    return path


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory, tiny_suite: Path) -> Commands:
    """Return commands on an archive with one finished run, made by the command itself."""
    database = tmp_path_factory.mktemp("archive") / "runs.db"
    fresh = Commands(database, tiny_suite, {})
    words = ["run", "cfr", *fresh.quick, "--max-evaluations", "8", "--name", "first-light", "--seed", "1"]
    return Commands(database, tiny_suite, fresh.json(*words))


@pytest.fixture
def empty(tmp_path: Path, tiny_suite: Path) -> Commands:
    """Return commands on an archive that does not exist yet."""
    return Commands(tmp_path / "data" / "new.db", tiny_suite, {})


@pytest.fixture
def stopped_at_once() -> Iterator[Callable[[subprocess.Popen[str]], None]]:
    """Return what remembers processes, which are killed if a test fails while they run."""
    processes: list[subprocess.Popen[str]] = []
    yield processes.append
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()
