"""Questions to pages, and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode

from nashforge.archive import Archive, Run

if TYPE_CHECKING:
    from nashforge.cli.dashboard.jobs.episodes import Episodes
    from nashforge.cli.dashboard.jobs.queue import Jobs

Path: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """One look at a page.

    Attributes
    ----------
    path
        What the address names: a run, a program.
    query
        All other state of the page, as it stands in the address; a name may come several times.
    control
        Whether runs may be changed from here.
    jobs
        Long work that pages have asked for; None where nothing can be asked for.
    episodes
        What plays episodes to be looked at.
    """

    archive: Archive
    path: Path = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    control: bool = False
    jobs: Jobs | None = None
    episodes: Episodes | None = None

    def get(self, name: str, default: str = "") -> str:
        """Return the last value of a name in the address."""
        return dict(self.query).get(name, default)

    def all(self, name: str) -> list[str]:
        """Return every value of a name that is not empty."""
        return [value for key, value in self.query if key == name and value.strip()]

    def choice(self, name: str, known: tuple[str, ...]) -> str:
        """Return one of the known values: the one of the address, or the first."""
        value = self.get(name)
        return value if value in known else known[0]

    def number(self, name: str, default: int = 0, most: int = 10**9) -> int:
        """Return a whole number of the address, within its bounds."""
        text = self.get(name)
        return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 10 else default

    def page(self, count: int, shown: int) -> tuple[int, int]:
        """Return which page of so many things is asked for, and how many there are; at least one."""
        pages = max(1, -(-count // shown))
        return min(self.number("page", 1) or 1, pages), pages

    def address(self, **changes: str | int | None) -> str:
        """Return the query of this page with some values replaced, or left out where they are None."""
        kept = [(key, value) for key, value in self.query if key not in changes and value]
        return "?" + urlencode([*kept, *((k, v) for k, v in changes.items() if v is not None)])


@dataclass(frozen=True)
class View:
    """A page to be rendered.

    Attributes
    ----------
    template : str
    title : str
    data : dict
        What the template shows.
    run : Run or None
        Whose page it is: its news are those of the page; None: all news.
    place : str
        The entry of the menu that it belongs to.
    """

    template: str
    title: str
    data: Mapping[str, Any]
    run: Run | None = None
    place: str = ""


def named_run(asked: Asked) -> Run:
    """Return the run of an address.

    Raises
    ------
    nashforge.archive.NotFound, nashforge.archive.AmbiguousReference
        If not exactly one run fits.
    """
    return asked.archive.runs.get(asked.path["run"])
