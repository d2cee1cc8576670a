"""Islands, migration and the choice of parents."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashforge.archive import Status
from nashforge.evolve.config.run import load_config
from nashforge.evolve.proposers.base import Failure, Individual
from nashforge.evolve.search.population.islands import Population
from nashforge.evolve.search.strategies import make_strategy
from nashforge.evolve.search.strategies.evolution import MODELS, Evolution, Steps
from nashforge.evolve.search.strategies.from_one import FromOne


def individual(index, train, island=0, parts=(), validation=None):
    return Individual(
        index=index,
        candidate_id=index,
        hash=f"h{index}",
        nickname=f"n{index}",
        source="",
        train=train,
        validation=validation,
        island=island,
        parts=parts,
    )


def test_an_island_keeps_its_best_and_each_program_once():
    population = Population(islands=1, size=3, migrate_every=99)
    kept = [population.add(individual(k, float(k % 4))) for k in range(8)]
    assert [m.train for m in population.islands[0].members] == [3.0, 3.0, 2.0]
    assert kept == [True, True, True, True, False, False, True, True]
    assert not population.add(population.islands[0].members[0])


def test_ties_go_to_the_older_program():
    population = Population(islands=1, size=2, migrate_every=99)
    for k in range(3):
        population.add(individual(k, 1.0))
    assert [m.index for m in population.islands[0].members] == [0, 1]


def test_the_best_migrates_round_the_ring_but_no_migrant_moves_on():
    population = Population(islands=3, size=30, migrate_every=2)
    population.add(individual(0, 5.0))
    population.add(individual(1, 4.0))
    moved = population.islands[1].members
    assert [(m.index, m.migrated, m.island) for m in moved] == [(0, True, 1)]
    population.add(individual(2, 1.0, island=1))
    population.add(individual(3, 2.0, island=1))
    assert [m.index for m in population.islands[2].members] == [3]


def test_better_parents_are_drawn_more_often_and_those_with_many_children_less():
    population = Population(islands=1, size=10, migrate_every=99)
    for k in range(5):
        population.add(individual(k, -5.0 + k))
    rng = np.random.default_rng(0)
    drawn = Counter(population.choose(0, rng).index for _ in range(2000))
    assert drawn[4] > drawn[2] > drawn[0]
    population.children["h4"] = 20
    again = Counter(population.choose(0, rng).index for _ in range(2000))
    assert again[4] < drawn[4] / 3
    assert all(population.choose(0, rng, exclude="h4").index != 4 for _ in range(50))


def test_what_only_fits_the_training_games_loses_its_place():
    population = Population(islands=1, size=2, migrate_every=99, by="both")
    population.add(individual(0, 2.0, validation=1.8))
    population.add(individual(1, 3.0, validation=0.0))
    population.add(individual(2, 1.9, validation=1.7))
    assert [m.index for m in population.islands[0].members] == [0, 2]
    assert population.best().index == 0


@given(
    gaps=st.lists(st.floats(-5, 5), min_size=1, max_size=9), train=st.floats(-10, 10), step=st.floats(0.01, 5)
)
def test_what_is_not_validated_is_expected_to_be_like_the_median_of_what_is(gaps, train, step):
    population = Population(islands=1, size=40, migrate_every=99, by="both")
    for k, gap in enumerate(gaps):
        population.add(individual(k, 0.0, validation=gap))
    middle = float(np.median(gaps))
    unknown = population.parent_fitness(individual(50, train))
    assert unknown == pytest.approx(
        population.parent_fitness(individual(51, train, validation=train + middle))
    )
    assert unknown < population.parent_fitness(individual(52, train, validation=train + middle + step))


def test_training_fitness_alone_decides_unless_asked_otherwise():
    population = Population(islands=1, size=9, migrate_every=99)
    for k, train in enumerate([1.0, 3.0, 2.0]):
        population.add(individual(k, train, validation=-train))
    assert [m.index for m in population.islands[0].members] == [1, 2, 0]


def test_inspirations_are_others_best_first():
    population = Population(islands=1, size=10, migrate_every=99)
    for k in range(6):
        population.add(individual(k, float(k)))
    chosen = population.inspirations(0, population.islands[0].members[0], np.random.default_rng(1))
    assert [c.index for c in chosen[:2]] == [4, 3]
    assert chosen[2].index in {0, 1, 2}


def test_sizes_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="4 islands"):
        Population(islands=4, size=3, migrate_every=1)


def test_strategies_differ_in_the_parent_only():
    rng = np.random.default_rng(0)
    for strategy, parents in ((FromOne(), {0}), (FromOne(climb=True), {2})):
        for k, train in enumerate([1.0, 0.5, 2.0, 1.5]):
            strategy.tell(individual(k, train))
        requests = [strategy.ask(k, rng, ()) for k in range(30)]
        assert {r.parent.index for r in requests} == parents
        assert {r.operator for r in requests} == {"mutate", "rewrite"}


def test_evolution_takes_turns_between_islands_and_larger_steps_when_stuck():
    strategy = Evolution(Population(islands=3, size=30, migrate_every=99), stagnation=5)
    strategy.tell(individual(0, 1.0))
    rng = np.random.default_rng(0)
    assert [strategy.ask(k, rng, ()).island for k in range(6)] == [0, 1, 2, 0, 1, 2]
    strategy.tell(individual(1, 2.0, island=1))
    fresh = Counter(strategy.ask(1, rng, ()).operator for _ in range(500))
    for k in range(5):
        strategy.tell(individual(k + 2, 0.1, island=1))
    stuck = Counter(strategy.ask(1, rng, ()).operator for _ in range(500))
    assert stuck["rewrite"] > 1.5 * fresh["rewrite"]
    crossed = next(r for r in (strategy.ask(1, rng, ()) for _ in range(100)) if r.operator == "crossover")
    assert crossed.partner is not None
    assert crossed.partner.hash != crossed.parent.hash


def test_larger_steps_come_after_exactly_so_many_outcomes_and_a_tie_is_no_progress():
    strategy = Evolution(
        Population(islands=1, size=9, migrate_every=99), 3, Steps({"small": 1.0}, {"large": 1.0})
    )
    operators = []
    for k, train in enumerate([1.0, 0.5, 1.0, 0.5, 2.0]):
        strategy.tell(individual(k, train))
        operators.append(strategy.ask(k, np.random.default_rng(0), ()).operator)
    assert operators == ["small", "small", "small", "large", "small"]


def test_children_are_counted_for_the_choice_of_parents():
    strategy = Evolution(Population(islands=1, size=9, migrate_every=99), stagnation=5)
    for k in range(2):
        strategy.tell(individual(k, 1.0))
    for _ in range(50):
        strategy.asked("h0")
    rng = np.random.default_rng(0)
    drawn = Counter(strategy.population.choose(0, rng).index for _ in range(300))
    assert drawn[1] > 10 * drawn[0]


def test_an_agent_with_few_programs_left_is_given_the_best_few_and_the_newest_best_at_once():
    """A scripted agent writes 99 programs, two ahead of what is told; most are worse than their parents."""
    config = load_config({"domain": "psro", "proposer": "agent", "max_evaluations": 100, "lookahead": 2})
    assert (config.islands, config.population.size) == (1, 12)
    strategy, rng = make_strategy(config), np.random.default_rng(3)
    told, waiting, late = [individual(0, 0.0)], [], []
    strategy.tell(told[0])
    newest = 0  # asks since the best was told
    for index in range(1, 100):
        request = strategy.ask(index, np.random.default_rng([7, index]), ())
        strategy.asked(request.parent.hash)
        ranks = sorted(told, key=lambda one: -one.train)
        assert ranks.index(request.parent) < max(3, len(told) // 10)
        late.append(newest)
        newest = 0 if request.parent is ranks[0] else newest + 1
        waiting.append(individual(index, request.parent.train + float(rng.normal(-0.3, 0.5))))
        if len(waiting) == 2:
            told.append(waiting.pop(0))
            strategy.tell(told[-1])
    assert max(late) <= 12, "the best is not left alone for long"
    assert sum(wait == 0 for wait in late) > 99 / 3, "it is the parent more often than others"


def test_programs_of_models_and_agents_are_one_population_unless_somebody_says_otherwise():
    for proposer in ("agent", "agent,offline", ["openai:m@http://127.0.0.1:1"]):
        few = load_config({"domain": "psro", "proposer": proposer})
        assert (few.islands, few.population.size) == (1, 12)
    assert load_config({"domain": "psro", "proposer": "agent", "islands": 2}).islands == 2
    for options in ({}, {"proposer": "offline"}):
        many = load_config({"domain": "psro", **options})
        assert (many.islands, many.population.size) == (3, 40)


def test_a_failure_is_mended_once_on_its_own_island():
    strategy = Evolution(Population(islands=2, size=9, migrate_every=99), 5, MODELS)
    seed = individual(0, 1.0)
    strategy.tell(seed)
    broken = Failure(
        "source", Status.CRASHED, "ouch", seed, index=3, candidate_id=3, island=1, operator="diff"
    )
    rng = np.random.default_rng(0)
    assert strategy.ask(4, rng, (broken,)).operator != "repair", "another island's"
    mending = strategy.ask(5, rng, (broken,))
    assert (mending.operator, mending.failure, mending.parent) == ("repair", broken, seed)
    assert strategy.ask(7, rng, (broken,)).operator != "repair", "tried before"
    for other in (
        replace(broken, index=4, operator="repair"),
        replace(broken, index=5, status=Status.TIMEOUT),
        replace(broken, index=6, source=None),
    ):
        assert strategy.ask(9, rng, (other,)).operator != "repair"


@pytest.mark.parametrize("stuck", [False, True])
def test_nothing_is_taken_out_of_a_program_of_the_library(stuck):
    """Of a bare start program there is nothing to ablate or to simplify: another task takes the place."""
    rng = np.random.default_rng(0)
    asked = {}
    for bare in (True, False):
        strategy = Evolution(Population(islands=1, size=9, migrate_every=99), 0 if stuck else 99, MODELS)
        strategy.tell(replace(individual(0, 1.0), seed=True, bare=bare))
        asked[bare] = {strategy.ask(k, rng, ()).operator for k in range(300)}
    assert asked[True] == {"edit", "design"} if not stuck else {"design", "edit"}
    assert asked[False] > {"ablate"}
    assert not {"ablate", "simplify"} & asked[True]


def test_hill_climbing_moves_to_programs_that_are_as_good():
    strategy = FromOne(climb=True)
    for k, train in enumerate([1.0, 1.0, 0.5]):
        strategy.tell(individual(k, train))
    assert strategy.ask(3, np.random.default_rng(0), ()).parent.index == 1


def test_programs_that_none_beats_in_every_part_of_an_objective_stay():
    population = Population(islands=1, size=3, migrate_every=99)
    parts = {0: (5.0, 0.0), 1: (4.0, 0.5), 2: (0.0, 3.0), 3: (3.9, 0.4), 4: (0.0, 2.0)}
    for index, values in parts.items():
        population.add(individual(index, sum(values), parts=values))
    # By the sum alone, the program of index 3 would have stayed instead of that of index 2.
    assert [member.index for member in population.islands[0].members] == [0, 1, 2]
    assert population.best().index == 0
    crowded = Population(islands=1, size=2, migrate_every=99)
    for index, values in {0: (5.0, 0.0), 1: (0.0, 3.0), 2: (2.0, 2.0)}.items():
        crowded.add(individual(index, sum(values), parts=values))
    # Where all are of the front, the sum decides.
    assert [member.index for member in crowded.islands[0].members] == [0, 2]


def test_the_best_by_training_and_validation_stays_though_others_train_better():
    population = Population(islands=1, size=2, migrate_every=99, by="both")
    population.add(individual(0, 2.0, parts=(1.0, 1.0), validation=9.0))
    population.add(individual(1, 3.5, parts=(2.0, 1.5), validation=-5.0))
    population.add(individual(2, 3.0, parts=(1.0, 2.0), validation=-5.0))
    assert population.best().index == 0
    assert len(population.islands[0].members) == 2


def test_what_is_learned_on_one_island_puts_the_others_in_order():
    population = Population(islands=2, size=8, migrate_every=99, by="both")
    population.add(individual(0, 1.0))
    population.add(individual(1, 0.9, validation=0.9))
    assert population.islands[0].best().index == 0
    for index in (2, 3):
        population.add(individual(index, 0.5, island=1, validation=-2.0))
    assert [member.index for member in population.islands[0].members] == [1, 0]
    assert population.best().index == 1
