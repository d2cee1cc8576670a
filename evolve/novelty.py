"""When are two programs the same? When nothing but names, layout, comments and rounding tells them apart."""

from __future__ import annotations

import hashlib

from evolve.offline.edit import NotApplicable
from evolve.offline.fingerprint import ast_fingerprint as syntax_fingerprint


def ast_fingerprint(source: str) -> str:
    """Return a hash that equal programs share; of the text where it is no rule that can be read."""
    try:
        return syntax_fingerprint(source)
    except NotApplicable:
        return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
