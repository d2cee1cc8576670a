"""Source text from models: cleaned, parsed within limits, and given the imports that it forgot."""

from __future__ import annotations

import ast
import builtins
import re
import warnings

from nashforge.evolve.sandbox.limits import Limits
from nashforge.evolve.sandbox.program import STANDARD_IMPORTS

MAX_BYTES = Limits.source_bytes
MAX_DEPTH = 60
"""Deepest nesting of the syntax tree: tools that walk it recursively must not be brought down by it."""

FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*([^`\s][^`]*|)")
"""A line that begins or ends a block of code in prose: indentation, mark, language."""
CODE_LINE = re.compile(r"(import|from|class|def|@|#|\"\"\"|''')")
"""How a line begins at which a program may."""

_STATEMENT = re.compile(
    r"(?:\t| {4})\s*(?![-*+>\d]\S*\s)\S"  # indented, and no item of a list
    r"|import\s+[\w.]+\s*(?:as\b|[,;#]|$)|from\s+[\w.]+\s+import\b|@\w"
    r"|class\s+\w+\s*(?:[(:]|$)|(?:async\s+)?def\s+\w+\s*\("
    r"|[\w.\[\]]+(?:\s*,\s*[\w.\[\]]+)*\s*(?:[-+*/|&%@]|//|\*\*)?=(?!=)|[\w.]+\(.*\)\s*$"
)
_INVISIBLE = re.compile(
    "[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
    "\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]"  # control characters, and halves of others
)
_SPACES = re.compile("[\u00a0\u2007\u202f]")
_SPECIAL = frozenset(("__name__", "__file__", "__doc__", "__class__"))


class SourceError(ValueError):
    """A text is no program; the message says where and why, in words that fit into the next prompt."""


def clean(text: str) -> str:
    """Return text with plain line ends and spaces, and without what cannot be seen or encoded."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _SPACES.sub(" ", _INVISIBLE.sub("", text))


def looks_like_code(line: str) -> bool:
    """Whether a line is more likely a part of a program than of prose, even if it does not parse."""
    return _STATEMENT.match(line) is not None


def begins_as_code(text: str) -> bool:
    """Whether the first line of a text is one at which a program may begin, or looks like code."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    return CODE_LINE.match(first) is not None or looks_like_code(first)


def parse_module(source: str) -> ast.Module:
    """Return the syntax tree of a program.

    Raises
    ------
    SourceError
        If it does not parse, is larger than ``MAX_BYTES`` or nested more deeply than ``MAX_DEPTH``.
    """
    size = len(source.encode())
    if size > MAX_BYTES:
        raise SourceError(f"the program has {size} bytes; at most {MAX_BYTES} are accepted")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except SyntaxError as error:
        lines = source.splitlines()
        line = lines[error.lineno - 1].strip() if error.lineno and error.lineno <= len(lines) else ""
        raise SourceError(
            f"the program does not parse: {error.msg} in line {error.lineno}: {line[:120]}"
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise SourceError(f"the program does not parse: {type(error).__name__}: {error}") from error
    if _deeper_than(tree, MAX_DEPTH):
        raise SourceError(f"the program is nested more than {MAX_DEPTH} levels deep")
    return tree


def _deeper_than(tree: ast.AST, limit: int) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(limit):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True


def with_imports(source: str, tree: ast.Module, donors: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return a program with the imports that it needs and lacks; and these imports.

    A donor has them, or they are modules that every program may import.

    Parameters
    ----------
    source, tree
        A program, and its syntax tree.
    donors
        Programs that parse, such as the one that it was made from.

    Raises
    ------
    SourceError
        If a donor does not parse.
    """
    missing = _free_names(tree)
    if not missing:
        return source, ()
    lines: list[str] = []
    for donor in donors:
        for name, line in _imports(parse_module(donor)).items():
            if name in missing:
                lines.append(line)
                missing.discard(name)
    lines += [f"import {name}" for name in STANDARD_IMPORTS if name in missing]
    if not lines:
        return source, ()
    text = source.splitlines()
    at = _after_header(tree)
    added = tuple(dict.fromkeys(lines))
    return "\n".join([*text[:at], *([""] if at else []), *added, *text[at:]]) + "\n", added


def _free_names(tree: ast.Module) -> set[str]:
    """Return names that are read somewhere and bound nowhere in a module."""
    read: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            bound.add(node.rest)
    return read - bound - set(dir(builtins)) - _SPECIAL


def _imports(tree: ast.Module) -> dict[str, str]:
    """Return the import statement behind each name that a module's imports bind."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = (alias.asname or alias.name).partition(".")[0]
                found[name] = ast.unparse(ast.Import([alias]))
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            for alias in node.names:
                found[alias.asname or alias.name] = ast.unparse(
                    ast.ImportFrom(node.module, [alias], node.level)
                )
    return found


def _after_header(tree: ast.Module) -> int:
    """Return the number of lines up to the end of the docstring and the imports from ``__future__``."""
    at = 0
    for position, node in enumerate(tree.body):
        docstring = position == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (docstring or future):
            break
        at = node.end_lineno or at
    return at
