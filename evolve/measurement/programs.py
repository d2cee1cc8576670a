"""Programs by the names that people use: a rule of the library, a nickname, a hash prefix or a file."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from nashforge.archive import Archive, ArchiveNotFound, NotFound, Program, program_hash
from nashforge.archive.nicknames import ANIMALS, is_given_name
from nashforge.errors import NashforgeError
from nashforge.evolve.domains import domain, domain_names
from nashforge.evolve.domains.translation import TranslationError
from nashforge.evolve.sandbox.limits import Limits
from nashforge.games.naming import nearest

Origin = Literal["library", "file", "archive"]

HEADER_START = "# Nashforge program "
HEADER_END = "# ---"
TRANSLATED = "# Translated from the program "
"""Begins the first line of a translation; the hash of the program that it was made from follows."""
INTERFACES = "docs/howto-rule.md"
DEFAULT_DOMAIN = "cfr"
"""Whose library program a name means, and what a file is written for, where nothing says otherwise."""

CODING = "# -*- coding: utf-8 -*-"
"""Second line of an export: Python looks for the encoding of a file in its first two lines (PEP 263)."""

_CODING = re.compile(r"(coding)([:=])")
_HEADER = re.compile(re.escape(HEADER_START) + r"\S+ \(([^\s,()]+), [0-9a-f]{64}\)\s*(?:\n|$)")


class UnknownProgramError(NashforgeError, ValueError):
    """Nothing is called what was given."""

    exit_code = 2


class OutdatedProgramError(NashforgeError, ValueError):
    """A program is of an earlier interface and cannot be translated."""

    exit_code = 2


@dataclass(frozen=True)
class NamedProgram:
    """A program and where it was found.

    Attributes
    ----------
    label : str
        What to call it: the rule's name, the nickname, or the path as it was given.
    stored : Program or None
        What the archive holds; None if it was not found there.
    translated : str or None
        Hash of the program that it is a translation of; None if it is none.
    """

    label: str
    source: str
    domain: str
    origin: Origin
    stored: Program | None = None
    translated: str | None = None


def find_program(
    reference: str,
    open_archive: Callable[[], Archive],
    *,
    domain_name: str | None = None,
    choosable: bool = True,
) -> NamedProgram:
    """Return the program of a name.

    Parameters
    ----------
    reference
        Looked for, in this order, as a rule of the library, as a file (if it ends in ``.py``, holds a ``/``
        or exists), and as a nickname or hash, or an unambiguous prefix of one.
    open_archive
        Called only when the archive must be asked. May raise `ArchiveNotFound`.
    domain_name
        Whose library is meant, and what a file is written for. None: a file is of the domain that
        `domain_of_file` finds, and a name is looked for in the library of `DEFAULT_DOMAIN`, then in all
        others, of which just one may have it.
    choosable
        Whether another domain may be named: the error says how.

    Raises
    ------
    UnknownProgramError
        If nothing fits, with the nearest names; or if the file cannot be read, or may be of several domains.
    nashforge.archive.AmbiguousReference
        If several stored programs fit.
    """
    library = domain_name or DEFAULT_DOMAIN
    work = domain(library)
    if reference in work.baselines():
        return NamedProgram(reference, work.source(reference), library, "library")
    path = Path(reference).expanduser()
    if reference.endswith(".py") or "/" in reference or path.is_file():
        text = _read(path)
        its_domain = domain_name or domain_of_file(text, reference)
        return NamedProgram(reference, without_header(text, its_domain), its_domain, "file")
    if domain_name is None and is_given_name(reference, ANIMALS):
        # As no program of a library is called: not all of them need be loaded to find this one.
        with suppress(ArchiveNotFound, NotFound):
            stored = open_archive().programs.get(reference)
            return NamedProgram(stored.nickname, stored.source, stored.domain, "archive", stored)
    elsewhere = [name for name in domain_names() if reference in domain(name).baselines()]
    if domain_name is None and len(elsewhere) == 1:
        return NamedProgram(reference, domain(elsewhere[0]).source(reference), elsewhere[0], "library")
    meant = domain_names() if domain_name is None else (domain_name,)
    kind = "program" if domain_name is None else f"{domain_name} program"
    known = sorted({name for other in meant for name in domain(other).baselines()})
    said = f"it is a program of the domain {' and of '.join(elsewhere)}; " if elsewhere else ""
    if said and choosable:
        said = f"say --domain {' or '.join(elsewhere)}, which has one in its library; "

    def remedies(stored: Sequence[str] = ()) -> str:
        close = [] if said else nearest(reference, [*known, *stored], likeness=0.7)
        hint = f"did you mean {' or '.join(close)}? " if close else said
        return f"{hint}see `nashforge rules` and `nashforge best`, or give the path of a file"

    try:
        archive = open_archive()
    except ArchiveNotFound as error:
        raise UnknownProgramError(
            f"there is no {kind} called {reference!r} in the library, and no archive yet to look for one in; "
            f"{remedies()}"
        ) from error
    try:
        stored = archive.programs.get(reference)
    except NotFound as error:
        raise UnknownProgramError(
            f"there is no {kind} called {reference!r}, neither in the library nor in "
            f"{archive.database.location}; {remedies(error.near)}"
        ) from error
    return NamedProgram(stored.nickname, stored.source, stored.domain, "archive", stored)


def find_programs(
    references: Sequence[str],
    open_archive: Callable[[], Archive],
    *,
    domain_name: str | None = None,
    choosable: bool = True,
) -> list[NamedProgram]:
    """Return the programs of several names, see `find_program`.

    A library program that several domains have (``random``) is that of the domain that the others belong to.
    """
    found: dict[str, NamedProgram] = {}
    unclear: dict[str, UnknownProgramError] = {}
    for reference in references:
        try:
            found[reference] = find_program(
                reference, open_archive, domain_name=domain_name, choosable=choosable
            )
        except UnknownProgramError as error:
            unclear[reference] = error
    domains = {named.domain for named in found.values()}
    for reference, problem in unclear.items():
        name = next(iter(domains), None)
        if len(domains) != 1 or name is None or reference not in domain(name).baselines():
            raise problem
        found[reference] = find_program(reference, open_archive, domain_name=name)
    return [found[reference] for reference in references]


def domain_of_file(text: str, name: str) -> str:
    """Return the domain that a program's file is written for.

    The header of an export says it, also after the program below was edited. Otherwise the interface that the
    program imports tells: ``nashforge.solvers.psro.interface`` is of ``psro``. A file that imports none is of
    `DEFAULT_DOMAIN`.

    Parameters
    ----------
    name
        What to call the file.

    Raises
    ------
    UnknownProgramError
        If several domains use the interface, as those of policies do.
    nashforge.evolve.domains.UnknownDomainError
        If the header names a domain that is not installed.
    """
    header = _HEADER.match(text)
    if header:
        return domain(header[1]).name
    interfaces = _interfaces(text)
    if not interfaces or interfaces & _interfaces_of(DEFAULT_DOMAIN):
        return DEFAULT_DOMAIN
    fits = [other for other in domain_names() if interfaces & _interfaces_of(other)]
    if len(fits) > 1:
        raise UnknownProgramError(
            f"the file {name} may be a program of the domain {' or '.join(fits)}; say which with --domain"
        )
    return fits[0] if fits else DEFAULT_DOMAIN


def _interfaces_of(domain_name: str) -> set[str]:
    """Return the interface modules that a domain's programs import, by the example of its seed."""
    work = domain(domain_name)
    return _interfaces(work.source(work.seed))


def _interfaces(source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()  # whoever runs it tells what is wrong with it
    return {
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.endswith(".interface")
    }


def _read(path: Path) -> str:
    """Return the text of a file that may be a program; what is none is refused in a sentence."""
    most = 2 * Limits.source_bytes  # a program, and what an export says above it
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise UnknownProgramError(
                f"the file {path} is too long for a program, which has at most {Limits.source_bytes} bytes; "
                "check that it is the right file"
            )
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnknownProgramError(f"the file {path} is not UTF-8 text; save it as UTF-8") from error
    except FileNotFoundError as error:
        raise UnknownProgramError(f"the file {path} does not exist; check the path") from error
    except OSError as error:
        raise UnknownProgramError(f"the file {path} cannot be read: {error.strerror}; check it") from error
    if "\0" in text:
        raise UnknownProgramError(
            f"the file {path} holds NUL characters, so it is no Python source; save it as plain text in UTF-8"
        )
    if not text.strip():
        raise UnknownProgramError(
            f"the file {path} is empty; write a program in it (`nashforge show cfr_plus` "
            "prints one to begin with)"
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def playable(named: NamedProgram) -> NamedProgram:
    """Return what today's engines run: a program itself, or the translation of one of an earlier interface.

    Whatever runs a program that a person named goes through here. A translation is another program, with a
    hash of its own; its first line says from which one it was made. What is stored stays as it is.

    Raises
    ------
    OutdatedProgramError
        If it is of an earlier interface and cannot be translated mechanically.
    """
    if named.origin == "library":
        return named
    try:
        source = domain(named.domain).translate(named.source)
    except TranslationError as error:
        raise OutdatedProgramError(
            f"the program {named.label} was written for an earlier interface of the domain {named.domain!r} "
            f"and cannot be translated: {error}; rewrite it as {INTERFACES} says"
        ) from error
    if source is None:
        return named
    digest = program_hash(named.source, named.domain)
    return replace(named, source=f"{TRANSLATED}{digest}\n{source}", stored=None, translated=digest)


def store(archive: Archive, named: NamedProgram) -> Program:
    """Return the stored program; a rule or a file is added to the archive."""
    return named.stored or archive.programs.add(named.source, named.domain)


def with_header(program: Program, lines: list[str]) -> str:
    """Return a program's source below a comment that names it; `without_header` is the inverse.

    Parameters
    ----------
    lines
        What else to say, for people. Each is one line of comment, whatever it holds.
    """
    head = [_one_line(f"{HEADER_START}{program.nickname} ({program.domain}, {program.hash})"), CODING]
    head += [f"# {_one_line(line)}".rstrip() for line in lines]
    return "\n".join([*head, HEADER_END, program.source])


def _one_line(text: str) -> str:
    """Return text with everything written out that ends a line for somebody, or cannot be seen.

    Nor does it declare an encoding, in which parts of a comment could be the ends of lines.
    """
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return _CODING.sub(r"\1 \2", shown)


def without_header(text: str, domain_name: str) -> str:
    """Return the source below the comment of an export, if it is still the program that the comment names.

    An export that was edited is a new program, and is returned as it is.
    """
    if not text.startswith(HEADER_START):
        return text
    head, found, source = text.partition(f"\n{HEADER_END}\n")
    if not found or not source.strip():
        return text
    digest = head.partition("\n")[0].rpartition(" ")[2].rstrip(")")
    return source if program_hash(source, domain_name) == digest else text
