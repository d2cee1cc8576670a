"""The root of all errors that are told to people in a sentence."""

from __future__ import annotations

from typing import ClassVar

FAILED, USAGE = 1, 2


class NashforgeError(Exception):
    """The root of Nashforge's errors: what could not be done and what to do about it, in one sentence.

    Attributes
    ----------
    exit_code : int
        What the command line ends with: 1 if what was asked for was tried and failed, 2 if it cannot be done
        as it was asked for. Errors of other packages, such as those of a domain, may derive from this class,
        too.
    remedy : str
        What people at a command line can do about errors of this class, told behind the sentence.
    """

    exit_code: ClassVar[int] = FAILED
    remedy: ClassVar[str] = ""
