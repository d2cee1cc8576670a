"""The offline proposer: program search over source code, without any model.

Pure functions of sources, a grammar and a random generator. `mutate` and `crossover` make children,
`simplify` makes smaller ones, `tidy` cleans up without changing behaviour, `ast_fingerprint` tells whether
two sources are the same program. Nothing is executed: children are checked by abstract interpretation
(`inference`). What programs may be is said by a `grammar`; CFR rules are the first, see `evolve.offline.cfr`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from games.lazy import on_first_use

if TYPE_CHECKING:
    from evolve.offline.crossing import crossover as crossover
    from evolve.offline.edit import Edit as Edit
    from evolve.offline.edit import NotApplicable as NotApplicable
    from evolve.offline.fingerprint import ast_fingerprint as ast_fingerprint
    from evolve.offline.mutation import mutate as mutate
    from evolve.offline.simplification import simplify as simplify
    from evolve.offline.tidying import tidy as tidy

_HOMES = {
    "Edit": "edit",
    "NotApplicable": "edit",
    "ast_fingerprint": "fingerprint",
    "crossover": "crossing",
    "mutate": "mutation",
    "simplify": "simplification",
    "tidy": "tidying",
}

__all__ = ["Edit", "NotApplicable", "ast_fingerprint", "crossover", "mutate", "simplify", "tidy"]

__getattr__ = on_first_use(__name__, {name: f"{__name__}.{home}" for name, home in _HOMES.items()})
