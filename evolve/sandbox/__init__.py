"""The trust boundary: programs that nobody has read run here, and only arrays cross.

``Sandbox`` confines programs, ``InlineSession`` runs trusted ones in this process with equal results, and
``probe`` tells what this machine can do. Names are loaded when first used, because a program's process passes
through here too.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nashforge.evolve.sandbox.errors import (
        CandidateFailure,
        InfrastructureError,
        InvalidOutput,
        ProgramCrashed,
        ProgramOutOfMemory,
        ProgramRejected,
        ProgramTimeout,
        SandboxUnavailable,
        Status,
    )
    from nashforge.evolve.sandbox.group import SessionGroup
    from nashforge.evolve.sandbox.inline import InlineSession
    from nashforge.evolve.sandbox.limits import Limits, Usage
    from nashforge.evolve.sandbox.protocol import Host, Session
    from nashforge.evolve.sandbox.sandbox import Sandbox
    from nashforge.evolve.sandbox.session import SandboxSession
    from nashforge.evolve.sandbox.tiers import Machine, Tier, probe

_HOMES = {
    "errors": (
        "CandidateFailure",
        "InfrastructureError",
        "InvalidOutput",
        "ProgramCrashed",
        "ProgramOutOfMemory",
        "ProgramRejected",
        "ProgramTimeout",
        "SandboxUnavailable",
        "Status",
    ),
    "group": ("SessionGroup",),
    "inline": ("InlineSession",),
    "limits": ("Limits", "Usage"),
    "protocol": ("Host", "Session"),
    "sandbox": ("Sandbox",),
    "session": ("SandboxSession",),
    "tiers": ("Machine", "Tier", "probe"),
}

__all__ = [
    "CandidateFailure",
    "Host",
    "InfrastructureError",
    "InlineSession",
    "InvalidOutput",
    "Limits",
    "Machine",
    "ProgramCrashed",
    "ProgramOutOfMemory",
    "ProgramRejected",
    "ProgramTimeout",
    "Sandbox",
    "SandboxSession",
    "SandboxUnavailable",
    "Session",
    "SessionGroup",
    "Status",
    "Tier",
    "Usage",
    "probe",
]


# Not `nashforge.games.lazy.exports`: the trust boundary stands on its own.
def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
