"""CSRO: a population that grows by searches, its matches and mixtures; interrupted, resumed, refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nashforge.archive import Archive, Candidate, Role, Run, RunState, Status, export_archive
from nashforge.evolve.config.importing import import_file
from nashforge.evolve.config.run import load_config
from nashforge.evolve.config.settings import ConfigError
from nashforge.evolve.domains import domain
from nashforge.evolve.domains.capabilities import NotOfferedError
from nashforge.evolve.proposers.llm.recordings.cassette import CassetteError
from nashforge.evolve.results.csro import (
    Population,
    PopulationError,
    answered,
    csro_as_dict,
    iterations_of,
    population_of,
)
from nashforge.evolve.runs.csro.loop import CSRO
from nashforge.evolve.runs.csro.options import (
    SEARCHES,
    csro_options,
    options_of,
    repetition_of,
    search_of,
    searches_of,
    start_csro,
)
from nashforge.evolve.runs.run import resume_run
from nashforge.evolve.search.events import Silent

DUELS = domain("rrps").duels
THROWS, MATCHES, ITERATIONS = 8, 2, 2


def begun(archive: Archive, **options: Any) -> Run:
    config = load_config(
        {
            "domain": "rrps",
            "horizon": THROWS,
            "workers": 2,
            "disguise_seed": 1,
            "start": ["rotation", "markov"],
        }
    )
    values = {"iterations": ITERATIONS, "evaluations": 4, "matches": MATCHES} | options
    return start_csro(archive, config, csro_options(**values), name="pop")


class Interrupting(Silent):
    """Presses Ctrl-C at an outcome of a search."""

    def __init__(self, run: Run) -> None:
        self._of = run.nickname

    def outcome(self, candidate: Candidate, best: bool) -> None:
        if self._of == "pop-2" and candidate.index == 1:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csro")


@pytest.fixture(scope="module")
def grown(folder: Path) -> Iterator[tuple[Archive, Run, Population]]:
    with Archive.open(folder / "grown.db") as archive:
        run = begun(archive)
        assert CSRO(archive, run).execute() == "done"
        run = archive.runs.get(run)
        yield archive, run, population_of(archive, run, DUELS)


def told(population: Population) -> list[Any]:
    members = [(m.program, m.operator, m.note, m.data, m.train, m.test) for m in population.members]
    return [members, population.payoffs.tolist(), population.outside.tolist()]


@pytest.mark.slow
def test_every_search_answers_the_mixture_of_those_before(grown: Any) -> None:
    archive, run, population = grown
    assert (run.state, run.stop_reason) == (RunState.FINISHED, "done")
    course = iterations_of(population, DUELS, "nash")
    for iteration in range(1, ITERATIONS + 1):
        search = search_of(archive, run.uid, iteration)
        assert (search.nickname, search.state) == (f"pop-{iteration}", RunState.FINISHED)
        weights = course[iteration - 1].weights
        hashes = population.hashes[: len(weights)]
        answered = {each["source"]: each["weight"] for each in search.config["against"]}
        expected = {
            archive.programs.get(program).source: weight
            for program, weight in zip(hashes, weights, strict=True)
            if weight >= 1e-3
        }
        assert answered == pytest.approx(expected)
        assert set(search.config["start"]) <= set(hashes)
        assert search.config["fitness"]["objective"] == "pop_return"
        assert all(candidate.test is None for candidate in archive.candidates.of(search)), (
            "searches test nothing: that is done for members"
        )


@pytest.mark.slow
def test_members_are_candidates_with_their_matches(grown: Any) -> None:
    archive, _, population = grown
    first, second, *others = population.members
    assert [first.operator, second.operator] == ["seed", "seed"]
    assert len(set(population.hashes)) == len(population.members) > 2
    for member in others:
        assert (member.operator, member.status) == ("oracle", Status.OK)
        weights = member.data["mixture"]
        assert sum(weights.values()) == pytest.approx(1)
        assert member.parents[0].role is Role.PARENT
        # What it earns from the mixture that it answers is its fitness in training, whatever the search saw.
        row = population.hashes.index(member.program)
        earned = sum(
            population.payoffs[row, population.hashes.index(program)] * w for program, w in weights.items()
        )
        assert member.train == pytest.approx(earned)
        assert member.test == pytest.approx(population.outside[row].mean())
    matches = archive.evaluations.find(program=others[0].program, split="test")
    assert max(len({score.game for score in row.scores}) for row in matches) == MATCHES


@pytest.mark.slow
def test_the_restricted_game_is_symmetric_and_played_once(grown: Any) -> None:
    _, _, population = grown
    assert population.payoffs == pytest.approx(-population.payoffs.T)
    assert population.errors == pytest.approx(population.errors.T)
    assert population.outside.shape == (len(population.members), 43)
    assert np.abs(population.outside).max() <= THROWS
    rotation = population.outside[0, population.outsiders.index("rotatebot")]
    assert rotation == 0  # it throws the same as this bot


@pytest.mark.slow
def test_the_course_of_a_population(grown: Any) -> None:
    _, run, population = grown
    course = iterations_of(population, DUELS, "nash")
    assert course[0].joined is None
    assert [one.number for one in course] == list(range(len(course)))
    for one in course:
        assert one.within.value == pytest.approx(0, abs=1e-6)  # an equilibrium
        held, everyone = one.outside["held-out bots"][1], one.outside["all bots"][1]
        assert held.value <= everyone.value
    uniform = iterations_of(population, DUELS, "uniform")
    assert all(weight == pytest.approx(1 / len(uniform[-1].weights)) for weight in uniform[-1].weights)
    assert uniform[-1].within.value >= 0
    value = csro_as_dict(run, population, course, DUELS.unit)
    assert len(value["course"]) == len(course)
    assert value["course"][-1]["joined"] == population.members[-1].nickname


@pytest.mark.slow
def test_what_was_interrupted_goes_on_to_the_same_end(folder: Path, grown: Any) -> None:
    _, _, whole = grown
    with Archive.open(folder / "interrupted.db") as archive:
        run = begun(archive)
        with pytest.raises(KeyboardInterrupt):
            CSRO(archive, run, watch=Interrupting).execute()
        run = archive.runs.get(run)
        assert (run.state, run.stop_reason) == (RunState.STOPPED, "interrupted")
        assert archive.runs.get_value(run, SEARCHES, {}).keys() == {"1", "2"}
        CSRO(archive, run).execute()
        assert archive.runs.get(run).state is RunState.FINISHED
        assert told(population_of(archive, run, DUELS)) == told(whole)


@pytest.mark.slow
def test_a_population_that_was_asked_to_stop_goes_on_when_it_is_resumed(folder: Path) -> None:
    with Archive.open(folder / "stopped.db") as archive:
        run = begun(archive)

        def stop(search: Run) -> Silent:
            archive.runs.request_stop(run)
            return Silent()

        assert CSRO(archive, run, watch=stop).execute() == "stopped"
        assert archive.runs.get(run).state is RunState.STOPPED
        # Whether the search was as far as its end or not: nothing is measured after that.
        assert len(population_of(archive, run, DUELS).members) == 2
        assert CSRO(archive, run).execute() == "done"
        assert len(population_of(archive, run, DUELS).members) > 2


@pytest.mark.slow
def test_only_csro_continues_a_population(grown: Any) -> None:
    archive, run, _ = grown
    with pytest.raises(ConfigError, match="pop is a population and no search"):
        resume_run(archive, run)
    with pytest.raises(ConfigError, match="pop-1 is no run of `nashforge csro`"):
        options_of(search_of(archive, run.uid, 1))
    with pytest.raises(ConfigError, match="pop has no search of iteration 9"):
        search_of(archive, run.uid, 9)
    with pytest.raises(CassetteError, match="it ran offline, so run it again instead"):
        repetition_of(archive, "pop")


@pytest.mark.parametrize(
    ("options", "error", "why"),
    [
        ({"domain": "cfr"}, NotOfferedError, "programs of the domain 'cfr' do not play each other"),
        ({"domain": "rrps", "against": ["markov"]}, ConfigError, "leave --against out"),
        ({"domain": "rrps", "start": ["strongest"]}, ConfigError, "programs that are named"),
    ],
)
def test_what_is_no_population_is_refused(
    archive: Archive, options: dict[str, Any], error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        start_csro(archive, load_config(options), csro_options())
    assert archive.runs.newest() == []


def test_options_are_checked(archive: Archive) -> None:
    with pytest.raises(ConfigError, match=r"--iterations = 0.*--matches = 1"):
        csro_options(iterations=0, matches=1)
    with pytest.raises(ConfigError, match="--oracle = 'luck': input should be 'evolution' or 'refinement'"):
        csro_options(oracle="luck")
    for name, why in (("nsh", "did you mean nash"), (__file__, "choose one of")):
        with pytest.raises(ConfigError, match=f"no meta-solver .*; {why}"):
            start_csro(archive, load_config({"domain": "rrps"}), csro_options(meta_solver=name))


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ({}, {"iteration": 1}, "matches with [0-9a-f]{40} are missing"),
        ({}, {"iteration": 10**9}, "a member joined in iteration 1000000000"),
        ({}, {"iteration": "1"}, "a member joined in iteration '1'"),
        ({"iteration": 1}, {}, "a member joined in iteration 0"),
        ({"iteration": 1}, {"iteration": 1}, "it began with no member"),
    ],
)
def test_a_population_that_is_none_is_told(
    archive: Archive, first: dict[str, Any], second: dict[str, Any], why: str
) -> None:
    run = begun(archive)
    for name, data in (("rotation", first), ("markov", second)):
        program = archive.programs.add(domain("rrps").source(name), "rrps")
        found = archive.candidates.add(run, program=program, operator="seed", proposer="x", data=data)
        archive.candidates.finish(found, Status.OK)
    with pytest.raises(PopulationError, match=f"^the population of pop is damaged: ({why}); import"):
        population_of(archive, run, DUELS)


@pytest.mark.parametrize("mixture", [[0.5], {}, {"a": "1"}, {"a": -1.0}, {"a": 0.0}, {"a": float("inf")}])
def test_a_member_answers_weights(archive: Archive, mixture: Any) -> None:
    run = begun(archive)
    member = archive.candidates.add(run, operator="oracle", proposer="x", status=Status.REJECTED)
    odd = replace(member, data={"mixture": mixture})
    if mixture == {}:
        assert answered(run, odd) == {}
        return
    with pytest.raises(PopulationError, match="answers no mixture"):
        answered(run, odd)


def test_what_only_a_person_may_say_is_said_again_for_a_population(archive: Archive) -> None:
    run = begun(archive)
    weaker = replace(run, config={**run.config, "tier": "none"})
    with pytest.raises(ConfigError, match="the run pop accepts a weaker sandbox"):
        searches_of(archive, weaker, {})
    assert searches_of(archive, weaker, {"tier": "none"}).sandbox.tier == "none"
    dear = replace(run, config={**run.config, "budget_usd": 100.0, "proposer": "anthropic:some"})
    searches_of(archive, dear, {})  # of here: whoever made it has said so
    with pytest.raises(ConfigError, match=r"the run pop spends up to \$100"):
        searches_of(archive, replace(dear, imported=run.created), {})


@pytest.mark.slow
def test_an_imported_population_is_measured_here_first(grown: Any, tmp_path: Path) -> None:
    archive, run, population = grown
    export_archive(archive, tmp_path / "pop.gz")
    with Archive.open(tmp_path / "other.db") as other:
        import_file(other, tmp_path / "pop.gz")
        notes: list[str] = []
        assert CSRO(other, other.runs.get(run.nickname), note=notes.append).execute() == "done"
        again = population_of(other, other.runs.get(run.nickname), DUELS)
        assert f"pop was imported: its {len(population.members)} members are measured here first" in notes
        assert all(member.imported is None for member in again.members)
        assert told(again) == told(population)
