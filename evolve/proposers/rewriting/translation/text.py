"""A source whose methods and attributes are replaced by their place, so that all else stays as written."""

from __future__ import annotations

import ast
from collections.abc import Sequence


class Text:
    """The lines of a program, and what is to be replaced in them.

    Parameters
    ----------
    source
        It must parse.
    """

    def __init__(self, source: str) -> None:
        # Places of syntax trees are counted in bytes; splitlines() would also split at form feeds.
        self._lines = [line.encode() for line in source.split("\n")]
        self._tree = ast.parse(source)
        self._words: list[tuple[int, int, bytes, bytes]] = []
        self._blocks: list[tuple[int, int, Sequence[str]]] = []

    def mentions_attribute(self, name: str) -> bool:
        """Whether ``self.name`` occurs."""
        return any(_is_attribute(node, name) for node in ast.walk(self._tree))

    def rename_attribute(self, old: str, new: str, class_name: str) -> None:
        """Rename ``self.old``, and ``old`` where the class defines it."""
        for node in ast.walk(self._tree):
            if _is_attribute(node, old):
                assert isinstance(node, ast.Attribute)
                assert node.end_lineno is not None
                assert node.end_col_offset is not None
                self._word(node.end_lineno, node.end_col_offset - len(old), old, new)
        for written in self._tree.body:
            if not isinstance(written, ast.ClassDef) or written.name != class_name:
                continue
            for statement in written.body:
                if isinstance(statement, ast.FunctionDef):
                    if statement.name == old:
                        line = self._lines[statement.lineno - 1]
                        self._word(statement.lineno, line.index(old.encode(), statement.col_offset), old, new)
                    continue
                for node in ast.walk(statement):
                    if isinstance(node, ast.Name) and node.id == old:
                        self._word(node.lineno, node.col_offset, old, new)

    def replace_lines(self, node: ast.FunctionDef, lines: Sequence[str]) -> None:
        """Put lines in the place of a method."""
        assert node.end_lineno is not None
        self._blocks.append((node.lineno, node.end_lineno, lines))

    def written(self) -> str:
        """Return the text with all that is to be replaced."""
        lines = list(self._lines)
        for line, column, old, new in sorted(self._words, reverse=True):
            text = lines[line - 1]
            assert text[column : column + len(old)] == old
            lines[line - 1] = text[:column] + new + text[column + len(old) :]
        for first, last, block in sorted(self._blocks, key=lambda entry: entry[0], reverse=True):
            lines[first - 1 : last] = [line.encode() for line in block]
        return b"\n".join(lines).decode()

    def _word(self, line: int, column: int, old: str, new: str) -> None:
        self._words.append((line, column, old.encode(), new.encode()))


def _is_attribute(node: ast.AST, name: str) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == name
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )
