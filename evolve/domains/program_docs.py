"""Documentation and properties of library programs, read from their sources."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nashforge.evolve.domains.base import Domain
    from nashforge.solvers.cfr.properties import Properties


@dataclass(frozen=True)
class Description:
    """A library program for people.

    Attributes
    ----------
    title : str
        First line of its documentation, without the full stop.
    formula : str
        What is between the title and the source; may have several lines.
    citation : str
        Paper, authors, year; empty if none is given.
    """

    name: str
    title: str
    formula: str
    citation: str


def described(name: str, source: str) -> Description:
    """Return what a program's documentation says: a title, a formula, and ``Source: ...``."""
    text = ast.get_docstring(ast.parse(source)) or ""
    title, _, rest = text.partition("\n")
    formula, _, citation = rest.partition("Source:")
    return Description(
        name=name,
        title=title.strip().rstrip("."),
        formula=re.sub(r"\n{3,}", "\n\n", formula.strip("\n")).rstrip(),
        citation=" ".join(citation.split()).rstrip("."),
    )


def properties_of(work: Domain, name: str) -> Properties | None:
    """Return the properties of a CFR rule of the library, declared or found by playing; None of others."""
    if work.kind is None or work.kind.name != "cfr":
        return None
    from nashforge.solvers.cfr.properties import properties

    return properties(work.source(name), work.horizon)


def scale_free(work: Domain, name: str) -> bool | None:
    """Return whether the unit of payoffs is nothing to a library program; None where nothing is known."""
    known = properties_of(work, name)
    if known is not None or work.kind is None or work.kind.name != "psro":
        return None if known is None else known.scale_free
    from nashforge.solvers.programs.session import find_class, load_module
    from nashforge.solvers.psro.interface import MetaSolver

    return find_class(load_module(work.source(name)), MetaSolver).scale_free
