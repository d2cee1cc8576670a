"""One call solves with programs of every kind, and tells the kind by the program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyspiel
import pytest

import nashforge
from nashforge.games import GameError
from nashforge.solvers.cfr.engine import CFR
from nashforge.solvers.learners.engine import RQE, learning_task
from nashforge.solvers.learners.interface import Learner
from nashforge.solvers.meanfield.engine import MFG
from nashforge.solvers.programs.arguments import ArgumentError
from nashforge.solvers.programs.library import NotInLibraryError
from nashforge.solvers.programs.session import inline_sessions
from nashforge.solvers.psro.engine import PSRO
from nashforge.solvers.psro.interface import MetaSolver
from nashforge.solvers.risk.measures import RiskError
from nashforge.solvers.sequence_form.profile import exploitability
from nashforge.solvers.solving import kind_of, kinds, solve


@pytest.mark.parametrize("kind", [CFR, PSRO, RQE, MFG], ids=lambda kind: kind.name)
def test_the_program_tells_its_kind(kind, tmp_path: Path) -> None:
    assert kind in list(kinds())
    assert kind.default in kind.library.names()
    for name in kind.library.names():
        assert kind_of(name) is kind
    file = tmp_path / "mine.py"
    file.write_text(kind.library.source(kind.default))
    assert kind_of(file) is kind_of(str(file)) is kind


def test_classes_tell_their_kind_by_the_interface() -> None:
    class Mine(MetaSolver):
        def train(self, t, game):
            return game.uniform()

        evaluate = train

    class Mover(Learner):
        def update(self, t, strategy, gradient):
            return self.uniform()

    assert kind_of(Mine) is PSRO
    assert kind_of(Mover) is RQE
    assert solve("kuhn_poker", Mine, 3).gap == solve("kuhn_poker", "uniform", 3).gap
    with pytest.raises(ArgumentError, match="defines no rule, meta-solver or learner"):
        kind_of(dict)


def test_the_last_iterate_is_an_answer_of_cfr_rules() -> None:
    average, last = (
        solve("leduc_poker", "cfr", 50, [10, 50], iterate=which) for which in ("average", "last")
    )
    assert [point.gap for point in last.curve] == [point.last_iterate for point in average.curve]
    assert last.curve[-1].last_iterate is None
    assert exploitability(last.game, last.policy) == last.gap != average.gap
    assert last.averaged
    reached = solve("kuhn_poker", "annealed_mmd", 1000, iterate="last", target=0.01)
    assert reached.stopped == "target"
    assert reached.gap <= 0.01
    with pytest.raises(ArgumentError, match="no iterate 'first'"):
        solve("kuhn_poker", "cfr", 5, iterate="first")
    with pytest.raises(ArgumentError, match="psro averages no policies"):
        solve("kuhn_poker", "nash", 5, iterate="last")


def test_what_is_no_program_or_kind_is_named() -> None:
    with pytest.raises(NotInLibraryError, match="no program 'shr' in the libraries; did you mean shor"):
        solve("kuhn_poker", "shr")
    with pytest.raises(NotInLibraryError, match="no kind of programs 'pro'; did you mean psro"):
        solve("kuhn_poker", kind="pro")
    with pytest.raises(NotInLibraryError, match="no rule 'shor'"):
        solve("kuhn_poker", "shor", kind="cfr")


def test_a_file_of_an_earlier_interface_is_told(tmp_path: Path) -> None:
    file = tmp_path / "old.py"
    file.write_text(CFR.library.source("dcfr").replace("from nashforge.solvers", "from solvers"))
    with pytest.raises(ArgumentError, match=r"old.py is of an earlier interface: it imports solvers, which"):
        solve("kuhn_poker", file)


def test_kinds_have_a_program_and_a_number_of_iterations_of_their_own() -> None:
    found = solve("kuhn_poker", kind="psro", checkpoints=())
    assert (found.program, found.iterations) == ("projection_matching", 100)
    assert solve("kuhn_poker", iterations=2).program == "dcfr"


def test_learners_solve_one_shot_games() -> None:
    found = solve("SC4", "mirror_descent", 50)
    task = learning_task("SC4")
    sessions = inline_sessions(lambda: RQE.library.load("mirror_descent")[1], RQE.arguments(task, 50))
    by_hand = RQE.run(task, sessions, 50)
    assert found.gap == by_hand.gap == task.gap(by_hand.policy)
    assert found.exploitability == task.play(found.policy).exploitability() != found.gap
    payoffs = task.payoffs
    values = [found.policy[0] @ payoffs[i] @ found.policy[1] for i in range(2)]
    assert found.values() == pytest.approx(values)
    assert found.form is not None
    assert [row["probability"] for row in found.rows()] == [*found.policy[0], *found.policy[1]]
    assert set(found.table()) == {"player 0", "player 1"}


def test_learners_solve_one_shot_games_of_any_form() -> None:
    named = solve("matrix_pd", "mirror_descent", 20)
    for game in (nashforge.compile("matrix_pd"), pyspiel.load_game("matrix_pd")):
        assert solve(game, "mirror_descent", 20).gap == named.gap
    assert solve([[1, -1], [-1, 1]], "mirror_descent", 20).gap < 0.01
    with pytest.raises(GameError, match="is not a one-shot game of two players"):
        solve(nashforge.compile("kuhn_poker"), "mirror_descent", 20)
    with pytest.raises(RiskError, match="must be a matrix of finite numbers"):
        solve(([[3, 1], [4, 0]], [[3, 4], [1, 0]]), "mirror_descent", 20)


def test_learners_solve_markov_games() -> None:
    found = solve("contribution_line(2)", "mirror_descent", 20)
    states = learning_task("contribution_line(2)").labels
    assert found.form is None
    assert [point.iteration for point in found.curve] == [1, 2, 5, 10, 20]
    rows = found.rows()
    assert len(rows) == 2 * len(states) * 2
    assert {row["information_set"] for row in rows} == set(states)
    assert found.table()[f"player 1 {states[0]}"] == pytest.approx(dict(enumerate(found.policy[1][0])))
    assert np.sum(found.values()) == pytest.approx(found.game.play(found.policy).welfare())
    assert "solved by mirror_descent" in repr(found)


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"def (:\n", r"is no Python \(invalid syntax in line 1\)"), (b"# \xe9\n", "is no text in UTF-8")],
)
def test_a_file_that_holds_no_python_is_told(tmp_path: Path, data: bytes, told: str) -> None:
    file = tmp_path / "mine.py"
    file.write_bytes(data)
    for read in (kind_of, CFR.library.load):
        with pytest.raises(ArgumentError, match=f"mine.py {told}"):
            read(file)
