"""Thoughts of a reasoning model before its answer, where its server leaves that in the answer.

vLLM, Ollama, LiteLLM and others pass on what DeepSeek, Qwen, Magistral and their like write between tags,
drafts that they rejected included. Templates that put the opening tag into the prompt leave a closing tag
only. What stands inside a program, or a block of an edit, is part of it and no tag.
"""

from __future__ import annotations

import re
import textwrap

from nashforge.evolve.proposers.llm.replies.source import SourceError, parse_module

MAX_TRIES = 80
"""Most pieces of a reply that are looked at as a program."""

_TAG = r"(?<!`)(?:<(?P<end>/?)(?:think|thinking|thought|reasoning)>|\[(?P<close>/?)THINK\])(?!`)"
_TAGS = re.compile(_TAG, re.IGNORECASE)
_CLOSING = re.compile(r"(?<!`)(?:</(?:think|thinking|thought|reasoning)>|\[/THINK\])(?!`)", re.IGNORECASE)
_FENCE = r"^[ \t]*(?P<mark>`{3,}|~{3,})[^`\n]*$"
_FENCES = re.compile(_FENCE, re.MULTILINE)
_SEARCH = r"^[ \t]*<{4,10} ?(?P<search>SEARCH)\b"
_CODE = r"^(?P<code>import|from|class|def|@)\b.*$"
_STEPS = re.compile(f"{_TAG}|{_FENCE}|{_SEARCH}|{_CODE}", re.IGNORECASE | re.MULTILINE)
_HUNK_MARKS = re.compile(rf"{_SEARCH}|^[ \t]*>{{4,10}} ?REPLACE\b", re.MULTILINE)
_DIVIDER = re.compile(r"^[ \t]*={4,10}[ \t]*$", re.MULTILINE)


def without_reasoning(text: str) -> str:
    """Return a reply without its reasoning.

    Tags are ``<think>``, ``<thinking>``, ``<thought>``, ``<reasoning>`` and ``[THINK]``, in any case.

    - From an opening tag to the closing one everything is dropped, and to the end if there is none.
    - A closing tag without an opening one ends reasoning that began with the reply.
    - Tags within programs (what parses as Python, in a fence, or from its first line to the end) and within
      SEARCH/REPLACE blocks stay, unless these are themselves part of the reasoning.
    """
    if not _TAGS.search(text) or _is_program(text):
        return text
    return "".join(_Reader(text).answer())


class _Reader:
    """Goes through a reply from tag to fence to block; at most `MAX_TRIES` pieces are tried as programs."""

    def __init__(self, text: str) -> None:
        self._text, self._tries = text, MAX_TRIES
        self._fenced = _FENCES.search(text) is not None

    def answer(self) -> list[str]:
        """Return the parts that belong to the answer."""
        text = self._text
        kept: list[str] = []
        at = 0
        tag = _TAGS.search(text)
        while tag is not None and (step := _STEPS.search(text, at)) is not None:
            end = step.end()
            if step["mark"] is not None:
                end = self._end_of_block(step)
            elif step["search"] is not None:
                end = self._end_of_hunk(end)
            elif step["code"] is not None:
                end = self._end_of_code(step)
            elif step["end"] or step["close"]:
                kept.clear()
                at = end
                tag = self._next_tag(at)
                continue
            else:
                closing = _closing(text, end)
                if closing is not None or _starts_a_line(text, step.start()):
                    kept.append(text[at : step.start()])
                    at = len(text) if closing is None else closing
                    tag = self._next_tag(at)
                    continue
            kept.append(text[at:end])
            at = end
            if tag.start() < at:
                tag = _TAGS.search(text, at)
        kept.append(text[at:])
        return kept

    def _next_tag(self, at: int) -> re.Match[str] | None:
        """Return the next tag after reasoning; None if there is none, or the rest is a program."""
        tag = _TAGS.search(self._text, at)
        return None if tag is None or self._program(self._text[at:]) else tag

    def _end_of_block(self, fence: re.Match[str]) -> int:
        """Return where a fence's block ends if tags in it are part of a program, else where its mark does.

        A program may quote fences: of those that may close the block, the first that leaves a program counts.
        """
        text, mark, start = self._text, fence["mark"], fence.end()
        unread = fence.end("mark")
        if self._tries <= 0 or _TAGS.search(fence[0]):
            return unread
        closed = False
        for closing in _FENCES.finditer(text, start):
            shown = closing[0].strip()
            if not shown.startswith(mark) or shown.strip(mark[0]):
                continue
            content = text[start : closing.start()]
            if not closed and not _TAGS.search(content):
                return closing.end()
            closed = True
            if self._program(content):
                return closing.end()
            if self._tries <= 0:
                return unread
        # A reply that was cut, or forgot its last fence.
        return len(text) if not closed and self._program(text[start:]) else unread

    def _end_of_hunk(self, start: int) -> int:
        """Return where a SEARCH/REPLACE block ends, if it does before another begins."""
        mark = _HUNK_MARKS.search(self._text, start)
        if mark is None or mark["search"] is not None or not _DIVIDER.search(self._text, start, mark.start()):
            return start
        return mark.end()

    def _end_of_code(self, line: re.Match[str]) -> int:
        """Return the end of a reply whose rest is a program without a fence."""
        if not self._fenced and self._program(self._text[line.start() :]):
            return len(self._text)
        return line.end("code")

    def _program(self, text: str) -> bool:
        if self._tries <= 0:
            return False
        self._tries -= 1
        return _is_program(text)


def _closing(text: str, at: int) -> int | None:
    """Return where the next closing tag ends."""
    found = _CLOSING.search(text, at)
    return None if found is None else found.end()


def _starts_a_line(text: str, at: int) -> bool:
    before = text[max(0, at - 80) : at]
    return not before.rpartition("\n")[2].strip()


def _is_program(text: str) -> bool:
    try:
        parse_module(textwrap.dedent(text).strip("\n"))
    except SourceError:
        return False
    return True
