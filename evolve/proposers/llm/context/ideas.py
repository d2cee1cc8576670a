"""The memory of a search as lines of a prompt: the most informative ideas where there are too many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from nashforge.evolve.evaluation.messages import Stage
from nashforge.evolve.proposers.llm.context.numbers import numbers_of, shares
from nashforge.evolve.proposers.memory import Idea, Memory, Noise

LONGEST_SAID, LONGEST_REASON = 220, 160


@dataclass(frozen=True)
class Line:
    """An idea in a prompt.

    Attributes
    ----------
    idea : Idea
        What there is to tell.
    said, reason : str
        Its sentence, and why it failed, each in one line.
    worst : int or None
        The training game in which it is worst, by its place in the list of them.
    worst_share : float or None
        What that game counts in fitness.
    """

    idea: Idea
    said: str
    reason: str
    worst: int | None
    worst_share: float | None


@dataclass(frozen=True)
class Told:
    """A search as a prompt tells it.

    Attributes
    ----------
    lines : tuple of Line
        Ideas that were not made from the current program, the best first, then those that failed.
    left_out : int
        How many more of them there are.
    evaluated, best_train, best_both :
        Number of programs that were evaluated, and the best fitness so far: in training, and the mean of
        training and validation.
    from_parent : tuple of Line
        What was made from the current program.
    from_parent_left_out : int
        How many more of these there are.
    under_way : tuple of str
        What is being written or measured, in words.
    noise : Noise or None
        Of fitness.
    """

    lines: tuple[Line, ...]
    left_out: int
    evaluated: int
    best_train: float | None
    best_both: float | None
    from_parent: tuple[Line, ...]
    from_parent_left_out: int
    under_way: tuple[str, ...]
    noise: Noise | None = None


def told(memory: Memory, parent: str, train: Stage, count: int, mask: Callable[[str], str]) -> Told | None:
    """Return what is told of a search; None if a level tells nothing, or there is nothing yet.

    Parameters
    ----------
    parent
        Nickname of the current program, whose own children are told apart.
    count
        How many lines there may be; 0: none.
    mask
        Takes out of a text what no program may know.
    """
    if count < 1 or not memory.ideas:
        return None
    own = [idea for idea in memory.of(parent) if _worth_telling(idea)]
    others = [idea for idea in memory.ideas if idea.parent != parent and _worth_telling(idea)]
    chosen = _most_informative(others, max(count - len(own), count // 2))
    lines = [_line(idea, train, mask) for idea in sorted(chosen, key=_rank)]
    mine = [_line(idea, train, mask) for idea in sorted(_most_informative(own, count // 2), key=_rank)]
    measured = [idea for idea in memory.ideas if idea.measured]
    verified = [idea for idea in measured if idea.validation is not None]
    return Told(
        tuple(lines),
        len(others) - len(lines),
        memory.evaluated,
        max((idea.train for idea in measured if idea.train is not None), default=None),
        max((idea.merit[1] for idea in verified), default=None),
        tuple(mine),
        len(own) - len(mine),
        tuple(f"#{item.index}: {item.operator} of {item.parent}" for item in memory.under_way),
        memory.noise,
    )


def _worth_telling(idea: Idea) -> bool:
    """Whether an idea says anything: cancelled ones, and what came to no program for no reason, do not."""
    return idea.status not in ("cancelled", "infrastructure")


def _rank(idea: Idea) -> tuple[bool, bool, float, int]:
    verified, value = idea.merit
    return not idea.measured, not verified, -value if idea.measured else 0.0, idea.index


def _most_informative(ideas: Sequence[Idea], count: int) -> list[Idea]:
    """Return so many ideas: the best, the greatest gains, the worst disasters, the newest and the failures.

    They take turns, and so does one of each family of mechanisms that is not among them.
    """
    if len(ideas) <= count:
        return list(ideas)
    measured = [idea for idea in ideas if idea.measured]
    gained = [idea for idea in measured if idea.train_gain is not None]
    families: dict[str, Idea] = {}
    for idea in sorted(measured, key=_rank):
        for name in idea.mechanisms:
            families.setdefault(name, idea)
    queues: Iterable[Sequence[Idea]] = (
        sorted(measured, key=_rank),
        sorted(gained, key=lambda idea: idea.train_gain or 0.0),
        sorted(gained, key=lambda idea: -(idea.train_gain or 0.0)),
        list(families.values()),
        ideas[::-1],
        [idea for idea in ideas[::-1] if not idea.measured],
    )
    chosen: dict[int, Idea] = {}
    for turn in zip_longest(*queues):
        for idea in turn:
            if idea is not None and len(chosen) < count:
                chosen.setdefault(idea.index, idea)
    return list(chosen.values())


def _line(idea: Idea, train: Stage, mask: Callable[[str], str]) -> Line:
    counted = shares(idea.scores, train)
    game = min(counted, key=counted.__getitem__) if len(counted) > 1 else None
    return Line(
        idea,
        one_line(mask(idea.said), LONGEST_SAID),
        one_line(mask(idea.reason), LONGEST_REASON),
        None if game is None else numbers_of(train).get(game),
        None if game is None else counted[game],
    )


def one_line(text: str, most: int) -> str:
    """Return a text in one line of at most so many characters, without marks that end a quotation."""
    words = " ".join(text.replace("`", "'").replace('"', "'").split())
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)
    return shown if len(shown) <= most else shown[: most - 1].rstrip() + "…"


@dataclass(frozen=True)
class Family:
    """A family of mechanisms.

    Attributes
    ----------
    name, sentence : str
        What it is called, and what it is about; no sentence for those that models named themselves.
    tries : int
        How many ideas of the search belong to it.
    best : float or None
        The greatest gain in training fitness over the parent that one of them has brought; None without any.
    """

    name: str
    sentence: str
    tries: int
    best: float | None = None


MOST_OWN = 12
"""Families that models named themselves are told up to so many, those with the most tries."""


def families_told(known: Mapping[str, str], memory: Memory) -> tuple[Family, ...]:
    """Return the families of a domain with the tries in each, and those that models named themselves."""
    tries, best = memory.tries, dict[str, float]()
    for idea in memory.ideas:
        for name in idea.mechanisms if idea.train_gain is not None else ():
            best[name] = max(idea.train_gain or 0.0, best.get(name, float("-inf")))
    own = [name for name, _ in tries.most_common() if name not in known]
    named = [*known.items(), *((name, "") for name in own[:MOST_OWN])]
    return tuple(Family(name, sentence, tries[name], best.get(name)) for name, sentence in named)


RARE = 0.5
"""A family is tried rarely where it has at most so many of the tries that an even share would be."""

EVERY = 2
"""One of so many requests is led to such a family: the others follow their own idea."""


def nudge(families: Sequence[Family], index: int) -> Family | None:
    """Return a family that the request at a position is led to, where that tells anything; else None.

    That is one with clearly fewer tries than the others, once there are as many tries as families: before
    that, all are rare. Requests that are made at once are led to different families.
    """
    known = [family for family in families if family.sentence]
    tries = sum(family.tries for family in known)
    if index % EVERY or tries < len(known):
        return None
    rare = [family for family in known if family.tries <= RARE * tries / len(known)]
    rare.sort(key=lambda family: family.tries)
    return rare[index // EVERY % len(rare)] if rare else None
