"""Programs: stored once by content, found by nickname or hash."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from nashforge.archive.hashing import normalize_source, program_hash
from nashforge.archive.nicknames import ANIMALS, candidates
from nashforge.archive.records import Program
from nashforge.archive.storage.bulk import insert_new
from nashforge.archive.storage.database import Store
from nashforge.archive.storage.models import CandidateRow, ProgramRow
from nashforge.archive.storage.rows import (
    PROGRAM,
    ProgramRef,
    RunRef,
    nicknames,
    one_match,
    program_key,
    run_id,
)

# Statements on the path of every candidate are built once: building one costs more than running it.
_BY_HASH = select(*PROGRAM).where(ProgramRow.hash == bindparam("digest"))


@cache
def _insert(dialect: str) -> Any:
    return insert_new(ProgramRow, dialect).returning(*PROGRAM)


class ProgramStore(Store):
    """Operations on programs."""

    def add(self, source: str, domain: str, *, ast_hash: str | None = None) -> Program:
        """Store a program, or return it if it is already there.

        Parameters
        ----------
        source
            Python source; stored in the normal form of :func:`nashforge.archive.hashing.normalize_source`.
        domain
            Name of the domain it is written for; part of its identity.
        ast_hash
            Hash of its normalised syntax tree, equal for programs that differ only in names and layout.

        Raises
        ------
        ValueError
            If the source is empty or not text.
        """
        text, digest = normalize_source(source), program_hash(source, domain)
        if not self._database.in_transaction:
            # Most programs of the library are there: nobody need wait for a turn to write.
            with self._database.reading() as connection:
                known = self._program(connection, digest)
            if known is not None and (known.ast_hash is not None or ast_hash is None):
                return known
        with self._database.transaction() as connection:
            return self._insert(connection, digest, text, domain, ast_hash)

    def _insert(
        self, connection: Connection, digest: str, text: str, domain: str, ast_hash: str | None
    ) -> Program:
        values = {"hash": digest, "domain": domain, "ast_hash": ast_hash, "source": text}
        for nickname in candidates(digest, ANIMALS):
            # Nothing is inserted if the hash or the nickname is taken, also by another process just now.
            row = connection.execute(
                _insert(connection.dialect.name), {**values, "nickname": nickname}
            ).one_or_none()
            if row is not None:
                return Program(*row)
            known = self._program(connection, digest)
            if known is not None and known.ast_hash is None and ast_hash is not None:
                mine = ProgramRow.hash == digest
                connection.execute(update(ProgramRow).where(mine).values(ast_hash=ast_hash))
                known = self._program(connection, digest)
            if known is not None:
                return known
        raise AssertionError("nicknames never end")

    @staticmethod
    def _program(connection: Connection, digest: str) -> Program | None:
        row = connection.execute(_BY_HASH, {"digest": digest}).one_or_none()
        return None if row is None else Program(*row)

    def get(self, reference: ProgramRef) -> Program:
        """Return a program by nickname, hash, or an unambiguous prefix of either.

        Raises
        ------
        NotFound, AmbiguousReference
            If not exactly one program fits.
        """
        with self._database.reading() as connection:
            name = program_key(reference).strip().lower()
            known = self._program(connection, name)
            if known is not None:
                return known
            digest = connection.scalar(select(ProgramRow.hash).where(ProgramRow.nickname == name))
            if digest is None:
                fits = or_(
                    ProgramRow.hash.startswith(name, autoescape=True),
                    ProgramRow.nickname.startswith(name, autoescape=True),
                )
                found = connection.execute(
                    select(ProgramRow.hash, ProgramRow.nickname).where(fits).order_by(ProgramRow.nickname)
                )
                names = [(row[0], row[1]) for row in found.fetchmany(11)] if name else []
                digest = one_match(
                    "program", name, names, "nashforge best", lambda: nicknames(connection, ProgramRow)
                )
            program = self._program(connection, digest)
            assert program is not None
            return program

    def by_hash(self, hashes: Iterable[str]) -> dict[str, Program]:
        """Return programs by hash; those that are not there are left out."""
        wanted = list(dict.fromkeys(hashes))
        found: dict[str, Program] = {}
        with self._database.reading() as connection:
            for start in range(0, len(wanted), 500):
                some = ProgramRow.hash.in_(wanted[start : start + 500])
                for row in connection.execute(select(*PROGRAM).where(some)):
                    program = Program(*row)
                    found[program.hash] = program
        return found

    def of(self, run: RunRef) -> dict[str, Program]:
        """Return every program of a run's candidates, by hash."""
        proposed = select(CandidateRow.program).where(CandidateRow.run_id == run_id(run))
        with self._database.reading() as connection:
            rows = connection.execute(select(*PROGRAM).where(ProgramRow.hash.in_(proposed)))
            return {program.hash: program for program in (Program(*row) for row in rows)}
