"""A listener that remembers what it was told."""

from __future__ import annotations

from nashforge.evolve.search.events import Silent


class Notes(Silent):
    """Remembers what is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.ledgers = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def snapshot(self, snapshot) -> None:
        self.ledgers.append(snapshot.ledger)
