"""Episodes of social dilemmas as trials: a setting and a seed, which a trial's name tells."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from nashforge.evolve.evaluation.messages import Trial
from nashforge.games.dilemmas.maps import is_file, load_map
from nashforge.games.dilemmas.settings import Setting, SettingError, parse_setting

_EPISODE = re.compile(r"(.*) seed=(\d+)(?: map=(\w+))?")


def seeded_trial(setting: Setting, seed: int) -> Trial:
    """Return an episode as a trial; the map of a file is part of its name by what is drawn there."""
    end = f" seed={seed}"
    if is_file(setting.map):
        # Or else what was measured on a map would be taken for what another one gives that has its name.
        end += f" map={load_map(setting.map).digest}"
    played = _wherever(setting)
    return Trial(label=f"{setting}{end}", game=f"{played}{end}", iterations=setting.horizon)


def _wherever(setting: Setting) -> Setting:
    """Return a setting for whoever plays it, who may work in another directory."""
    if not is_file(setting.map):
        return setting
    return replace(setting, map=str(Path(setting.map).expanduser().absolute()))


def parse_trial(game: str) -> tuple[Setting, int]:
    """Return setting and seed of a trial; the inverse of `seeded_trial`.

    Raises
    ------
    SettingError
        If it is none, or the file of its map has changed.
    """
    match = _EPISODE.fullmatch(game)
    if match is None:
        raise SettingError(f"{game!r} is no episode of a social dilemma")
    text, seed, digest = match.groups()
    setting = parse_setting(text)
    if digest is not None and load_map(setting.map).digest != digest:
        raise SettingError(
            f"the map {setting.map} is not the one that {game!r} means; restore the file, or measure again"
        )
    return setting, int(seed)


def seed_of(label: str) -> int:
    """Return the seed of a trial that `seeded_trial` made."""
    match = _EPISODE.fullmatch(label)
    assert match is not None
    return int(match[2])
