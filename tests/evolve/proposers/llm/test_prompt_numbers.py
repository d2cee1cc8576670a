"""Numbers in prompts: what decides, what the clip hides, the noise, curves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nashforge.evolve.config.run import load_config
from nashforge.evolve.domains import domain
from nashforge.evolve.evaluation.labels import label, shortened
from nashforge.evolve.proposers.base import Individual, Request
from nashforge.evolve.proposers.families import letters
from nashforge.evolve.proposers.llm.context.numbers import thinned
from nashforge.evolve.proposers.llm.feedback import load_feedback
from nashforge.evolve.proposers.llm.prompter import make_prompter
from nashforge.evolve.proposers.llm.prompting import Context, Prompter
from nashforge.evolve.proposers.memory import Noise

from .prompts import PARENT, POINTS, WORK, memory, prompter, request


@pytest.mark.parametrize("count", [1, 5, 12])
def test_curves_are_thinned_evenly_in_the_logarithm(count):
    curve = tuple((t, 1.0) for t in range(1, 1001))
    points = [t for t, _ in thinned(curve, count)]
    assert len(points) == count
    assert points[-1] == 1000
    if count > 2:
        assert points[0] == 1
        steps = np.diff(np.log(points[4:])) if count > 5 else np.diff(np.log(points))
        assert max(steps) < 2 * min(steps)


def test_what_decides_tells_the_fitness_as_it_is(stages):
    """Horizons, drawn scales, several references, clip, floor, worst; other families, further disguises."""
    train, validation = stages
    fitness = WORK.fitness.model_copy(update={"worst": 0.25})
    drawn = [t.model_copy(update={"scale": 0.25 * 8**k}) for k, t in enumerate(train.trials)]
    short = [shortened(t.model_copy(update={"iterations": 100})) for t in drawn]
    train = train.model_copy(update={"fitness": fitness, "trials": (*short, *drawn)})
    context = Context(
        validation=validation, letters=letters(WORK, validation), parents_by="both", apart=True, copies=2
    )
    words = " ".join(Prompter(WORK, train, load_feedback("dense"), context=context).system.split())
    for said in (
        "the best of aod_cfr, dcfr_plus, hs_pcfr_plus and pdcfr_plus in the same game after as many",
        "Both count as 1e-08 of the range of the game's payoffs at least",
        "for 100 and 1,000 iterations, each of which counts",
        "The payoffs of all games are multiplied (each by a power of two that is drawn for this search)",
        "No game counts more than 2 orders of magnitude",
        "the worst game alone 0.25",
        "none of which is a family of training",
        "it is measured again in 2 further disguises",
        "3. the game of 1, 1,000 iterations",
    ):
        assert said in words, said
    assert "0.25, 2" not in words
    assert "multiplied by 2" not in words
    assert "x 0.25" not in words, "a factor that is told could be tuned to"

    named = tuple(t.model_copy(update={"label": label(t.game, scale=t.scale)}) for t in drawn)
    factors = Prompter(WORK, train.model_copy(update={"trials": named}), load_feedback("dense")).system
    assert "multiplied (x 0.25 and x 2)" in factors
    plain = prompter(stages).system
    assert "The payoffs of " not in plain
    assert "Games are played for" not in plain


def test_what_the_clip_hides_is_told_beside_what_counts(stages):
    far = replace(PARENT, scores={"kuhn_poker": 1e-4, "leduc_poker": 2.0})
    text = prompter(stages).prompt(replace(request(), parent=far)).user
    assert "- game 2: 2, fitness -2.00 (clipped, else -3.30)" in text
    assert "- game 1: 0.0001, fitness +1.00 (best" in text


def test_validation_of_a_run_is_on_families_of_its_own(archive, tiny):
    config = load_config({"domain": "cfr"})
    text = make_prompter(archive, config, WORK, config.stages(WORK)["train"]).system
    assert "none of which is a family of training" in text
    same = tiny()
    prompter = make_prompter(archive, same, WORK, same.stages(WORK)["train"])
    assert "then measured on validation" in prompter.system
    assert "none of which" not in prompter.system


def test_the_noise_is_told_where_it_is_known(stages):
    known = replace(memory(), noise=Noise(0.12, 0.0849, 0.06, 2))
    text = " ".join(prompter(stages).prompt(request(memory=known)).user.split())
    assert "validation fitness moves by 0.120" in text
    assert (
        "differ by less than 0.085 cannot be told apart, or 0.060 where both programs were measured" in text
    )
    assert "The noise" not in prompter(stages).prompt(request()).user


def test_a_curve_of_a_shorter_horizon_is_told_only_where_it_differs(stages):
    train, validation = stages
    long, _ = train.trials
    short = shortened(long.model_copy(update={"iterations": 100, "checkpoints": WORK.checkpoints(100)}))
    both = train.model_copy(
        update={"trials": (short, long), "references": {short.label: 1e-3, long.label: 1e-3}}
    )
    curve = tuple((t, 0.1 / t) for t in POINTS)
    beginning = tuple((t, 0.1 / t) for t in WORK.checkpoints(100))
    other = tuple((t, 0.3 / t) for t in WORK.checkpoints(100))
    made = prompter((both, validation))
    values = {short.label: 1e-3, long.label: 1e-4}
    for early, said in ((beginning, True), (other, False)):
        program = replace(PARENT, scores=values, curves={short.label: early, long.label: curve}, measures={})
        text = made.prompt(replace(request(), parent=program)).user
        assert ("; until there as game 2" in text) == said
        lines = [line for line in text.splitlines() if line.startswith(("- game 1: 0.1,", "- game 1: 0.3,"))]
        assert len(lines) == (not said)
        assert text.count(long.label) == 1, "its name stands in the list alone"
        assert "Games by number: 1 kuhn_poker (100 iterations); 2 the game of 1, 1,000 iterations." in text


def test_times_and_counts_of_policies_are_no_curves_of_meta_solvers():
    work = domain("psro")
    train = work.stage("train", "psro-train", 10, work.fitness)
    game = train.trials[0].label
    points = tuple((t, 0.5) for t in (1, 5, 10))
    measures = {name: {game: points} for name in ("solver_seconds", "elapsed", "policies", "distinct")}
    uniform = work.source("uniform")
    program = Individual(
        0, 0, "a", "a", uniform, 0.0, scores={game: 1.0}, curves={game: points}, measures=measures
    )
    made = Prompter(work, train, load_feedback("dense"))
    text = made.prompt(Request(1, "edit", program, np.random.default_rng(0))).user
    assert "- game 1, distinct policies, mean over players: 0.5, 0.5, 0.5" in text
    for useless in ("time in the meta-solver", "time until here", "policies in each population"):
        assert useless not in text
