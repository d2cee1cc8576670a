"""The prompt that a run would send next, from what is stored; nothing is sent or evaluated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from archive import Archive, ModelCall, Run
from evolve.config import RunConfig
from evolve.domains import domain
from evolve.llm.feedback import load_feedback
from evolve.llm.prices import most_tokens, usual_tokens
from evolve.llm.prompting import Prompter
from evolve.llm.providers.base import Prompt
from evolve.proposal import Individual, Request
from evolve.records import curves_of, stored_outcome
from evolve.run import resumed_config
from evolve.scoreboard import Scoreboard
from evolve.strategies import Strategy, make_strategy


@dataclass(frozen=True)
class Preview:
    """A prompt, and about how many tokens it has.

    Attributes
    ----------
    operator : str
        What is asked for.
    tokens, most : int
        An estimate for code and English, and an upper bound.
    """

    operator: str
    prompt: Prompt
    tokens: int
    most: int


def preview(
    archive: Archive, run: Run, config: RunConfig | None = None, operator: str | None = None
) -> Preview:
    """Return the prompt that a run would send next.

    Parameters
    ----------
    config
        Its configuration, with what is to be tried out; by default as it would be resumed.
    operator
        Ask for this one instead of what the strategy would choose.

    Raises
    ------
    prompts.PromptError
        If the domain has no prompts, or one of them cannot be rendered.
    """
    chosen = config or resumed_config(archive, run)
    if chosen.offline:
        # What a model would be told if it took over.
        chosen = chosen.model_copy(update={"proposer": "model"})
    work = domain(chosen.domain)
    train = work.stage("train", chosen.train, chosen.horizon, chosen.fitness)
    if chosen.fitness.kind == "log_ratio":
        reference = archive.add_program(work.source(chosen.fitness.reference), work.name)
        known = archive.cached_evaluation(
            reference, suite_digest=train.digest, evaluator=work.evaluator, split="train"
        )
        if known is not None:
            curves = curves_of(known.scores, work.metric)
            values = {game: points[-1][1] for game, points in curves.items()}
            train = train.model_copy(update={"references": values})
    prompter = Prompter(work, train, load_feedback(chosen.feedback), chosen.prompts)
    board, strategy = Scoreboard(chosen.verify), make_strategy(chosen)
    index = _retell(archive, run, chosen, board, strategy)
    if index == 0:
        source = work.source(work.seed)
        strategy.tell(Individual(0, 0, "seed", work.seed, source, 0.0))
        index = 1
    request = strategy.ask(index, np.random.default_rng([chosen.seed, index, 0]), board.failures)
    if operator is not None:
        request = _as(request, operator)
    return _preview(request.operator, prompter.prompt(request))


def _retell(archive: Archive, run: Run, config: RunConfig, board: Scoreboard, strategy: Strategy) -> int:
    """Tell a run's outcomes again; return the position of the next candidate."""
    metric = domain(config.domain).metric
    programs = archive.programs_of(run)
    index = 0
    for candidate, evaluations in archive.outcomes(run):
        index = candidate.index + 1
        if candidate.status.finished:
            program = None if candidate.program is None else programs[candidate.program]
            individual, _ = board.tell(
                stored_outcome(candidate, evaluations, metric, config.fitness), program
            )
            if individual is not None:
                strategy.tell(individual)
    return index


def _as(request: Request, operator: str) -> Request:
    partner = request.partner
    if operator == "crossover" and partner is None:
        partner = request.inspirations[0] if request.inspirations else request.parent
    return replace(
        request, operator=operator, partner=partner if operator == "crossover" else None, failure=None
    )


def sent(archive: Archive, run: Run, call: ModelCall) -> Preview:
    """Return the prompt of a stored call, as it was sent."""
    digest = str(call.request.get("system", ""))
    system = str(archive.get_state(run, f"system {digest}", ""))
    return _preview(str(call.request.get("purpose", "")), Prompt(system, str(call.request.get("user", ""))))


def _preview(operator: str, prompt: Prompt) -> Preview:
    texts = prompt.system, prompt.user
    return Preview(operator, prompt, sum(map(usual_tokens, texts)), sum(map(most_tokens, texts)))
