"""Answers as text: what an agent that reads prose is given."""

from __future__ import annotations

from nashforge.evolve.agents.answers import Asked, GameValue, Told


def asked_text(answer: Asked, tell: str = "nashforge tell") -> str:
    """Return the tasks as one prompt: the interface once, then each with its token.

    Parameters
    ----------
    tell
        How a program is told, up to the token.
    """
    parts = []
    if answer.interface is not None and answer.interface.text is not None:
        parts.append(answer.interface.text)
    for task in answer.tasks:
        lines = [
            f"# Task: {task.kind} of {task.parent.program} (candidate {task.index} of the run {answer.run})",
            "",
            f"Token: {task.token}, held until {task.expires} ({task.seconds:g} s).",
            "",
            task.prompt,
        ]
        if task.rejected:
            lines += ["", "# Children of the same parent that were no gain; do not repeat them", ""]
        for child in task.rejected:
            fitness = "" if child.fitness is None else f", fitness {child.fitness:.3f}"
            reason = " ".join((child.reason or "").split())[:300]
            why = f": {reason}" if reason else ""
            lines.append(f"- {child.status}{fitness}; {child.note or 'no note'}{why}")
        lines += [
            "",
            "# How to answer",
            "",
            "Write the whole program, or SEARCH/REPLACE blocks, to a file, then:",
            "",
            f'    {tell} {task.token} FILE --note "what was changed, and why"',
        ]
        parts.append("\n".join(lines))
    parts.append(_budget(answer))
    return "\n\n".join(parts) + "\n"


def _budget(answer: Asked) -> str:
    budget = answer.budget
    lines = [
        "# Budget",
        "",
        f"{budget.evaluated} of {budget.limit} programs are evaluated, {budget.left} are left:",
        f"{budget.means}.",
        f"Next: {answer.message}.",
    ]
    if answer.retry_seconds is not None:
        lines.append(f"Ask again in {answer.retry_seconds:g} s, or with --wait.")
    return "\n".join(lines)


def told_text(answer: Told) -> str:
    """Return what became of a program as text."""
    name = f" {answer.program}" if answer.program else ""
    lines = [f"{answer.status}:{name} (candidate {answer.index} of {answer.run})"]
    if answer.fitness is not None:
        validation = "not validated" if answer.validation is None else f"{answer.validation:.4f}"
        place = f"rank {answer.rank} of {answer.of}{', the new best' if answer.new_best else ''}"
        parent = _number(answer.parent_fitness)
        lines.append(f"fitness {answer.fitness:.4f} (parent {parent}), validation {validation}, {place}")
    lines += [_game(game, value) for game, value in answer.games.items()]
    if answer.reason:
        lines.append(answer.reason)
    if answer.repair_token is not None:
        lines.append(f"repair token: {answer.repair_token}")
    lines.append(f"{answer.budget.left} of {answer.budget.limit} programs are left; {answer.message}")
    return "\n".join(lines)


def _game(game: str, value: GameValue) -> str:
    beside = "" if value.reference is None else f" (reference {value.reference:.3e})"
    return f"  {game}: {value.value:.3e}{beside}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
