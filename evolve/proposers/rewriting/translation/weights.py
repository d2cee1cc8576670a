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
from nashforge.evolve.proposers.rewriting.syntax.program import Program, read_module, rename_attribute
from nashforge.evolve.proposers.rewriting.syntax.trees import assignment, clone, literal
from nashforge.evolve.proposers.rewriting.translation.averaging import Rewriter, drop_idle
from nashforge.evolve.proposers.rewriting.translation.forms import Reader
from nashforge.evolve.proposers.rewriting.translation.shapes import Shapes
from nashforge.evolve.proposers.rewriting.translation.text import Text

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
    (program,) = module.programs
    return _rewritten(source, program)


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
    text = Text(source)
    if text.mentions_attribute(OLD):
        raise TranslationError("another method calls accumulate()")
    if text.mentions_attribute(NEW) or NEW in program.constants or NEW in program.methods:
        # The name of the new method was free; an attribute would hide it from the engine.
        other = program.fresh(f"own_{NEW}")
        text.rename_attribute(NEW, other, program.name)
        rename_attribute(program, NEW, other)
        program.methods = {other if name == NEW else name: node for name, node in program.methods.items()}
    for method in program.methods.values():
        resolve_objects(method, program)
    reader = Reader(_shapes(program))
    body = Rewriter(program, OLD, reader).body()
    drop_idle(body)
    written = clone(function)
    written.name, written.body, written.returns = NEW, body, None
    del written.args.args[4]
    text.replace_lines(function, format_block([written], function.col_offset))
    return text.written()


def _shapes(program: Program) -> Shapes:
    numbers = {
        pair[0]
        for node in program.preamble
        if (pair := assignment(node)) is not None and literal(pair[1]) is not None
    }
    functions = {node.name: node for node in program.preamble if isinstance(node, ast.FunctionDef)}
    return Shapes(analyse(program), numbers, functions)
