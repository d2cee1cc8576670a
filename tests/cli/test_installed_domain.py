"""Commands work for a domain that another package installs, and say plainly what it does not offer.

The domain is the example of docs/howto-domain.md, as it stands there.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nashforge import games
from nashforge.evolve import domains
from nashforge.evolve.domains.capabilities import Watch, WatchedEpisode
from nashforge.solvers.programs.kind import ProgramKind
from nashforge.solvers.programs.library import Library
from nashforge.solvers.programs.trajectory import Checkpoint
from tools.lines import code_lines

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto-domain.md"
MOST_LINES = 60


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the files of the page, which are as good as installed."""
    shown = re.findall(
        r"^```(?:python|toml)\n# ([\w./]+)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    for name, text in shown:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.split(".")[0] == "learners":
            del sys.modules[name]


def install(monkeypatch: pytest.MonkeyPatch, make: str) -> None:
    """Have an entry point name what makes the domain."""
    found = EntryPoints([EntryPoint("matrix", make, domains.ENTRY_POINTS)])
    monkeypatch.setattr(domains, "entry_points", found.select)
    domains.domain.cache_clear()


@pytest.fixture
def installed(example: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Install the domain as the page has it."""
    install(monkeypatch, "learners.domain:MatrixDomain")
    yield
    domains.domain.cache_clear()


def test_the_example_is_short(example: Path) -> None:
    assert len(code_lines((example / "learners" / "domain.py").read_text())) <= MOST_LINES


@pytest.mark.usefixtures("installed")
def test_its_library_and_suites_are_shown(empty: Any) -> None:
    assert [rule["name"] for rule in empty.json("rules", "--domain", "matrix")] == ["hedge"]
    assert "Hedge: weights grow exponentially" in empty.text("rules", "--domain", "matrix")
    assert empty.json("suites", "train.toml")["games"] == ["matrix_rps", "matrix_mp"]
    assert empty.json("show", "hedge", "--domain", "matrix")["domain"] == "matrix"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "solve matrix_rps --rule hedge",
            "hedge is a program of the domain 'matrix', whose programs solve no games",
        ),
        ("watch hedge", "it is a program of the domain matrix, which has no episodes to look at"),
        ("run matrix --map pond.txt --agents 2", "--map and --agents are no options of the domain 'matrix'"),
        ("run matrix --agents 2", "--agents is no option of the domain 'matrix'; leave it out"),
    ],
)
def test_what_it_does_not_offer_is_told(empty: Any, words: str, told: str) -> None:
    result = empty(*words.split())
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())


class Averages:
    """Both players' learners at work, and the averages of their strategies."""

    averaged = True

    def __init__(self, matrix: np.ndarray, session: Any) -> None:
        self.matrix, self.session, self.done = matrix, session, 0
        self.latest = [np.eye(n)[0] for n in matrix.shape]
        self.total = [np.zeros(n) for n in matrix.shape]

    def step(self) -> None:
        self.done += 1
        payoffs = (self.matrix @ self.latest[1], -self.latest[0] @ self.matrix)
        for player in (0, 1):
            self.session.inputs[f"payoffs{player}"][:] = payoffs[player]
            self.session.call(player, self.done, expect=[f"strategy{player}"])
            self.latest[player] = np.array(self.session.outputs[f"strategy{player}"])
            self.total[player] += self.latest[player]

    def policy(self) -> tuple[np.ndarray, ...]:
        return tuple(total / self.done for total in self.total)

    def checkpoint(self, seconds: float) -> Checkpoint:
        row, column = self.policy()
        gap = float((self.matrix @ column).max() - (row @ self.matrix).min()) / 2
        return Checkpoint(self.done, gap, seconds)


def _matrix(form: games.SequenceForm) -> np.ndarray:
    from learners.domain import payoff_matrix

    return payoff_matrix(form.name)


def _arguments(form: games.SequenceForm, iterations: int) -> list[dict[str, Any]]:
    sizes = [treeplex.sequences for treeplex in form.treeplexes]
    return [
        {
            "host": "learners.host",
            "setup": {"horizon": iterations, "actions": sizes},
            "inputs": [(f"payoffs{p}", (n,), "<f8") for p, n in enumerate(sizes)],
            "outputs": [(f"strategy{p}", (n,), "<f8") for p, n in enumerate(sizes)],
        }
    ]


class Bars(Watch):
    """Three rounds with the probability of the first action."""

    def play(self, sandbox, game, sources, seed, on_step=None):
        for round_ in range(3):
            if on_step is not None:
                on_step(round_)
        return WatchedEpisode([0.0] * len(sources), {"rounds": 3.0})

    def text(self, step, rows, columns):
        return f"round {step}"

    def recorder(self, game):
        class Keeps:
            def __init__(self):
                self.frames = []

            def __call__(self, step):
                self.frames.append(np.full((4, 4, 3), 60 * step, np.uint8))

        return Keeps()

    def episode(self, trial):
        return trial, 0


def richer() -> Any:
    """Return the domain of the page with all capabilities."""
    from learners.domain import MatrixDomain

    class Richer(MatrixDomain):
        kind = ProgramKind(
            name="matrix",
            package="learners",
            library=Library(Path("learners/library"), "learner"),
            default="hedge",
            iterations=40,
            arguments=_arguments,
            engine=lambda form, sessions, iterations: Averages(_matrix(form), sessions[0]),
        )
        watch = Bars()

        def programs(self):
            return {"hedge": Path("learners/library/hedge.py").read_text()}

        def variant(self, game, options):
            return f"{game or 'matrix_rps'}, {options['steps'] or 3} steps"

    return Richer()


@pytest.fixture
def enriched(example: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Install the domain with all capabilities."""
    install(monkeypatch, f"{__name__}:richer")
    monkeypatch.setitem(sys.modules, __name__, SimpleNamespace(richer=richer))
    yield example
    domains.domain.cache_clear()


def test_what_it_offers_is_done(enriched: Path, empty: Any) -> None:
    solved = empty.json("solve", "matrix_rps", "--domain", "matrix")
    assert (solved["rule"], solved["iterations"]) == ("hedge", 40)
    assert 0 <= solved["exploitability"] < 1
    file = enriched / "mine.py"
    file.write_text((enriched / "learners/library/hedge.py").read_text())
    confined = empty.json("solve", "matrix_rps", "--rule", file)
    assert confined["exploitability"] == solved["exploitability"]
    assert empty.json("watch", "hedge", "--steps", 5)["game"] == "matrix_rps, 5 steps"
    assert empty("watch", "hedge", "-o", enriched / "bars.gif").exit_code == 0
    assert (enriched / "bars.gif").stat().st_size > 0
