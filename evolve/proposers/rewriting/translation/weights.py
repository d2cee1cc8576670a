"""CFR rules with ``accumulate``, rewritten for the interface with ``weights``.

Before, a rule was given the cumulative average and returned the next one:
``accumulate(t, policy, reach, average) -> average``. Now it only weighs, ``weights(t, policy, reach) ->
(keep, add)``, and the engine forms ``keep * average + add * reach * policy``. Every rule whose average was of
that form, with weights that are equal for all actions of an information set, can be rewritten: weights and
powers of time, forgetting, late starts and restarts, and factors of ``Infosets.spread``. What the method did
besides stays, and so does the text of everything else.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from nashforge.evolve.domains.translation import TranslationError
from nashforge.evolve.proposers.rewriting.analysis.inference import analyse
from nashforge.evolve.proposers.rewriting.analysis.values import INF, Value
from nashforge.evolve.proposers.rewriting.grammar import Method
from nashforge.evolve.proposers.rewriting.grammars.cfr.grammar import CFR, SEQUENCE
from nashforge.evolve.proposers.rewriting.normal_form.normalise import resolve_objects
from nashforge.evolve.proposers.rewriting.syntax.edit import NotApplicable
from nashforge.evolve.proposers.rewriting.syntax.formatting import format_block
from nashforge.evolve.proposers.rewriting.syntax.program import Program, read_module
from nashforge.evolve.proposers.rewriting.syntax.trees import assignment, clone, literal, self_attribute
from nashforge.evolve.proposers.rewriting.translation.averaging import Rewriter, drop_idle
from nashforge.evolve.proposers.rewriting.translation.forms import Reader
from nashforge.evolve.proposers.rewriting.translation.shapes import Shapes

OLD, NEW = "accumulate", "weights"

_RULE = CFR.kinds[0]
_BEFORE = replace(
    CFR,
    kinds=(
        replace(
            _RULE,
            methods=tuple(
                Method(
                    OLD, {**method.parameters, "average": Value(SEQUENCE, 0, INF)}
                ) if method.name == NEW else method
                for method in _RULE.methods
            ),
        ),
    ),
)  # fmt: skip
"""The grammar of the rules of that time."""


def to_weights(source: str) -> str | None:
    """Return a rule with ``weights`` in the place of ``accumulate``; None if it is none of that time.

    Raises
    ------
    TranslationError
        If it is, and cannot be rewritten mechanically; the message says why.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # whoever runs it tells what is wrong with it
    if not any(_is_old(node) for node in tree.body if isinstance(node, ast.ClassDef)):
        return None
    try:
        module = read_module(source, _BEFORE)
    except (NotApplicable, RecursionError) as error:
        raise TranslationError(str(error)) from error
    return _rewritten(source, module.programs[0])


def _is_old(node: ast.ClassDef) -> bool:
    """Whether a class has the old method, as the engine called it, and not the new one."""
    sizes = {
        method.name: len(method.args.args) for method in node.body if isinstance(method, ast.FunctionDef)
    }
    return sizes.get(OLD) == 5 and sizes.get(NEW) != 4


def _rewritten(source: str, program: Program) -> str:
    function = program.methods[OLD]
    given = function.args
    if given.vararg or given.kwarg or given.kwonlyargs or given.defaults or given.posonlyargs:
        raise TranslationError("accumulate() has other parameters than t, policy, reach and average")
    mentioned = program.mentions()
    if f"self.{OLD}" in mentioned:
        raise TranslationError("another method calls accumulate()")
    if f"self.{NEW}" in mentioned or NEW in program.constants or NEW in program.methods:
        # The name of the new method was free; an attribute would hide it from the engine.
        source = _renamed(source, program.name, NEW, program.fresh(f"own_{NEW}"))
        (program,) = read_module(source, _BEFORE).programs
        function = program.methods[OLD]
    for method in program.methods.values():
        resolve_objects(method, program)
    body = Rewriter(program, OLD, Reader(_shapes(program))).body()
    drop_idle(body)
    written = clone(function)
    written.name, written.body, written.returns = NEW, body, None
    del written.args.args[4]
    lines = source.split("\n")  # splitlines() would also split at form feeds
    lines[function.lineno - 1 : function.end_lineno] = format_block([written], function.col_offset)
    return "\n".join(lines)


def _renamed(source: str, class_name: str, old: str, new: str) -> str:
    """Return a source with ``self.old``, and ``old`` where the class defines it, renamed."""
    tree = ast.parse(source)
    lines = [line.encode() for line in source.split("\n")]  # places of syntax trees are counted in bytes
    places = [
        (node.end_lineno or 0, (node.end_col_offset or 0) - len(old))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and self_attribute(node) == old
    ]
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name]
    for statement in (statement for node in classes for statement in node.body):
        if not isinstance(statement, ast.FunctionDef):
            names = [node for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id == old]
            places += [(node.lineno, node.col_offset) for node in names]
        elif statement.name == old:
            line = lines[statement.lineno - 1]
            places.append((statement.lineno, line.index(old.encode(), statement.col_offset)))
    for row, column in sorted(places, reverse=True):
        text = lines[row - 1]
        lines[row - 1] = text[:column] + new.encode() + text[column + len(old) :]
    return b"\n".join(lines).decode()


def _shapes(program: Program) -> Shapes:
    numbers = {
        pair[0]
        for node in program.preamble
        if (pair := assignment(node)) is not None and literal(pair[1]) is not None
    }
    functions = {node.name: node for node in program.preamble if isinstance(node, ast.FunctionDef)}
    return Shapes(analyse(program), numbers, functions)
