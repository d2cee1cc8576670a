"""From a model's reply to a program: what models really return, and nothing that they want us to believe.

A reply is text that nobody has checked. It is only ever searched and parsed, never executed or rendered; what
cannot be used is refused in a sentence that the next prompt can quote.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from nashforge.evolve.proposers.llm.replies.edits import EditError, apply_hunks, find_hunks
from nashforge.evolve.proposers.llm.replies.reasoning import without_reasoning
from nashforge.evolve.proposers.llm.replies.source import (
    CODE_LINE,
    FENCE,
    SourceError,
    begins_as_code,
    clean,
    looks_like_code,
    parse_module,
    with_imports,
)

MAX_REPLY = 400_000
"""Characters of a reply that are read."""

READING = 2
"""How replies are read. It is kept with each, so that a recorded one is read as it was: 1 took the longest
part of a program that parses, where not all of it does."""

MAX_TRIES = 80
"""Most pieces of a reply that are tried as a program."""

NOTE_LENGTH, LONGEST_LABEL = 300, 32

_CLASS = re.compile(r"^class\b", re.MULTILINE)
_IDEA = re.compile(r"\s*[*_#>-]*\s*Idea\s*[*_]*\s*:[*_]*", re.IGNORECASE)
_MECHANISMS = re.compile(r"\s*[*_#>-]*\s*(Mechanisms?|Famil(y|ies))\s*[*_]*\s*:[*_]*", re.IGNORECASE)
_NAMED = re.compile(r"\bMechanisms?[*_]*\s*:[*_]*\s*([^.\n]+)", re.IGNORECASE)
_MARKUP = re.compile(r"[*_`#>]+")


class ReplyError(ValueError):
    """A reply holds no usable program.

    Attributes
    ----------
    part : str
        What was at fault: the block that does not fit, or the beginning of what does not parse.
    """

    def __init__(self, reason: str, part: str) -> None:
        super().__init__(reason)
        self.part = part[:4000]


@dataclass(frozen=True)
class Edited:
    """A program from a reply.

    Attributes
    ----------
    note : str
        What the model says it changed: the line ``Idea:``, or the first sentences outside the code.
    remarks : tuple of str
        How the reply had to be read, where it was not quite in form.
    mechanisms : tuple of str
        The families of mechanisms that the model counts it among.
    """

    source: str
    note: str
    remarks: tuple[str, ...] = ()
    mechanisms: tuple[str, ...] = ()


def read_reply(text: str, base: str, donors: Sequence[str] = (), *, reading: int = READING) -> Edited:
    """Return the program of a reply: blocks applied to a program, or a whole new one.

    Parameters
    ----------
    text
        What the model returned.
    base
        The program that blocks apply to.
    donors
        Other programs whose imports the new one may have taken for granted.
    reading
        As which it was read when it came, see `READING`.

    Raises
    ------
    ReplyError
        If there is no usable program in it.
    """
    if not text.strip():
        raise ReplyError("the answer was empty", "")
    text = without_reasoning(clean(text[:MAX_REPLY]))
    if not text.strip():
        raise ReplyError("the answer holds nothing but reasoning; write the program after it", "")
    try:
        hunks = find_hunks(text)
        if hunks:
            source, remarks = apply_hunks(clean(base), hunks)
            tree = parse_module(source)
        else:
            (source, tree), remarks = _program(text, clean(base), cut=reading < READING), ()
        source, added = with_imports(source, tree, (base, *donors))
    except EditError as error:
        raise ReplyError(str(error), error.hunk) from error
    except SourceError as error:
        raise ReplyError(str(error), _code_of(text)) from error
    if source.split() == clean(base).split():
        raise ReplyError("the answer does not change the program", _code_of(text))
    if added:
        remarks = (*remarks, f"added what it forgot: {', '.join(added)}")
    whole = source if source.endswith("\n") else source + "\n"
    return Edited(whole, note_of(text), remarks, mechanisms_of(text))


def _program(text: str, base: str, *, cut: bool) -> tuple[str, ast.Module]:
    """Return the whole program in a reply without blocks, and its syntax tree; the old one only for want of
    others.
    """
    fitting: dict[str, ast.Module] = {}
    begins: dict[str, int] = {}
    spans: list[tuple[int, int]] = []
    broken: dict[int, tuple[str, SourceError]] = {}
    # Quoted lines around and inside a program make pieces ambiguous: all that may be meant are tried.
    for start, end, piece in islice(_pieces(text, cut=cut), MAX_TRIES):
        begins.setdefault(piece, start)
        try:
            tree = parse_module(piece)
        except SourceError as error:
            if not cut and _CLASS.search(piece) and begins_as_code(piece):
                broken.setdefault(start, (piece, error))
            continue
        if any(isinstance(node, ast.ClassDef | ast.FunctionDef) and _is_whole(node) for node in tree.body):
            fitting[piece] = tree
            spans.append((start, end))
    # What begins where a program does, or inside one, is that program with too much or too little.
    wrong = {
        piece: error
        for at, (piece, error) in broken.items()
        if not any(start <= at <= end for start, end in spans)
    }
    new = {piece: tree for piece, tree in fitting.items() if piece.split() != base.split()}
    if not new and wrong:
        raise next(iter(wrong.values()))
    fitting = new or fitting
    if not fitting:
        raise SourceError("the answer holds neither SEARCH/REPLACE blocks nor a whole program in a ``` block")
    if not any(FENCE.fullmatch(line) for line in text.split("\n")):
        whole = max(fitting, key=len)
        return whole, fitting[whole]
    # The last of those that are about as long as the longest: an old version tends to be quoted first.
    meant = sorted((*fitting, *wrong), key=lambda piece: begins[piece])
    longest = max(map(len, meant))
    chosen = [piece for piece in meant if 2 * len(piece) >= longest][-1]
    if chosen in wrong:
        raise wrong[chosen]
    # Of pieces that begin alike, the longest is meant; the others end at a fence inside the program.
    whole = max((piece for piece in fitting if piece.startswith(chosen)), key=len)
    return whole, fitting[whole]


def _is_whole(node: ast.ClassDef | ast.FunctionDef) -> bool:
    """Whether a definition can be (part of) a program by itself: methods out of their class are not."""
    return isinstance(node, ast.ClassDef) or not (node.args.args and node.args.args[0].arg == "self")


def _pieces(text: str, *, cut: bool) -> Iterator[tuple[int, int, str]]:
    """Yield the parts of a reply that may be a program, in the order in which they begin.

    Each comes with the numbers of the line that it begins at (a fence, or its own first) and of the one that
    ends it.
    """
    lines = text.split("\n")
    fences = [(at, match) for at, line in enumerate(lines) if (match := FENCE.fullmatch(line))]
    for position, (at, opening) in enumerate(fences):
        mark, indent = opening[2], len(opening[1])
        ends = [
            end
            for end, closing in fences[position + 1 :]
            if closing[2].startswith(mark[0]) and len(closing[2]) >= len(mark) and not closing[3]
        ]
        # A reply that was cut, or forgot its last fence, ends with the program.
        for end in (*ends[:6], *([] if ends else [len(lines)])):
            yield at, end, _block(lines[at + 1 : end], indent)
    if not fences:
        yield 0, len(lines), text
        starts = [at for at, line in enumerate(lines) if CODE_LINE.match(line)]
        for at in starts[:3]:
            last = len(lines)
            for _ in range(8):
                # A tag that closes; or prose below the code: give up paragraph by paragraph.
                for end in (last, last - 1):
                    # Only prose is given up: without a part of its code, it is another program.
                    if cut or not any(map(looks_like_code, (*lines[:at], *lines[end:]))):
                        yield at, end, _block(lines[at:end], 0)
                while last > at and lines[last - 1].strip():
                    last -= 1
                while last > at and not lines[last - 1].strip():
                    last -= 1


def _block(lines: Sequence[str], indent: int) -> str:
    cut = [line[min(indent, len(line) - len(line.lstrip())) :].rstrip() for line in lines]
    return "\n".join(cut).strip("\n") + "\n"


def _code_of(text: str) -> str:
    """Return the first fence's content, or the beginning of a reply: what to show of one at fault."""
    lines = text.split("\n")
    at = next((k for k, line in enumerate(lines) if FENCE.fullmatch(line)), -1)
    return "\n".join(lines[at + 1 :])


def mechanisms_of(text: str) -> tuple[str, ...]:
    """Return the families that the line ``Mechanisms:`` of a reply names, in small letters, at most five."""
    said = _headed(text, _MECHANISMS)
    words = (_MARKUP.sub("", part).strip(" .:;'\"").lower() for part in re.split(r"[,;/]| and ", said))
    return tuple(dict.fromkeys(word for word in words if word and len(word) <= LONGEST_LABEL))[:5]


def mechanisms_in(note: str) -> tuple[str, ...]:
    """Return the families that a note names: after ``Mechanisms:``, wherever that stands in it.

    Notes are a line or two in which there is no heading of its own: the list ends with the sentence.
    """
    found = _NAMED.search(note)
    return () if found is None else mechanisms_of(f"Mechanisms: {found[1]}")


def _headed(text: str, heading: re.Pattern[str]) -> str:
    """Return what follows a heading in the first line that begins with it outside the code."""
    inside = False
    for line in text.split("\n"):
        if FENCE.fullmatch(line):
            inside = not inside
        elif not inside and (found := heading.match(line)):
            return line[found.end() :].strip()
    return ""


def note_of(text: str) -> str:
    """Return what a reply says of its idea: the line ``Idea:``, or the first sentences outside its code."""
    if said := _headed(text, _IDEA):
        return _cut(" ".join(_MARKUP.sub("", said).split()))
    prose: list[str] = []
    inside = False
    for line in text.split("\n"):
        if FENCE.fullmatch(line) or line.lstrip().startswith(("<<<<", ">>>>")):
            if prose:
                break
            inside = not inside
        elif not inside:
            prose.append(_MARKUP.sub("", line))
    return _cut(" ".join(" ".join(prose).split()))


def _cut(words: str) -> str:
    return words if len(words) <= NOTE_LENGTH else words[: NOTE_LENGTH - 1].rstrip() + "…"
