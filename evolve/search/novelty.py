"""Novelty: programs are the same if only names, layout, comments and rounding tell them apart."""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING

from nashforge.evolve.proposers.rewriting.normal_form.fingerprint import ast_fingerprint as syntax_fingerprint
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.grammar import Grammar


_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def ast_fingerprint(source: str, grammar: Grammar | None) -> str:
    """Return a hash that equal programs share.

    Without a grammar, or where the source is none of its programs, all but layout, comments and docstrings
    counts; where it cannot be parsed, everything does.
    """
    if grammar is not None:
        try:
            return syntax_fingerprint(source, grammar)
        except NotApplicable:
            pass
    return hashlib.sha256(_plain(source).encode("utf-8", "surrogatepass")).hexdigest()


def _plain(source: str) -> str:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    blocks: list[ast.AST] = [tree]
    while blocks:
        node = blocks.pop()
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:]
        # Definitions stand in blocks, never in expressions, which are most of a tree.
        for name in _BLOCKS:
            blocks += getattr(node, name, ())
    return ast.dump(tree)
