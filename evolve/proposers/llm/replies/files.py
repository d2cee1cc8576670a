"""Programs that are handed over as they are, in a file or to a tool, as replies that hold them."""

from __future__ import annotations

import ast
import re

from nashforge.evolve.proposers.llm.replies.edits import EditError, find_hunks
from nashforge.evolve.proposers.llm.replies.source import SourceError, parse_module


def as_answer(text: str) -> str:
    """Return a text as it is kept and read; a file that is a program is fenced, so that it is taken whole."""
    text = text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")  # as every database keeps it
    if has_blocks(text):
        return text
    try:
        whole = parse_module(text)
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
