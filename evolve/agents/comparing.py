"""Programs of a run beside each other: the start, the best, what came after a task was opened."""

from __future__ import annotations

from collections.abc import Sequence

from nashforge.archive import Candidate, Status
from nashforge.archive.agents import AgentRequest
from nashforge.evolve.agents.answers.comparison import Gain, Standard
from nashforge.evolve.agents.views import Desk
from nashforge.evolve.proposers.order import asked_after
from nashforge.evolve.search.population.ranking import merit, merit_of, ranked
from nashforge.evolve.search.population.starts import OPERATOR
from nashforge.evolve.search.scoreboard import validated_from


def standard(candidate: Candidate | None) -> Standard | None:
    """Return a program that others are compared with; None if there is none."""
    if candidate is None or candidate.nickname is None:
        return None
    return Standard(
        index=candidate.index,
        program=candidate.nickname,
        fitness=candidate.train,
        validation=candidate.validation,
    )


def best_of(desk: Desk) -> Standard | None:
    """Return the best program of a run now."""
    return standard(desk.standing.result.best)


def start_of(desk: Desk) -> Standard | None:
    """Return the strongest program that a run started from."""
    seed = desk.standing.result.seed
    return standard(seed) if seed is not None and seed.status is Status.OK else None


def over(program: Candidate, train: float | None, validation: float | None) -> Gain | None:
    """Return by how much a program's fitness exceeds another's; None if neither kind can be compared."""
    gain = Gain(train=less(program.train, train), validation=less(program.validation, validation))
    return None if gain.train is None and gain.validation is None else gain


def less(value: float | None, other: float | None) -> float | None:
    """Return the difference of two fitnesses; None if one is not known."""
    return None if value is None or other is None else value - other


def better_since(desk: Desk, request: AgentRequest) -> Standard | None:
    """Return the best program, if its outcome came after a request was opened and its parent is behind it.

    What a request is made from stays, so that the run can be repeated; but an agent may build on any program.
    """
    parent = request.payload["parent"]
    for best in ranked(desk.archive, desk.run, 1):
        told = best.finished is not None and best.finished > request.opened
        behind = merit_of(parent.get("fitness"), parent.get("validation")) < merit(best)
        if told and behind and best.program != parent.get("hash") and best.id != request.candidate_id:
            return standard(best)
    return None


def threshold(desk: Desk, index: int) -> float | None:
    """Return the training fitness from which on the candidate at a position is validated.

    It follows from the outcomes that were told when the candidate was asked for. None: that is not known, or
    whatever works is validated.
    """
    settings = desk.standing.settings
    lookahead, top = settings.get("lookahead"), settings.get("validate_top")
    if not isinstance(lookahead, int) or not isinstance(top, int) or settings.get("challenger"):
        return None
    candidates = desk.archive.candidates.of(desk.run)
    trained, seed = _known(candidates, index, lookahead)
    return validated_from(sorted(trained, reverse=True)[:top], seed)


def _known(candidates: Sequence[Candidate], index: int, lookahead: int) -> tuple[list[float], float | None]:
    """Return the training fitness of what had been told when a candidate was asked for, and of the start."""
    starts = sum(candidate.operator == OPERATOR for candidate in candidates)
    late = max((asked_after(one) for one in candidates if one.index == index), default=0)
    told = max(late, starts, index - lookahead + 1)
    before = [one for one in candidates if one.index < told and one.status is Status.OK]
    own = [one for one in before if one.operator == OPERATOR]
    seed = max(own, key=merit, default=None)
    return [one.train for one in before if one.train is not None], None if seed is None else seed.train
