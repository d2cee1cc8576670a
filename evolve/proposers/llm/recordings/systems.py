"""System prompts of a run: stored once, and named by their digest in every call and request."""

from __future__ import annotations

import hashlib

from nashforge.archive import Archive, Run


def digest_of(system: str) -> str:
    """Return by what a system prompt is named."""
    return hashlib.sha256(system.encode("utf-8", "replace")).hexdigest()[:16]


def keep_system(archive: Archive, run: Run, system: str) -> str:
    """Store a system prompt with a run, and return its digest."""
    digest = digest_of(system)
    archive.runs.set_value(run, f"system {digest}", system)
    return digest


def stored_system(archive: Archive, run: Run, digest: str) -> str:
    """Return the system prompt of a digest; empty if the run has none of it."""
    return str(archive.runs.get_value(run, f"system {digest}", ""))
