"""Tags: words that people give to runs to find them again."""

from __future__ import annotations

import re

from nashforge.archive import Archive, Run
from nashforge.archive.stores.overview import TAGS
from nashforge.errors import NashforgeError

MOST, LONGEST = 12, 32


class TagError(NashforgeError, ValueError):
    """Words that cannot be tags."""

    exit_code = 2


def tags_of(archive: Archive, run: Run) -> tuple[str, ...]:
    """Return the tags of a run, in the order in which they were given."""
    found = archive.runs.get_value(run, TAGS, [])
    return tuple(str(tag) for tag in found) if isinstance(found, list) else ()


def set_tags(archive: Archive, run: Run, text: str) -> tuple[str, ...]:
    """Give a run the tags of a text, instead of those it has; they are parted by commas or spaces.

    Raises
    ------
    TagError
        If one is too long, or there are too many.
    """
    tags = list(dict.fromkeys(word for word in re.split(r"[,\s]+", text.strip()) if word))
    wrong = next((tag for tag in tags if len(tag) > LONGEST or not tag.isprintable()), None)
    if wrong is not None or len(tags) > MOST:
        raise TagError(
            f"a run has at most {MOST} tags of at most {LONGEST} characters; got {wrong or len(tags)!r}, "
            "give fewer"
        )
    archive.runs.set_value(run, TAGS, tags)
    return tuple(tags)
