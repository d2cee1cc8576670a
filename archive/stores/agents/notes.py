"""The lab book of a run: what agents and people note for those who come after."""

from __future__ import annotations

from sqlalchemy import insert, select

from nashforge.archive.agents import Note
from nashforge.archive.hashing import clean_text
from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import NoteRow
from nashforge.archive.storage.rows import RunRef, columns, run_id

NOTE = columns(NoteRow, Note)


class NoteStore(Store):
    """Operations on notes."""

    def add(self, run: RunRef, text: str, *, author: str | None = None) -> Note:
        """Store a note."""
        values = {"run_id": run_id(run), "text": clean_text(text), "author": clean_text(author)}
        with self._database.transaction() as connection:
            return Note(*connection.execute(insert(NoteRow).values(**values).returning(*NOTE)).one())

    def of(self, run: RunRef, *, limit: int | None = None) -> list[Note]:
        """Return the notes of a run in the order in which they were made; with a ``limit``, the newest."""
        newest = select(*NOTE).where(NoteRow.run_id == run_id(run)).order_by(NoteRow.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [Note(*row) for row in connection.execute(newest)][::-1]
