"""All that is known of a run in one Markdown text: for an agent that begins, or has lost its thread."""

from __future__ import annotations

from nashforge.archive import Candidate
from nashforge.evolve.agents.answers.base import AgentError
from nashforge.evolve.agents.answers.verbs import RANKED_BY, GameValue
from nashforge.evolve.agents.comparing import better_since
from nashforge.evolve.agents.texts import since_then
from nashforge.evolve.agents.views import Desk
from nashforge.evolve.proposers.llm.recordings.systems import stored_system
from nashforge.evolve.results.run_status import improvements_of
from nashforge.evolve.search.population.ranking import ranked

MOST = 50
FAILURES = 8
SHOWN_REASON = 200


def bundle(desk: Desk, top: int) -> str:
    """Return the standing, the best programs, how the best came to be, recent failures and the lab book.

    Raises
    ------
    AgentError
        If not between 1 and 50 programs are asked for.
    """
    if not 1 <= top <= MOST:
        raise AgentError(f"top = {top}: between 1 and {MOST} programs can be shown")
    return (
        "\n\n".join([_standing(desk), *_best(desk, top), _ideas(desk), _failures(desk), _notes(desk)]) + "\n"
    )


def told_once(desk: Desk, task: int | None, *, interface: bool) -> str:
    """Return what short tasks leave out: a whole task by the position of its candidate, the interface.

    Raises
    ------
    AgentError
        If no agent was told such a task, or nothing is known of an interface.
    """
    asked = [one for one in desk.archive.requests.of(desk.run) if one.claimed is not None]
    found = [one for one in asked if task is None or one.index == task]
    if not found:
        which = "a task" if task is None else f"the task of candidate {task}"
        name = desk.run.nickname
        raise AgentError(f"no agent was told {which} of {name}; get one with `nashforge ask {name}`")
    parts = []
    if interface:
        parts.append(stored_system(desk.archive, desk.run, str(found[-1].payload["system"])))
    if task is not None:
        parts.append(str(found[-1].payload["user"]))
        if (better := better_since(desk, found[-1])) is not None:
            parts.append(since_then(better, desk.run.nickname))
    return "\n\n".join(parts) + "\n"


def _standing(desk: Desk) -> str:
    budget, standing = desk.budget(), desk.standing
    ended = f" ({desk.ending})" if desk.ending else ""
    return (
        f"# Run {desk.run.nickname}: domain {desk.run.domain}, {standing.state}{ended}\n\n"
        f"{budget.words}: {budget.means}. Fitness is higher for better programs; validation is on disguised "
        f"games. Programs are ranked by {RANKED_BY}.{_noise(desk)}"
    )


def _noise(desk: Desk) -> str:
    if desk.noise is None:
        return ""
    return f" Means that differ by less than {desk.noise:.3f} are within the noise of disguises."


def _best(desk: Desk, top: int) -> list[str]:
    found = [(candidate, desk.program(candidate)) for candidate in ranked(desk.archive, desk.run, top)]
    names = {value.number: game for _, program in found for game, value in program.games.items()}
    legend = "; ".join(f"{number} {game}" for number, game in names.items())
    texts = [f"Training games by number: {legend}."] if names else []
    for rank, (candidate, program) in enumerate(found, 1):
        lines = [f"## {rank}. {program.program} (candidate {program.index})", "", _fitness(candidate)]
        if program.note:
            lines += ["", program.note]
        if program.games:
            lines += ["", _table(program.games)]
        lines += ["", "```python", (program.source or "").rstrip("\n"), "```"]
        texts.append("\n".join(lines))
    return texts


def _table(games: dict[str, GameValue]) -> str:
    rows = [
        f"| {one.number} | {one.value:.4g} | {'' if one.reference is None else f'{one.reference:.4g}'} |"
        for one in games.values()
    ]
    return "\n".join(["| game | value | reference |", "|---|---|---|", *rows])


def _fitness(candidate: Candidate) -> str:
    train = "-" if candidate.train is None else f"{candidate.train:.3f}"
    validation = "not validated" if candidate.validation is None else f"{candidate.validation:.3f}"
    return f"train {train}, validation {validation}, written by {candidate.proposer}"


def _ideas(desk: Desk) -> str:
    lines = [
        f"- candidate {candidate.index}, {candidate.nickname}: {_fitness(candidate)}; "
        f"{desk.redaction(candidate.note or '')}"
        for candidate in improvements_of(desk.archive, desk.run)
    ]
    return "\n".join(["## How the best came to be", "", *lines])


def _failures(desk: Desk) -> str:
    lines = []
    for candidate in desk.archive.candidates.failures(desk.run, limit=FAILURES):
        reason = " ".join(desk.redaction(candidate.reason or "").split())
        shown = reason if len(reason) <= SHOWN_REASON else f"{reason[:SHOWN_REASON]}..."
        note = desk.redaction(candidate.note or "")
        lines.append(f"- candidate {candidate.index}: {candidate.status}; {note} {shown}")
    failed = sum(desk.standing.result.failures.values())
    if failed > len(lines):
        lines.append(f"- ({failed - len(lines)} older ones are left out)")
    return "\n".join(["## Latest failures", "", *(lines or ["None."])])


def _notes(desk: Desk) -> str:
    lines = [f"- {note.text} ({note.author or 'unknown'}, {note.created})" for note in desk.notes(None)]
    return "\n".join(["## Lab book", "", *(lines or ["Nothing is noted yet."])])
