"""The probes that read a program's source, together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nashforge.evolve.diagnosis.audit import reach, recognition, state
from nashforge.evolve.diagnosis.audit.findings import Finding
from nashforge.evolve.diagnosis.audit.tree import Code

PROBES_OF_SOURCES = (reach.PROBE, state.PROBE, recognition.PROBE)
"""Their names."""


def read(code: Code, interfaces: Sequence[str], numbers: Mapping[int, str]) -> list[Finding]:
    """Return what they find.

    Parameters
    ----------
    interfaces
        Modules that programs of the domain may import besides numpy and some of the standard library.
    numbers
        Numbers by which its training games can be told from others, and what they are.
    """
    return [*reach.probe(code, interfaces), *state.probe(code), *recognition.probe(code, numbers)]
