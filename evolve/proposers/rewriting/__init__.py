"""The offline proposer: program search over source code, without any model.

Pure functions of sources, a grammar and a random generator. `mutate` and `crossover` make children,
`simplify` makes smaller ones, `tidy` cleans up without changing behaviour, `ast_fingerprint` tells whether
two sources are the same program. Nothing is executed: children are checked by abstract interpretation
(`inference`). What programs may be is said by a `grammar`; CFR rules are the first, see
`nashforge.evolve.proposers.rewriting.grammars.cfr`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nashforge.games.lazy import exports

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.mutation import mutate as mutate
    from nashforge.evolve.proposers.rewriting.normal_form.cleanup import tidy as tidy
    from nashforge.evolve.proposers.rewriting.normal_form.fingerprint import (
        ast_fingerprint as ast_fingerprint,
    )
    from nashforge.evolve.proposers.rewriting.recombination import crossover as crossover
    from nashforge.evolve.proposers.rewriting.simplification import simplify as simplify
    from nashforge.evolve.proposers.rewriting.syntax.edit import Edit as Edit
    from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable as NotApplicable

__all__, __getattr__, __dir__ = exports(__name__)
