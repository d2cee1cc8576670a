"""Episodes that pages show: played by ``nashforge watch`` when one is looked at, and kept for a while."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nashforge.archive import Program
from nashforge.cli.dashboard.jobs.queue import Job, Jobs, Work

KEPT = 12
"""Episodes whose pictures are kept, the latest: about a megabyte each."""


class Episodes:
    """Episodes of an archive's programs, which are played one at a time and stored nowhere.

    Parameters
    ----------
    jobs
        The queue in which they are played.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._folder = TemporaryDirectory(prefix="nashforge-episodes-")

    def of(self, program: Program, game: str, seed: int, attempt: int) -> tuple[Job, str]:
        """Return the job that plays an episode, begun if need be, and the name of its pictures.

        Parameters
        ----------
        attempt
            Which one this is, from 1: an episode that failed is not played again unasked.

        Raises
        ------
        nashforge.cli.dashboard.errors.ControlError
            If too many wait already.
        """
        key = f"{program.hash} {game} {seed} {attempt}"
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        path = self._path(name)
        words = ("watch", program.hash, "--game", game, "--seed", str(seed), "--output", str(path))
        known = next((job for job in self._jobs.of(program.hash) if job.work.words == words), None)
        if known is None or (known.state == "done" and not path.exists()):
            self._forget()
            title = f"{program.nickname} in {game}, seed {seed}"
            known = self._jobs.submit(Work(title, program.hash, words, _told))
        return known, name

    def data(self, name: str) -> bytes | None:
        """Return the pictures of an episode as JSON; None if there are none of that name."""
        if not (name.isascii() and name.isalnum()):
            return None
        try:
            return self._path(name).read_bytes()
        except OSError:
            return None

    def close(self) -> None:
        """Forget all of them."""
        self._folder.cleanup()

    def _path(self, name: str) -> Path:
        return Path(self._folder.name, f"{name}.json")

    def _forget(self) -> None:
        files = sorted(Path(self._folder.name).glob("*.json"), key=lambda file: file.stat().st_mtime)
        for file in files[: max(0, len(files) - KEPT + 1)]:
            file.unlink(missing_ok=True)


def _told(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Return the metrics of an episode, from the answer of ``watch --json``."""
    left_out = ("game", "seed", "returns", "file")
    metrics = [(name, value) for name, value in answer.items() if name not in left_out]
    words = (
        f"{name.replace('_', ' ')} {'undefined' if value is None else f'{value:.4g}'}"
        for name, value in metrics
    )
    return ", ".join(words), ""
