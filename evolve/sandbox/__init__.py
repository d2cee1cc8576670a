"""The trust boundary: programs that nobody has read run here, and only arrays cross.

``Sandbox`` confines programs, and ``probe`` tells what this machine can do. Trusted programs run in this
process, with equal results, behind `nashforge.solvers.programs.session.InlineSession`. Names are loaded when
first used, because a program's process passes through here too.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nashforge.evolve.sandbox.errors import CandidateFailure as CandidateFailure
    from nashforge.evolve.sandbox.errors import InfrastructureError as InfrastructureError
    from nashforge.evolve.sandbox.errors import InvalidOutput as InvalidOutput
    from nashforge.evolve.sandbox.errors import ProgramCrashed as ProgramCrashed
    from nashforge.evolve.sandbox.errors import ProgramOutOfMemory as ProgramOutOfMemory
    from nashforge.evolve.sandbox.errors import ProgramRejected as ProgramRejected
    from nashforge.evolve.sandbox.errors import ProgramTimeout as ProgramTimeout
    from nashforge.evolve.sandbox.errors import SandboxUnavailable as SandboxUnavailable
    from nashforge.evolve.sandbox.errors import Status as Status
    from nashforge.evolve.sandbox.group import SessionGroup as SessionGroup
    from nashforge.evolve.sandbox.limits import Limits as Limits
    from nashforge.evolve.sandbox.limits import Usage as Usage
    from nashforge.evolve.sandbox.program import Host as Host
    from nashforge.evolve.sandbox.sandbox import Sandbox as Sandbox
    from nashforge.evolve.sandbox.session import SandboxSession as SandboxSession
    from nashforge.evolve.sandbox.tiers import Machine as Machine
    from nashforge.evolve.sandbox.tiers import Tier as Tier
    from nashforge.evolve.sandbox.tiers import probe as probe

_HOMES = {
    "CandidateFailure": "errors",
    "Host": "program",
    "InfrastructureError": "errors",
    "InvalidOutput": "errors",
    "Limits": "limits",
    "Machine": "tiers",
    "ProgramCrashed": "errors",
    "ProgramOutOfMemory": "errors",
    "ProgramRejected": "errors",
    "ProgramTimeout": "errors",
    "Sandbox": "sandbox",
    "SandboxSession": "session",
    "SandboxUnavailable": "errors",
    "SessionGroup": "group",
    "Status": "errors",
    "Tier": "tiers",
    "Usage": "limits",
    "probe": "tiers",
}

__all__ = list(_HOMES)


# Not `nashforge.games.lazy.exports`: the trust boundary stands on its own.
def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
