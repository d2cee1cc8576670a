"""Answers as text: what an agent that reads prose is given."""

from __future__ import annotations

import textwrap

from nashforge.evolve.agents.answers.comparison import Gain, Standard
from nashforge.evolve.agents.answers.measured import Measured, MeasuredGame, MeasuredProgram
from nashforge.evolve.agents.answers.verbs import Asked, GameValue, Interface, Task, Told


def asked_text(answer: Asked, tell: str = "nashforge tell", measure: str | None = "nashforge measure") -> str:
    """Return the tasks as one prompt: the interface once, then each with its token.

    Parameters
    ----------
    tell
        How a program is told, up to the token.
    measure
        How variants are measured, up to the token; None: they are not.
    """
    parts = []
    if answer.interface is not None:
        parts += [] if answer.interface.text is None else [answer.interface.text]
        parts.append(_interface(answer.interface, answer.run))
    for task in answer.tasks:
        lines = [
            f"# Task: {task.kind} of {task.parent.program} (candidate {task.index} of the run {answer.run})",
            "",
            f"Token: {task.token}, held until {task.expires} ({task.seconds:g} s).",
            "",
            *_left_out(task, answer.run),
            task.prompt,
        ]
        if task.better_since is not None:
            lines += ["", since_then(task.better_since, answer.run)]
        if task.rejected:
            lines += ["", "# Children of the same parent that were no gain; do not repeat them", ""]
        for child in task.rejected:
            fitness = "" if child.fitness is None else f", fitness {child.fitness:.3f}"
            reason = " ".join((child.reason or "").split())[:300]
            why = f": {reason}" if reason else ""
            lines.append(f"- {child.status}{fitness}; {child.note or 'no note'}{why}")
        if task.rejected_left_out:
            lines.append(f"- ({task.rejected_left_out} older ones are left out)")
        if measure is not None and task.measure_seconds > 0:
            lines += _how_to_measure(f"{measure} {task.token}", task)
        lines += _how_to_answer(f"{tell} {task.token}", short=task.short)
        parts.append("\n".join(lines))
    if answer.open:
        parts.append(_open(answer))
    if answer.held:
        parts.append(_held(answer))
    parts.append(_budget(answer))
    return "\n\n".join(parts) + "\n"


def since_then(better: Standard, run: str) -> str:
    """Return what an agent is told of a better program than the parent of its task, and what it can do."""
    said = (
        f"Since this task was opened, a better program has come: {better.words}. The task stays as it is, "
        "so that the run can be repeated, and comes back with the same parent if you give it up. You may "
        f"build on the better one all the same: `nashforge context {run} --top 1` shows it; tell a whole "
        "program then, not edits. Tasks that are opened from now on know it."
    )
    heading = "# A better program since then\n\n"
    return heading + "\n".join(textwrap.wrap(said, 118, break_on_hyphens=False, break_long_words=False))


def _open(answer: Asked) -> str:
    """Return what may be claimed."""
    lines = ["# What is open", ""]
    for one in answer.open:
        fitness = "" if one.fitness is None else f" (training fitness {one.fitness:.4f})"
        lines.append(f"- candidate {one.index}, {one.kind} of {one.parent}{fitness}")
    return "\n".join(lines)


def _held(answer: Asked) -> str:
    """Return what is held under the agent's name already, and where each task can be read again."""
    lines = ["# What is held under your name already", ""]
    for one in answer.held:
        token = "" if one.token is None else f" by {one.token}"
        lines.append(
            f"- candidate {one.index}, {one.kind} of {one.parent}{token}, until {one.expires}; its task: "
            f"`nashforge context {answer.run} --task {one.index}`"
        )
        if one.better_since is not None:
            lines.append(f"  (a better program has come since it was opened: {one.better_since.words})")
    if any(one.token is None for one in answer.held):
        lines += ["", "If a token of yours got lost, `ask --full` tells it again."]
    return "\n".join(lines)


def _left_out(task: Task, run: str) -> list[str]:
    """Return what a short task leaves out, and where it can be read."""
    if not task.left_out:
        return []
    said = (
        f"Left out, as you were told it before in this run: {'; '.join(task.left_out)}. All of it: "
        f"`nashforge context {run} --task {task.index}`; with `ask --full`, nothing is left out."
    )
    return [*textwrap.wrap(said, 118, break_on_hyphens=False, break_long_words=False), ""]


def _interface(interface: Interface, run: str) -> str:
    """Return how the interface is named, so that it need not be told again."""
    if interface.text is None:
        again = f"`nashforge context {run} --interface` tells it again"
        return f"Interface {interface.hash}: as you know it ({again})."
    return f"The interface above has the hash {interface.hash}; `--interface {interface.hash}` leaves it out."


def _how_to_answer(command: str, *, short: bool) -> list[str]:
    example = (
        f'    {command} FILE --note "what was changed, and why. Mechanisms: the families that it belongs to"'
    )
    heading = ["", "# How to answer", ""]
    if short:
        return [*heading, example]
    return [*heading, "Write the answer to a file, in the form that the task says above, then:", "", example]


def _how_to_measure(command: str, task: Task) -> list[str]:
    seconds, most = task.measure_seconds, task.program_seconds
    if task.short:
        return [
            "",
            f"To measure first ({seconds:g} s of processor time are left):",
            "",
            f"    {command} FILE...",
        ]
    return [
        "",
        "# How to measure before you answer",
        "",
        "Variants, each a file like an answer, are measured beside the current program on training games.",
        f"{seconds:g} s of processor time of the programs are left for this task, however busy the machine",
        "is; the current program is booked once, and no program of the budget is spent. It pays,",
        "to choose a constant, to see what a part is worth, which of two ideas is better. Without the",
        "options, all games are played in full. In each game a program has an equal part of what is left,",
        "and is stopped there; fewer games, or fewer iterations (steps of an episode), go further.",
        *([] if most is None else _limit(most)),
        "",
        f"    {command} FILE... --games 1,3 --iterations 300",
    ]


def _limit(seconds: float) -> list[str]:
    """Return how much a program may take when it is evaluated, which is not what it may take here."""
    return [
        "",
        f"When it is evaluated, a program may take {seconds:g} s of processor time on all training games;",
        "one that takes more fails.",
    ]


def _budget(answer: Asked) -> str:
    budget = answer.budget
    lines = [
        "# Budget",
        "",
        f"{budget.words}." if budget.ended else f"{budget.words}: {budget.means}.",
        f"Next: {answer.message}.",
    ]
    if answer.tasks and answer.interrupted is None and answer.queue is not None and answer.queue.words:
        lines.append(f"Evaluation: {answer.queue.words}.")
    if answer.best is not None:
        lines.append(f"The best program now: {answer.best.words}.")
    for task in answer.tasks:
        if task.validated_from is not None:
            lines.append(f"{_validated(task.validated_from)}.")
            break
    if answer.retry_seconds is not None:
        lines.append(f"Ask again in {answer.retry_seconds:g} s, or with --wait.")
    return "\n".join(lines)


def measured_text(answer: Measured) -> str:
    """Return the values of variants as text."""
    lines = []
    for program in (*answer.programs, answer.current):
        lines.append(f"{program.name}{_said_of(program)}")
        if program.reason is not None:
            lines += (f"  {line}" for line in program.reason.splitlines())
        if program.unreached:
            some = ", ".join(map(str, program.unreached))
            lines.append(f"  not measured for want of processor time: game {some}")
        for found in program.games.values():
            lines.append(f"  {_measured_game(found)}")
            if len(found.curve) > 1:
                curve = ", ".join(f"{point:,}: {value:.1e}" for point, value in found.curve)
                lines += textwrap.wrap(curve, 96, initial_indent="    ", subsequent_indent="    ")
    if answer.best is not None and answer.best.fitness is not None:
        lines.append(f"the best program now: {answer.best.words}")
    if answer.validated_from is not None:
        lines.append(_validated(answer.validated_from))
    lines.append(
        f"{answer.seconds:.1f} s of processor time, {answer.seconds_left:.1f} s are left; {answer.message}"
    )
    return "\n".join(lines)


def measured_piece(name: str, game: MeasuredGame) -> str:
    """Return a result in one game, as it comes."""
    return f"{name}, {_measured_game(game)}"


def _measured_game(found: MeasuredGame) -> str:
    beside = "" if found.gain is None else f" ({found.gain:+.3f})"
    return (
        f"game {found.number}: {found.value:.3e}{beside} after {found.iterations:,} iterations"
        f"{_counts(found.fitness, found.log_ratio)}"
    )


def _validated(threshold: float) -> str:
    """Return from what training fitness on a program is validated."""
    return f"Programs are validated from a training fitness of {threshold:.4f} on"


def _said_of(program: MeasuredProgram) -> str:
    if program.reason is not None:
        return ": failed"
    said = []
    if program.gain is not None:
        said.append(f"gain {program.gain:+.3f} over the current program")
    if program.fitness is not None:
        beside = [
            f"{difference:+.4f} {to}"
            for difference, to in (
                (program.over_parent, "to the parent"),
                (program.over_start, "to the start"),
            )
            if difference is not None
        ]
        told = f" ({', '.join(beside)})" if beside else ""
        said.append(f"training fitness {program.fitness:+.4f}{told}")
    return f": {', '.join(said)}" if said else ""


def _counts(fitness: float | None, log_ratio: float | None) -> str:
    """Return what a game counts in fitness, and what it would without the clip where that differs."""
    if fitness is None:
        return ""
    clipped = log_ratio is not None and abs(log_ratio - fitness) > 1e-9
    return f", fitness {fitness:+.2f}{f' (clipped, else {log_ratio:+.2f})' if clipped else ''}"


def told_text(answer: Told) -> str:
    """Return what became of a program as text."""
    name = f": {answer.program}" if answer.program else ""
    lines = [f"{answer.status}{name} (candidate {answer.index} of {answer.run})"]
    if answer.reason:
        lines.append(answer.reason)
    if answer.taken is False and answer.warning is not None:
        lines.insert(0, f"NOT TAKEN: {answer.warning}")
    if answer.fitness is not None:
        validation = "not validated" if answer.validation is None else f"{answer.validation:.4f}"
        parent = _number(answer.parent_fitness)
        lines.append(f"training fitness {answer.fitness:.4f} (parent {parent}), validation {validation}")
        lines += [
            f"{_gain(gain)} {to}"
            for gain, to in (
                (answer.over_parent, "compared with the parent"),
                (answer.over_start, "compared with the start of the run"),
            )
            if gain is not None
        ]
        new = ", the new best" if answer.new_best else ""
        lines.append(f"rank {answer.rank} of {answer.of} by {answer.ranked_by}{new}{_behind(answer)}")
        if answer.validation is None and answer.validated_from is not None:
            lines.append(f"{_validated(answer.validated_from)}; this one is below")
    if answer.best is not None and not answer.new_best:
        lines.append(f"the best program now: {answer.best.words}")
    if answer.families:
        told = ", ".join(f"{letter} {value:+.2f}" for letter, value in answer.families.items())
        lines.append(f"validation by family: {told}")
    lines += [_game(game, value) for game, value in answer.games.items()]
    if answer.repair_token is not None:
        lines.append(f"repair token: {answer.repair_token}")
    if answer.warning is not None and answer.taken is not False:
        lines.append(f"note: {answer.warning}")
    if answer.queue is not None and answer.queue.words:
        lines.append(answer.queue.words)
    if answer.better_since is not None:
        lines.append(
            f"note: a better program than the parent has come since this task was opened: "
            f"{answer.better_since.words}; tasks that are opened from now on know it"
        )
    lines.append(f"{answer.budget.words}; {answer.message}")
    return "\n".join(lines)


def _game(game: str, value: GameValue) -> str:
    beside = "" if value.reference is None else f" (reference {value.reference:.3e})"
    name = game if value.number is None else f"game {value.number}"
    return f"  {name}: {value.value:.3e}{beside}{_counts(value.fitness, value.log_ratio)}"


def _behind(answer: Told) -> str:
    """Return how far a program is behind the best, and whether that is within the noise."""
    if not answer.behind:
        return ""
    said = f"; {answer.behind:.4f} behind the best"
    if answer.noise is None:
        return said
    return f"{said}, {'within' if answer.behind < answer.noise else 'beyond'} the noise ({answer.noise:.4f})"


def _gain(gain: Gain) -> str:
    """Return how much better a program is, by kind of games."""
    kinds = (("training", gain.train), ("validation", gain.validation))
    return ", ".join(f"{kind} {value:+.4f}" for kind, value in kinds if value is not None)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
