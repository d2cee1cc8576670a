"""Limits of imports: far more than searches make, and little enough for any machine's memory.

Every limit holds while the file is read, before more of it is unpacked; together they keep an import below
300 MB of memory, whatever the file holds.
"""

from __future__ import annotations

from collections.abc import Mapping

LONGEST_LINE = 4 * 2**20
"""Bytes of a line: a program, a run, an evaluation with its scores, a model call."""

MOST_VALUES = 100_000
"""Signs that open or separate values (``[``, ``{``, ``,``) in a line: a value takes 100 times its text."""

DEEPEST = 32
"""Levels of nesting in what a line holds as it is (configurations, settings, requests)."""

LONGEST_NUMBER = 300
"""Characters of a whole number in there: the smallest that databases and JSON readers cannot be sure of."""

MOST_BYTES = 4 * 2**30
"""Bytes of a whole file, unpacked."""

MOST_LINES: Mapping[str, int] = {
    "program": 500_000,
    "run": 50_000,
    "study": 10_000,
    "candidate": 1_000_000,
    "evaluation": 1_000_000,
    "model_call": 1_000_000,
    "note": 1_000_000,
}
"""Lines of each kind in a file."""

MOST_MISSING_PARENTS = 100_000
"""Links to parents that come later in the file, or not at all."""

REMEMBERED = 50_000
"""Things of each kind that need not be looked up again."""

BATCH_LINES = 500
"""Lines that are looked up and written together, at most."""

BATCH_BYTES = 2**20
"""Bytes of these lines in the file, unless one alone has more."""

STORED_LINES = 5_000
"""Lines after which what was taken is committed: who is interrupted loses no more."""
