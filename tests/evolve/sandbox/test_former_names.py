"""Programs that import by names of before ``nashforge`` was one package load, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nashforge.evolve.sandbox import ProgramRejected

Program = Callable[..., str]
Open = Callable[..., Any]

FORMER = "from solvers.cfr.interface import RegretMinimizer"


def test_programs_with_the_former_names_load(open_session: Open, program: Program) -> None:
    source = program().replace("from nashforge.solvers.cfr.interface import RegretMinimizer", FORMER)
    assert FORMER in source
    with open_session(source) as session:
        session.inputs["regret"][...] = [1, 0, 1, 0, 1, 0]
        session.call(1, expect=["policy"])
        assert session.outputs["policy"].tolist() == [1, 0, 1, 0, 1, 0]


@pytest.mark.parametrize("name", ["solvers.cfr.host", "games.cache", "evolve.sandbox", "cli"])
def test_former_names_open_no_door(open_session: Open, program: Program, name: str) -> None:
    with pytest.raises(ProgramRejected, match=f"may not import '{name}'"):
        open_session(f"from {name} import x\n" + program())
