"""The short form of a task: without what the same agent was told before in the same run.

A prompt is taken apart into pieces (an entry of a list, a paragraph, a program with its heading). Pieces that
stood in an earlier task of the agent, word for word, are left out and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

WHOLE = ("The current program", "The second parent", "What to do now")
"""Sections that are told each time: a program can be written from these alone."""


@dataclass
class Section:
    """A part of a prompt: its heading, None for what comes before the first, and its pieces."""

    heading: str | None
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The section as it stood."""
        parts = [] if self.heading is None else [f"# {self.heading}"]
        for piece in self.pieces:
            if parts and _is_entry(piece) and _is_entry(parts[-1]):
                parts[-1] += f"\n{piece}"
            else:
                parts.append(piece)
        return "\n\n".join(parts)


def _is_entry(piece: str) -> bool:
    return piece.startswith("- ")


def sections(prompt: str) -> list[Section]:
    """Return the sections of a prompt; headings inside of fences are none."""
    found = [Section(None)]
    lines: list[str] = []
    for line, fenced in _marked(prompt):
        if not fenced and line.startswith("# "):
            found[-1].pieces = _pieces(lines)
            found.append(Section(line[2:].strip()))
            lines = []
        else:
            lines.append(line)
    found[-1].pieces = _pieces(lines)
    return found


def _marked(text: str) -> Iterator[tuple[str, bool]]:
    """Yield lines, each with whether it is fenced, or a fence."""
    fence = ""
    for line in text.splitlines():
        mark = line[: len(line) - len(line.lstrip("`"))]
        if len(mark) >= 3 and (not fence or line.strip() == fence):
            fence = "" if fence else mark
            yield line, True
        else:
            yield line, bool(fence)


def _pieces(lines: Sequence[str]) -> list[str]:
    """Return the pieces of a section: what a heading of the second rank begins is one."""
    found: list[list[str]] = [[]]
    below = False
    for line, fenced in _marked("\n".join(lines)):
        if not fenced and line.startswith("## "):
            found.append([])
            below = True
        elif not fenced and not below and (not line.strip() or line.startswith("- ")):
            found.append([])
        found[-1].append(line)
    texts = ("\n".join(piece).strip("\n") for piece in found)
    return [text for text in texts if text.strip()]


def seen_in(prompts: Iterable[str]) -> set[str]:
    """Return the pieces of prompts."""
    return {piece for prompt in prompts for section in sections(prompt) for piece in section.pieces}


def shortened(prompt: str, seen: set[str]) -> tuple[str, list[str]]:
    """Return a prompt without the pieces that were seen, and what was left out, in words by section."""
    kept, left_out = [], []
    for section in sections(prompt):
        if section.heading is None or section.heading in WHOLE:
            kept.append(section.text)
            continue
        new = [piece for piece in section.pieces if piece not in seen]
        old = [piece for piece in section.pieces if piece in seen]
        if old:
            left_out.append(_said(section.heading, old))
        if new:
            kept.append(Section(section.heading, new).text)
    return "\n\n".join(text for text in kept if text), left_out


def _said(heading: str, pieces: Sequence[str]) -> str:
    names = [piece.splitlines()[0][3:].strip() for piece in pieces if piece.startswith("## ")]
    entries = sum(_is_entry(piece) for piece in pieces)
    counted = f"{entries} {'entry' if entries == 1 else 'entries'}" if entries else ""
    inside = ", ".join(part for part in (*names, counted) if part)
    return f'"{heading}"{f" ({inside})" if inside else ""}'
