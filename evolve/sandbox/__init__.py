"""The trust boundary: programs that nobody has read run here, and only arrays cross.

``Sandbox`` confines programs, ``InlineSession`` runs trusted ones in this process with equal results, and
``probe`` tells what this machine can do. Names are loaded when first used, because a program's process passes
through here too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from games.lazy import on_first_use

if TYPE_CHECKING:
    from evolve.sandbox.errors import (
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
    from evolve.sandbox.inline import InlineSession
    from evolve.sandbox.limits import Limits, Usage
    from evolve.sandbox.protocol import Host, Session
    from evolve.sandbox.sandbox import Sandbox
    from evolve.sandbox.session import SandboxSession
    from evolve.sandbox.tiers import Machine, Tier, probe

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
    "Status",
    "Tier",
    "Usage",
    "probe",
]

__getattr__ = on_first_use(
    __name__, {name: f"{__name__}.{home}" for home, names in _HOMES.items() for name in names}
)
