"""An episode as a file for pages: a picture of each step, and what is told of it."""

from __future__ import annotations

import base64
import io
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nashforge.evolve.domains.capabilities import Watch, WatchedEpisode

MOST_PICTURES = 1000
"""So many are kept, spread evenly over longer episodes, and the last."""

COLOURS = 64


class EpisodeFilm:
    """Keeps what a page shows of an episode; to be called after each of its steps.

    Parameters
    ----------
    shows
        The domain's way to show its episodes.
    game
        What is played.
    most
        Pictures that are kept; of more, every second one is left out until there is room.

    Attributes
    ----------
    pictures : list of str
        PNG files in base64.
    facts : list of dict
        What is told of each picture, see `nashforge.evolve.domains.capabilities.Watch`.
    """

    def __init__(self, shows: Watch, game: str, most: int = MOST_PICTURES) -> None:
        self.pictures: list[str] = []
        self.facts: list[dict[str, Any]] = []
        self._shows, self._recorder, self._most = shows, shows.recorder(game), most
        self._every, self._seen = 1, 0
        self._last: tuple[str, dict[str, Any]] | None = None

    def __call__(self, step: Any) -> None:
        """Take in a step."""
        picture = self._shows.picture(step)
        if picture is None:
            self._recorder(step)
            if not self._recorder.frames:
                return
            picture = self._recorder.frames.pop()
        self._last = _png(picture), dict(self._shows.facts(step))
        if self._seen % self._every == 0:
            if len(self.pictures) >= self._most:
                self.pictures, self.facts = self.pictures[::2], self.facts[::2]
                self._every *= 2
            if self._seen % self._every == 0:
                self._keep()
        self._seen += 1

    def _keep(self) -> None:
        assert self._last is not None
        self.pictures.append(self._last[0])
        self.facts.append(self._last[1])
        self._last = None

    def told(self, game: str, seed: int, played: WatchedEpisode) -> dict[str, Any]:
        """Return the episode as plain JSON values."""
        if self._last is not None:
            self._keep()  # the end, whatever the distance of the others
        return {
            "game": game,
            "seed": seed,
            "returns": played.returns,
            "metrics": dict(played.metrics),
            "pictures": self.pictures,
            "facts": self.facts,
        }


def _png(picture: Any) -> str:
    """Return colours as a PNG file in base64; those of a map are few enough for a palette."""
    images: Any = import_module("PIL.Image")  # comes with matplotlib
    file = io.BytesIO()
    images.fromarray(picture).quantize(COLOURS, dither=0).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")
