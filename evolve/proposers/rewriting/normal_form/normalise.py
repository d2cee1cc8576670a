"""Brings a program into the form that mechanisms recognise, whoever wrote it and in whatever style."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from nashforge.evolve.proposers.rewriting.syntax import trees
from nashforge.evolve.proposers.rewriting.syntax.program import Module, Program, defined_names, read_module

if TYPE_CHECKING:
    from nashforge.evolve.proposers.rewriting.grammar import Grammar, Method


def read_canonical(source: str, grammar: Grammar) -> Module:
    """Take a source apart, with the interface's parameter names and without shorthands.

    Steps of one update are joined, ``x += y`` becomes ``x = x + y``, another name for an object of the
    base class (``self.infosets``) is resolved, and numbers at module level become class constants.
    """
    module = read_module(source, grammar)
    for program in module.programs:
        for method in program.kind.methods:
            if method.name in program.methods:
                _name_parameters(program, method)
        for function in program.methods.values():
            _resolve_shorthands(function)
            resolve_objects(function, program)
            _join_updates(function)
    _adopt_numbers(module)
    if all("np" not in defined_names(node) for node in module.preamble if isinstance(node, ast.Import)):
        # Mechanisms need it; it is swept where none does.
        module.preamble.append(ast.Import([ast.alias("numpy", "np")]))
    return module


def _name_parameters(program: Program, method: Method) -> None:
    function = program.methods[method.name]
    arguments = function.args.args[1:]
    names = {argument.arg: wanted for argument, wanted in zip(arguments, method.parameters)}
    names = {old: new for old, new in names.items() if old != new}
    if not names or set(names.values()) & program.taken(method.name):
        return
    trees.rename(function, names)
    for argument in arguments:
        argument.arg = names.get(argument.arg, argument.arg)


def _resolve_shorthands(function: ast.FunctionDef) -> None:
    for block, place, statement in list(trees.walk_statements(function.body)):
        if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name | ast.Attribute):
            value = ast.BinOp(trees.clone(statement.target), statement.op, statement.value)
            block[place] = ast.Assign([statement.target], value)


def resolve_objects(function: ast.FunctionDef, program: Program) -> None:
    """Replace, in place, other names of the objects of the base class: ``sets = self.infosets``."""
    for statement in list(function.body):
        pair = trees.assignment(statement)
        if (
            pair is None
            or pair[0].startswith("self.")
            or trees.self_attribute(pair[1]) not in program.kind.objects
        ):
            continue
        others = [other for other in function.body if other is not statement]
        if pair[0] not in trees.bound(*others):
            function.body[:] = others
            trees.replace_variables(function, dict([pair]))


def _join_updates(function: ast.FunctionDef) -> None:
    """Join neighbouring steps of one update: ``x = a; x = f(x)`` becomes ``x = f(a)``."""
    for block in trees.nested_blocks(function.body):
        place = 0
        while place + 1 < len(block):
            first, joined = trees.assignment(block[place]), block[place + 1]
            second = trees.assignment(joined)
            if first is None or second is None or first[0] != second[0] or _uses(second[1], first[0]) != 1:
                place += 1
                continue
            assert isinstance(joined, ast.Assign)
            joined.value = trees.replace_variables(joined.value, dict([first]))
            del block[place]


def _uses(node: ast.expr, variable: str) -> int:
    return sum(trees.target_variable(part) == variable for part in trees.walk(node))


def _adopt_numbers(module: Module) -> None:
    """Turn numbers at module level that only the methods of one class read into class constants."""
    outside = [node for node in module.preamble if not isinstance(node, ast.Import | ast.ImportFrom)]
    for statement in outside:
        pair = trees.assignment(statement)
        if pair is None or trees.literal(pair[1]) is None:
            continue
        if pair[0] in trees.reads(*(node for node in outside if node is not statement)):
            continue
        readers = [program for program in module.programs if pair[0] in program.mentions()]
        owners = readers or module.programs[:1]
        if len(owners) > 1 or not _may_adopt(owners[0], pair[0]):
            continue
        (program,) = owners
        name = program.fresh(pair[0].lower().strip("_") or "number")
        program.constants = {name: pair[1], **program.constants}
        module.preamble.remove(statement)
        for function in program.methods.values():
            trees.replace_variables(function, {pair[0]: trees.attribute(name)})


def _may_adopt(program: Program, name: str) -> bool:
    """Whether a class reads a number at module level in its methods only, and has no local of that name."""
    functions = program.methods.values()
    defaults = [function.args for function in functions]
    elsewhere = trees.reads(*program.extras, *program.constants.values(), *defaults)
    return name not in elsewhere | trees.bound(*functions)
