"""Programs that are handed over as they are, in a file or to a tool, as replies that hold them."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from nashforge.evolve.proposers.llm.replies.edits import EditError, find_hunks
from nashforge.evolve.proposers.llm.replies.reading import Edited, ReplyError, read_reply
from nashforge.evolve.proposers.llm.replies.source import (
    FENCE,
    SourceError,
    begins_as_code,
    clean,
    parse_module,
)

_STRING = re.compile(r"(\"\"\"|''').*?(?:\1|\Z)", re.DOTALL)


def read_given(text: str, base: str, donors: Sequence[str] = ()) -> Edited:
    """Return the program that is handed over: a program as it stands, blocks, or an answer that holds either.

    Of what begins as code and has no fences, nothing is ever left out: without the part that does not parse
    it would be another program.

    Parameters
    ----------
    text
        The text of a file, or what was given to a tool.
    base, donors
        As for `read_reply`.

    Raises
    ------
    ReplyError
        If there is no usable program in it; a program that does not parse is told with its line.
    """
    if _is_program(source := clean(text)):
        try:
            parse_module(source)
        except SourceError as error:
            raise ReplyError(str(error), source) from error
    return read_reply(as_answer(text), base, donors)


def _is_program(text: str) -> bool:
    """Whether a text is meant as a program itself, even if it does not parse."""
    outside = _STRING.sub('""', text).split("\n")  # docstrings may quote fences
    return begins_as_code(text) and not has_blocks(text) and not any(map(FENCE.fullmatch, outside))


def as_answer(text: str) -> str:
    """Return a text as it is kept and read; a file that is a program is fenced, so that it is taken whole."""
    text = text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")  # as every database keeps it
    if has_blocks(text):
        return text
    try:
        whole = parse_module(clean(text))
    except SourceError:
        return text
    if not any(isinstance(node, ast.ClassDef | ast.FunctionDef) for node in whole.body):
        return text
    fence = "`" * (1 + max(2, *map(len, re.findall("`+", text)), 2))
    return f"{fence}python\n{text.rstrip()}\n{fence}\n"


def has_blocks(text: str) -> bool:
    """Whether there are SEARCH/REPLACE blocks in a text, or the beginning of one."""
    try:
        return bool(find_hunks(text))
    except EditError:  # one is begun and not ended, which is told when it is read
        return True
