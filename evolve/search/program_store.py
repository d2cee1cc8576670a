"""The programs of a run, and which of them are the same."""

from __future__ import annotations

from collections.abc import Iterable

from nashforge.archive import Archive, Candidate, Program, Run
from nashforge.evolve.domains.base import Domain
from nashforge.evolve.search.novelty import ast_fingerprint


class ProgramStore:
    """Stores programs once, and knows the position at which each was first asked for.

    Parameters
    ----------
    archive, domain
        Of the run.
    """

    def __init__(self, archive: Archive, domain: Domain) -> None:
        self._archive, self._domain = archive, domain
        self._grammar = domain.grammar()
        self._programs: dict[str, Program] = {}
        self._first: dict[str, tuple[int, str]] = {}

    def load(self, run: Run) -> None:
        """Read the stored programs of a run; `remember` says where they stand."""
        self._programs = self._archive.programs.of(run)

    def __getitem__(self, key: str) -> Program:
        return self._programs[key]

    def sourced(self, candidates: Iterable[Candidate]) -> list[tuple[Candidate, str]]:
        """Return candidates with the sources of their programs."""
        return [(one, self[one.program].source) for one in candidates if one.program is not None]

    def fingerprint(self, source: str) -> str:
        """Return a hash that programs share which nothing but names and layout tells apart."""
        return ast_fingerprint(source, self._grammar)

    def add(self, source: str, index: int, fingerprint: str | None = None) -> Program:
        """Store the program of the candidate at a position."""
        mark = fingerprint or self.fingerprint(source)
        program = self._archive.programs.add(source, self._domain.name, ast_hash=mark)
        self._programs[program.hash] = program
        self.remember(program, index, mark)
        return program

    def remember(self, program: Program, index: int, fingerprint: str | None = None) -> None:
        """Note that a stored program stands at a position."""
        # Not as it is stored: earlier versions wrote fingerprints in another way.
        mark = fingerprint or self.fingerprint(program.source)
        known = self._first.get(mark)
        if known is None or index < known[0]:
            self._first[mark] = (index, program.nickname)

    def duplicate_of(self, fingerprint: str, before: int) -> str | None:
        """Return the nickname of an equal program among the candidates before a position.

        Programs that are written at the same time come in in any order; the position makes the answer
        independent of it.
        """
        known = self._first.get(fingerprint)
        return known[1] if known is not None and known[0] < before else None
