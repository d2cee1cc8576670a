"""Draws a child of a rule: one edit or a few, kept only if the child is sound and new."""

from __future__ import annotations

from collections import Counter

from evolve.offline.canonical import read_canonical
from evolve.offline.describe import describe
from evolve.offline.draws import Generator, weighted
from evolve.offline.edit import Edit, NotApplicable
from evolve.offline.fingerprint import fingerprint
from evolve.offline.inference import analyse
from evolve.offline.program import Program, write_program
from evolve.offline.registry import OPERATORS
from evolve.offline.syntax import reads
from evolve.offline.tidying import polish_program

_ATTEMPTS = 60


def mutate(source: str, rng: Generator, *, strength: float = 1.0) -> Edit:
    """Return a child of a rule.

    Parameters
    ----------
    source
        A module that defines one CFR rule.
    rng
        Decides everything; equal states give equal children.
    strength
        Scales the steps of constants and the number of edits; 0.5 fine-tunes, 1 is usual, 2 and more jump.

    Raises
    ------
    NotApplicable
        If the source is no CFR rule, or (which is unlikely) no drawn edit leaves a sound, new program.
    """
    if not strength > 0:
        raise ValueError(f"strength must be positive; got {strength}")
    parent = Parent(source)
    for _ in range(_ATTEMPTS):
        wanted = _edits(rng, strength)
        program = parent.programs[0].copy()
        told: list[str] = []
        names: list[str] = []
        for _ in range(4 * wanted):
            operator = weighted(rng, OPERATORS, [operator.weight for operator in OPERATORS])
            try:
                told.append(operator.apply(program, rng, strength))
            except NotApplicable:
                continue
            names.append(operator.name)
            if len(names) == wanted:
                break
        if names:
            child = parent.finish(program)
            if child is not None:
                return Edit(child, "+".join(names), "; ".join(told))
    raise NotApplicable("no edit that was drawn leaves a sound, new program")


def _edits(rng: Generator, strength: float) -> int:
    """Draw the number of edits of a child: mostly one, more with strength."""
    wanted = 1
    while wanted < 4 and rng.random() < min(0.8, 0.3 * strength):
        wanted += 1
    return wanted


class Parent:
    """What a child is compared with.

    Parameters
    ----------
    sources
        The parents' sources; a child must differ from each and may have the issues of any.

    Attributes
    ----------
    programs : list of Program
        The parents, taken apart; copy before changing.
    """

    def __init__(self, *sources: str) -> None:
        self.programs = [read_canonical(source) for source in sources]
        self.fingerprints = {fingerprint(program) for program in self.programs}
        self.issues: Counter[str] = Counter()
        for program in self.programs:
            self.issues |= analyse(program).issues

    def finish(self, program: Program) -> str | None:
        """Tidy an edited program and return its source, or None if it is unsound or nothing new."""
        issues = polish_program(program).issues
        if not sound(program) or issues - self.issues or fingerprint(program) in self.fingerprints:
            return None
        describe(program)
        return write_program(program)


def sound(program: Program) -> bool:
    """Whether regrets still enter the state, the state the policy, and the policy the average."""
    observed = program.parameter("observe", 1)
    played = program.parameter("accumulate", 1)
    state = {f"self.{name}" for name in program.state()}
    return (
        any(observed in reads(statement) for statement in program.body("observe"))
        and any(played in reads(statement) for statement in program.body("accumulate"))
        and any(state & reads(statement) for statement in program.body("policy"))
    )
