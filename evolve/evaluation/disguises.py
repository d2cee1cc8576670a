"""Disguises and scales of a run's games: drawn for each run, and known to no program and no model.

A domain numbers its disguises; a run has a number of its own, its setting ``disguise_seed``, and both
together, hashed, seed what is drawn. The run's number is itself a hash of the run's seed, keyed with a secret
of the user: the same seed gives the same run here, and nobody who knows the seed can tell the disguises.
"""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import tempfile
from hashlib import blake2b
from pathlib import Path

from nashforge.evolve.evaluation.messages import COPIES, Split, Stage, Trial

KEY_FILE = "disguises.key"
_APART = 1_000_000
"""Numbers of disguises of a stage are much closer to each other."""

_BITS = 52
"""Numbers that JSON and databases hold exactly."""


def draw(seed: int) -> int:
    """Return the number of the disguises of a run, given its seed."""
    return _hashed(_secret(), seed)


def copied(stage: Stage, split: Split) -> Stage | None:
    """Return the validation stage in other disguises; None: nothing in it is disguised.

    To be given to `disguised`, as the validation stage itself.
    """
    trials, shift = [], _APART * (1 + COPIES.index(split))
    for trial in stage.trials:
        if trial.disguise is None:
            return None
        number = trial.disguise.model_copy(update={"seed": trial.disguise.seed + shift})
        trials.append(trial.model_copy(update={"disguise": number}))
    return stage.model_copy(update={"split": split, "trials": tuple(trials)})


def disguised(stage: Stage, number: int | None) -> Stage:
    """Return a stage whose disguises are those of a run.

    Parameters
    ----------
    number
        The run's; None: of a run that was made before runs had one, with the disguises of those days.
    """
    if number is None:
        return stage
    key = number.to_bytes(8, "big")
    trials = (
        trial
        if trial.disguise is None
        else trial.model_copy(
            update={"disguise": trial.disguise.model_copy(update={"seed": _hashed(key, trial.disguise.seed)})}
        )
        for trial in stage.trials
    )
    return stage.model_copy(update={"trials": tuple(trials)})


def rescaled(stage: Stage, number: int | None, most: float) -> Stage:
    """Return a stage whose trials have their payoffs multiplied, each by a factor drawn for the run.

    Factors are powers of two, which round nothing: a program that minds no scale plays the same.

    Parameters
    ----------
    number
        The run's, as in `disguised`.
    most
        The largest factor; its inverse is the smallest.
    """
    widest = int(math.log2(most))
    if number is None or widest < 1:
        return stage
    key = number.to_bytes(8, "big")

    def scale(trial: Trial) -> float:
        drawn = _hashed(key, f"scale of {stage.split} {trial.label}") % (2 * widest)
        return 2.0 ** (drawn - widest if drawn < widest else drawn - widest + 1)  # never 1

    trials = (trial.model_copy(update={"scale": trial.scale * scale(trial)}) for trial in stage.trials)
    return stage.model_copy(update={"trials": tuple(trials)})


def _hashed(key: bytes, what: int | str) -> int:
    digest = blake2b(str(what).encode(), key=key, digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - _BITS)


def _secret() -> bytes:
    """Return the user's secret; it is drawn when first needed.

    Where it cannot be kept, each run has one of its own, and is repeated with its ``--disguise-seed``.
    """
    path = _folder() / KEY_FILE
    drawn = secrets.token_bytes(32)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            # Whole or not at all: runs may start at the same time. The file is the user's alone.
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=KEY_FILE) as file:
                file.write(drawn)
                file.flush()
                with contextlib.suppress(FileExistsError):
                    os.link(file.name, path)
        return path.read_bytes()[:64]
    except OSError:
        return drawn


def _folder() -> Path:
    from platformdirs import user_data_dir

    return Path(user_data_dir("nashforge", appauthor=False))
