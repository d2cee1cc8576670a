"""A hash of what a program does, blind to how its parts are called and laid out."""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING

from nashforge.evolve.proposers.rewriting.syntax.program import Module, Program, read_module
from nashforge.evolve.proposers.rewriting.syntax.trees import (
    FIELDS,
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
    for method in (*interface, *helpers):
        function = program.methods[method]
        writer.locals = {"self": "self", "np": "np"}
        writer.parts.append(f"\n{method if method in interface else 'helper'}:")
        for argument in function.args.args:
            writer.name(argument.arg)
        for statement in function.body:
            writer.write(statement)
    text = "".join(writer.parts)
    start = []
    for statement in program.methods["start"].body if "start" in program.methods else []:
        pair = assignment(statement)
        if pair is not None and pair[0].startswith("self.") and pair[0][5:] not in writer.attributes:
            continue
        writer.parts, writer.locals = [], {"self": "self", "np": "np"}
        writer.write(statement)
        start.append("".join(writer.parts))
    return [text, *sorted(start)]


class _Writer:
    """Writes trees with names numbered in the order of their first use; locals anew in each method."""

    def __init__(self, program: Program) -> None:
        assigned = set(program.state())
        self.known = {name: node for name, node in program.constants.items() if name not in assigned}
        self.fixed = {*program.kind.reserved, *program.kind.interface}
        self.attributes: dict[str, str] = {}
        self.locals: dict[str, str] = {}
        self.parts: list[str] = []

    def name(self, name: str) -> None:
        """Write the name of a local."""
        self.parts.append(self.locals.setdefault(name, f"local{len(self.locals)}"))

    def write(self, node: ast.AST) -> None:
        """Write a tree."""
        attribute = self_attribute(node)
        if attribute is not None and attribute in self.known:
            self.write(self.known[attribute])
            return
        if attribute is not None:
            fixed = attribute in self.fixed
            numbered = (
                attribute if fixed else self.attributes.setdefault(attribute, f"state{len(self.attributes)}")
            )
            self.parts.append(f"self.{numbered}")
            return
        value = literal(node)
        if value is not None:
            self.parts.append(repr(significant(float(value))))
            return
        if isinstance(node, ast.Name):
            self.name(node.id)
            return
        self.parts.append(f"{node.__class__.__name__}(")
        for field in FIELDS[node.__class__]:
            child = getattr(node, field, None)
            for part in child if isinstance(child, list) else [child]:
                if isinstance(part, ast.AST):
                    self.write(part)
                else:
                    self.parts.append(repr(part))
                self.parts.append(",")
        self.parts.append(")")
