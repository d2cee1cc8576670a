"""A hash of what a program does, blind to how its parts are called and laid out."""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING

from nashforge.evolve.proposers.rewriting.syntax.program import Module, Program, read_module
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    assignment,
    key,
    literal,
    self_attribute,
    significant,
)

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.grammar import Grammar


def ast_fingerprint(source: str, grammar: Grammar) -> str:
    """Return a hash of the normalised syntax tree of a program.

    Names of locals, attributes, constants, helper methods and of the classes do not matter, nor do
    docstrings, comments, formatting and the order of class constants; constants are rounded to three
    significant digits and count with their value wherever they stand.

    Raises
    ------
    NotApplicable
        If the source is no program of the grammar.
    """
    return fingerprint(read_module(source, grammar))


def fingerprint(module: Module) -> str:
    """Return the fingerprint of a program; see `ast_fingerprint`."""
    outside = [key(node) for node in module.preamble if not isinstance(node, ast.Import | ast.ImportFrom)]
    texts = [text for program in module.programs for text in _class_texts(program)]
    return hashlib.sha256("\n".join([*texts, *outside]).encode()).hexdigest()


def _class_texts(program: Program) -> list[str]:
    writer = _Writer(program)
    interface = [name for name in program.kind.interface if name in program.methods]
    helpers = sorted(set(program.methods) - {*interface, "start"})
    texts = []
    for method in (*interface, *helpers):
        function = program.methods[method]
        parameters = [ast.Name(argument.arg) for argument in function.args.args]
        written = writer.write([*parameters, *function.body])
        texts.append(f"{method if method in interface else 'helper'}: {written}")
    kept = []
    for statement in program.methods["start"].body if "start" in program.methods else []:
        pair = assignment(statement)
        if pair is None or not pair[0].startswith("self.") or pair[0][5:] in writer.attributes:
            kept.append(writer.write([statement]))
    return [*texts, *sorted(kept)]


class _Writer:
    """Writes trees with names numbered in the order of their first use; locals anew in each method."""

    def __init__(self, program: Program) -> None:
        assigned = set(program.state())
        self.known = {name: node for name, node in program.constants.items() if name not in assigned}
        self.fixed = {*program.kind.reserved, *program.kind.interface}
        self.attributes: dict[str, str] = {}
        self.locals: dict[str, str] = {}

    def write(self, nodes: list[ast.AST]) -> str:
        """Write trees that share their locals."""
        self.locals = {"self": "self", "np": "np"}
        return key(nodes, self.named)

    def named(self, node: ast.AST) -> str | None:
        """Return what stands for a variable or number; None for any other tree."""
        name = self_attribute(node)
        if name is not None and name in self.known:
            return key(self.known[name], self.named)
        if name is not None:
            numbered = f"state{len(self.attributes)}"
            return f"self.{name if name in self.fixed else self.attributes.setdefault(name, numbered)}"
        value = literal(node)
        if value is not None:
            return repr(significant(float(value)))
        if isinstance(node, ast.Name):
            return self.locals.setdefault(node.id, f"local{len(self.locals)}")
        return None
