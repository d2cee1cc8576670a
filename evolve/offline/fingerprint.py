"""A hash of what a rule does, blind to how its parts are called and laid out."""

from __future__ import annotations

import ast
import hashlib

from evolve.offline.program import INTERFACE, Program, read_program
from evolve.offline.syntax import assignment, clone, literal, number, self_attribute, substitute


def ast_fingerprint(source: str) -> str:
    """Return a hash of the normalised syntax tree of a rule.

    Names of locals, attributes, constants, helper methods and of the class do not matter, nor do docstrings,
    comments, formatting and the order of class constants; constants are rounded to three significant digits
    and count with their value wherever they stand.

    Raises
    ------
    NotApplicable
        If the source is no CFR rule.
    """
    return fingerprint(read_program(source))


def fingerprint(program: Program) -> str:
    """Return the fingerprint of a program; see `ast_fingerprint`."""
    assigned = set(program.state())
    known = {name: node for name, node in program.constants.items() if name not in assigned}

    def constant(node: ast.AST) -> ast.AST | None:
        name = self_attribute(node)
        if name is not None and name in known:
            node = known[name]
        value = literal(node)
        if value is not None:
            return number(float(value))
        return clone(node) if name is not None and name in known else None

    names: dict[str, str] = {}
    order = [
        name
        for name in (*INTERFACE, *sorted(set(program.methods) - {*INTERFACE, "start"}))
        if name in program.methods
    ]
    texts = []
    for method in order:
        function = substitute(clone(program.methods[method]), constant)
        function.name = method if method in INTERFACE else "helper"
        function.returns = None
        for argument in function.args.args:
            argument.annotation = None
        texts.append(ast.dump(_Renamer(names, method, set(program.methods)).visit(function)))
    start = []
    for statement in program.methods["start"].body if "start" in program.methods else []:
        copied = substitute(clone(statement), constant)
        pair = assignment(copied)
        if pair is not None and pair[0][5:] not in names and pair[0].startswith("self."):
            continue
        start.append(ast.dump(_Renamer(names, "start", set(program.methods)).visit(copied)))
    texts += sorted(start)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


class _Renamer(ast.NodeTransformer):
    """Number names in the order of their first use; locals anew in each method."""

    def __init__(self, attributes: dict[str, str], method: str, methods: set[str]) -> None:
        self.attributes = attributes
        self.locals: dict[str, str] = {"self": "self", "np": "np"}
        self.methods = methods

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        name = self_attribute(node)
        if name is None:
            return self.generic_visit(node)
        if name not in ("infosets", "horizon", *INTERFACE):
            node.attr = self.attributes.setdefault(name, f"attribute{len(self.attributes)}")
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.locals.setdefault(node.id, f"local{len(self.locals)}")
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self.locals.setdefault(node.arg, f"local{len(self.locals)}")
        return node
